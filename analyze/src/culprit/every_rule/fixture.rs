//! A made-up recording in which all conditions of a rule hold.

use std::collections::BTreeMap;

use format_spec::{
    linux::arguments::is_path,
    record::{Architecture, Phase},
};

use crate::{
    evidence::CodeFacts,
    graph::Outcome,
    limits::{LimitUse, Unit},
    load::Bundle,
    names::{errno_number, open_flag, syscall_number},
    origin::{Below, How, Origin, Site, Told, Translation},
    rules::{MountPlace, Place, Range, Returned, Rule},
    testing::Recording,
};

/// A recording in which all conditions of a rule hold.
pub(super) struct Fixture {
    pub(super) bundle: Bundle,
    pub(super) origin: Origin,
    pub(super) code: CodeFacts,
    pub(super) limits: Vec<LimitUse>,
}

/// A number in the range.
fn within(range: &Range) -> u64 {
    let floor = range.equals.or(range.at_least).unwrap_or(0);
    let value = floor.max(0).min(range.at_most.unwrap_or(i64::MAX));
    let value = if floor < 0 { floor } else { value };
    let value = value.cast_unsigned() | range.bits_set.unwrap_or(0);
    assert!(range.holds(value.cast_signed()), "{range:?}");
    value
}

/// One number for each name; ranges on the same one are met together by their set bits.
fn numbers<K: Ord>(conditions: impl Iterator<Item = (K, Range)>) -> BTreeMap<K, u64> {
    let mut all = BTreeMap::new();
    for (key, range) in conditions {
        *all.entry(key).or_insert(0) |= within(&range);
    }
    all
}

/// The syscall of a rule that the made-up host has.
fn syscall(rule: &Rule) -> Option<(String, u32)> {
    let any = ["ioctl".to_owned()];
    let names = match rule.syscall.is_empty() {
        true => &any[..],
        false => &rule.syscall,
    };
    names.iter().find_map(|name| {
        let number = syscall_number(Architecture::Aarch64, name)?;
        Some((name.clone(), number))
    })
}

pub(super) fn fixture(rule: &Rule) -> Option<Fixture> {
    let (name, number) = syscall(rule)?;
    let errno = errno_number(&rule.errno[0])?;
    let mut recording = Recording::new();
    let failure = recording.fail(number, errno, "program", 50);
    for (index, value) in numbers(rule.argument.iter().map(|is| (is.index, is.range()))) {
        failure.args[index] = value;
    }
    for is in &rule.beyond {
        failure.args[is.index] = 64;
    }
    let bit = |name: &str| open_flag(Architecture::Aarch64, name).unwrap();
    for is in &rule.flag {
        is.index
            .inspect(|&index| failure.args[index] |= bit(&is.set));
    }
    for (fact, value) in numbers(rule.fact.iter().map(|is| (&is.name, is.range()))) {
        recording.fact(fact, value);
    }
    if let Some(is) = &rule.capability {
        let held = is.holds.iter().chain(&is.holds_in_own_namespace);
        recording.fact(
            "cred.cap_effective",
            held.fold(0, |set, one| set | one.bit()),
        );
        recording.fact(
            "user_ns.level",
            u64::from(!is.holds_in_own_namespace.is_empty()),
        );
    }
    for is in &rule.flag {
        is.fact
            .as_ref()
            .inspect(|fact| recording.fact(fact, bit(&is.set)));
    }
    for is in &rule.beyond {
        recording.fact(&is.fact, 64);
    }
    let argument = rule.mount.iter().find_map(|is| is.argument);
    let place = argument.or_else(|| [1, 0].into_iter().find(|&place| is_path(&name, place)));
    recording.path(place.unwrap_or(1), "/folder/file");
    for is in &rule.text {
        recording.path(is.index, &is.any[0]);
    }
    let mut files: Vec<(String, String)> = Vec::new();
    for (sysctl, value) in numbers(rule.sysctl.iter().map(|is| (&is.name, is.range()))) {
        let path = format!("/proc/sys/{}", sysctl.replace('.', "/"));
        files.push((path, format!("{}\n", value.cast_signed())));
    }
    if !rule.filesystem.is_empty() || !rule.mount.is_empty() {
        recording.fact("fs.root_device", 20);
        files.push(("/proc/100/mountinfo".into(), mounts(rule)));
    }
    if let Some(words) = rule.log.first().filter(|_| rule.logged) {
        let text = format!("time_us level text\n0 3 {words}\n");
        files.push(("etz:kmsg".into(), text));
    }
    files.push(("etz:paths".into(), paths(rule)));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    recording.snapshot(Phase::Failure, 60, &files);
    let constants = rule
        .constant
        .iter()
        .map(|is| ((is.function.clone(), is.argument), vec![is.value]));
    Some(Fixture {
        bundle: recording.load(),
        origin: origin(rule, &name, errno)?,
        code: CodeFacts {
            constants: constants.collect(),
            ..CodeFacts::default()
        },
        limits: rule.limit.iter().take(1).map(|id| full(id)).collect(),
    })
}

