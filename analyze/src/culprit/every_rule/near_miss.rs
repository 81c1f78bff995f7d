//! Rules that differ from one in a single condition: what is made of them misses it.

use serde::de::DeserializeOwned;

use crate::rules::{CapabilityIs, Range, Returned, Rule};

/// All variants of `rule` that its own conditions refuse, and what each changes.
pub(super) fn all(rule: &Rule) -> Vec<(&'static str, Rule)> {
    let mut variants = Vec::new();
    let mut vary = |what: &'static str, change: &dyn Fn(&mut Rule)| {
        let mut variant = rule.clone();
        change(&mut variant);
        variants.push((what, variant));
    };
    for (at, is) in rule.argument.iter().enumerate() {
        let one = |other: &crate::rules::ArgumentIs| other.index == is.index;
        if rule.argument.iter().filter(|other| one(other)).count() > 1 {
            continue;
        }
        let key = format!("index = {}", is.index);
        vary("argument", &|rule| {
            rule.argument[at] = outside(&key, &is.range())
        });
    }
    for (at, is) in rule.fact.iter().enumerate() {
        let one = |other: &crate::rules::FactIs| other.name == is.name;
        if rule.fact.iter().filter(|other| one(other)).count() > 1 {
            continue;
        }
        let key = format!("name = '{}'", is.name);
        vary("fact", &|rule| rule.fact[at] = outside(&key, &is.range()));
    }
    for (at, is) in rule.sysctl.iter().enumerate() {
        let key = format!("name = '{}'", is.name);
        vary("sysctl", &|rule| {
            rule.sysctl[at] = outside(&key, &is.range())
        });
    }
    if let Some(is) = &rule.capability {
        vary("capability", &|rule| rule.capability = Some(opposite(is)));
    }
    for (at, is) in rule.predicate.iter().enumerate() {
        let other = match is.returned {
            Returned::Null | Returned::Zero => Returned::Nonzero,
            Returned::Nonzero | Returned::Errno(_) => Returned::Zero,
        };
        vary("predicate", &|rule| {
            rule.predicate[at].returned = other.clone()
        });
    }
    for at in 0..rule.constant.len() {
        vary("constant", &|rule| rule.constant[at].value ^= 1);
    }
    if !rule.filesystem.is_empty() && rule.mount.is_empty() {
        vary("file system", &|rule| {
            rule.filesystem = vec!["otherfs".into()]
        });
    }
    for at in 0..rule.text.len() {
        vary("text", &|rule| rule.text[at].any = vec!["another".into()]);
    }
    for (at, is) in rule.file.iter().enumerate() {
        if is.attribute.is_some() || is.mode_set.is_some() || is.xattr.is_some() {
            vary("file", &|rule| {
                let is = &mut rule.file[at];
                (is.attribute, is.mode_set, is.xattr) = (None, None, None);
            });
        }
    }
    for (at, is) in rule.mount.iter().enumerate() {
        if is.option.is_some() || is.shared == Some(true) {
            vary("mount", &|rule| {
                let is = &mut rule.mount[at];
                (is.option, is.shared) = (None, None);
            });
        }
    }
    variants
}

/// A condition that demands a number outside of `range`.
fn outside<T: DeserializeOwned>(key: &str, range: &Range) -> T {
    let numbers = [range.equals, range.at_least, range.at_most];
    let near = numbers
        .into_iter()
        .flatten()
        .flat_map(|number| [number + 1, number - 1]);
    let bits = range.bits_clear.map(u64::cast_signed);
    let number = near
        .chain(bits)
        .chain([0])
        .find(|&number| !range.holds(number));
    let number = number.expect("some number is outside");
    toml::from_str(&format!("{key}\nequals = {number}")).expect("a condition")
}

fn opposite(is: &CapabilityIs) -> CapabilityIs {
    if is.lacks.is_empty() {
        let held = is.holds.iter().chain(&is.holds_in_own_namespace);
        return CapabilityIs {
            lacks: held.copied().collect(),
            ..CapabilityIs::default()
        };
    }
    CapabilityIs {
        holds: is.lacks.clone(),
        ..CapabilityIs::default()
    }
}