/// The mounts: the root, and where one asks for what is above a mount, another in it.
fn mounts(rule: &Rule) -> String {
    let types = rule.mount.iter().filter_map(|is| is.fs_type.as_ref());
    let fs_type = types.chain(&rule.filesystem).next();
    let fs_type = fs_type.map_or("ext4", String::as_str);
    let options = rule.mount.iter().filter_map(|is| is.option.as_deref());
    let options: Vec<&str> = ["rw"].into_iter().chain(options).collect();
    let shared = match rule.mount.iter().any(|is| is.shared == Some(true)) {
        true => "shared:1 ",
        false => "",
    };
    let root = format!(
        "20 1 0:20 / / {} {shared}- {fs_type} source rw\n",
        options.join(",")
    );
    match rule.mount.iter().any(|is| is.at == MountPlace::Parent) {
        true => root + "21 20 0:21 / /folder/file rw - tmpfs source rw\n",
        false => root,
    }
}

/// The recorder's table of the path that the call names.
fn paths(rule: &Rule) -> String {
    let row = |place: Place, mode: u32, path: &str| {
        let here = || rule.file.iter().filter(|is| is.at == place);
        let list = |names: Vec<&str>| match names.is_empty() {
            true => "-".to_owned(),
            false => names.join(","),
        };
        let mode = here().fold(mode, |mode, is| mode | is.mode_set.unwrap_or(0));
        let attributes = list(here().filter_map(|is| is.attribute.as_deref()).collect());
        let xattrs = list(here().filter_map(|is| is.xattr.as_deref()).collect());
        format!("7 {mode:o} 0 0 8:1 2 {attributes} {xattrs} 4 {path}\n")
    };
    let target = match rule.file.iter().any(|is| is.at == Place::Either) {
        true => Place::Either,
        false => Place::Target,
    };
    let head = "pid mode uid gid device inode attributes xattrs size_bytes path\n";
    let root = "7 40755 0 0 8:1 2 - - 4096 /\n";
    let by_mount = rule.mount.iter().any(|is| is.at == MountPlace::Link);
    let link = match by_mount || rule.file.iter().any(|is| is.at == Place::Link) {
        true => row(Place::Link, 0o120_777, "/link"),
        false => String::new(),
    };
    let folder = row(Place::Folder, 0o40_755, "/folder");
    format!(
        "{head}{root}{link}{folder}{}",
        row(target, 0o100_644, "/folder/file")
    )
}

fn origin(rule: &Rule, syscall: &str, errno: u16) -> Option<Origin> {
    let mut path = vec![format!("__arm64_sys_{syscall}")];
    path.extend(rule.path.first().cloned());
    path.extend(rule.origin.first().cloned());
    path.dedup();
    let told = rule.predicate.iter().map(|is| Told {
        function: is.function.clone(),
        outcome: match &is.returned {
            Returned::Null => Outcome::Null,
            Returned::Zero => Outcome::Truth(false),
            Returned::Nonzero => Outcome::Truth(true),
            Returned::Errno(name) => Outcome::Error(errno_number(name).unwrap()),
        },
        arguments: Vec::new(),
    });
    let translated = rule.inner_errno.first().map(|name| Translation {
        address: 0,
        path: Vec::new(),
        errno: errno_number(name).unwrap(),
    });
    Some(Origin {
        function: path.last()?.clone(),
        site: Site::default(),
        errno,
        path,
        how: How::ReturnValues,
        failures: 1,
        translated,
        told: told.collect(),
        called: rule.called.iter().take(1).cloned().collect(),
        below: Below::Watched,
    })
}

fn full(id: &str) -> LimitUse {
    LimitUse {
        scope: "the host".into(),
        at_failure: true,
        ..LimitUse::new(id, Unit::Each("things"), 7, Some(7))
    }
}
