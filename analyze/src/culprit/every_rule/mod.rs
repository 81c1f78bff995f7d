//! Each rule of the book on a recording made of its own conditions, and on ones that miss one of them.

mod fixture;
mod near_miss;

use super::rank;
use crate::{
    case::Case,
    code::Kernel,
    failures::{Class, groups},
    rules::{Answer, Rule, book, judge},
};
use fixture::{Fixture, fixture};

fn with_case<T>(fixture: &Fixture, look: impl FnOnce(&Case<'_>) -> T) -> T {
    let kernel = Kernel::new(&[], &[], &[], &[], fixture.bundle.architecture());
    let groups = groups(&fixture.bundle);
    let mut case = Case::new(&fixture.bundle, &groups[0]).begun_at(&kernel, &fixture.origin);
    case.limits = fixture.limits.clone().into();
    case.code = fixture.code.clone();
    look(&case)
}

fn describe(rule: &Rule) -> String {
    format!("{} ({}, {:?})", rule.id, rule.title, rule.origin)
}

#[test]
fn each_is_the_answer_where_its_conditions_hold() {
    let mut wrong = Vec::new();
    for rule in book() {
        let Some(fixture) = fixture(rule) else {
            continue;
        };
        let (class, answers) = with_case(&fixture, |case| {
            let verdict = judge(rule, case).unwrap();
            assert!(!verdict.fails(), "{}: {verdict:?}", describe(rule));
            (case.group.class, rank(case, book(), 0))
        });
        if class == Class::Normal {
            wrong.push(format!("{}: healthy programs live with it", describe(rule)));
            continue;
        }
        // Another rule of the same score is as good an answer to the same question.
        let best = answers.first().map_or(0, |answer| answer.score);
        let found = answers.iter().find(|answer| answer.id == rule.id);
        if found.is_none_or(|found| found.score < best) {
            let ids: Vec<_> = answers.iter().map(|one| (&one.id, one.score)).collect();
            wrong.push(format!("{}: {ids:?}", describe(rule)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rules:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn none_counts_another_function_as_its_origin() {
    for rule in book().iter().filter(|rule| !rule.origin.is_empty()) {
        let Some(mut fixture) = fixture(rule) else {
            continue;
        };
        let last = fixture.origin.path.len() - 1;
        fixture.origin.function = "some_other_function".into();
        fixture.origin.path[last] = "some_other_function".into();
        let answer = with_case(&fixture, |case| judge(rule, case));
        let origin = answer.and_then(|verdict| verdict.origin);
        assert_ne!(origin, Some(Answer::Holds), "{}", describe(rule));
    }
}

#[test]
fn none_holds_where_one_condition_is_missed() {
    let mut missed = 0;
    for rule in book() {
        for (what, almost) in near_miss::all(rule) {
            let Some(fixture) = fixture(&almost) else {
                continue;
            };
            // Code of ext4 is called for no other file system.
            let by_code = |case: &Case<'_>| {
                let of = |name: &String| case.fs_type() == Some(name);
                what == "file system" && rule.filesystem.iter().any(of)
            };
            let verdict = with_case(&fixture, |case| match by_code(case) {
                true => None,
                false => Some(judge(rule, case)),
            });
            if let Some(verdict) = verdict {
                missed += 1;
                let fails = verdict.is_none_or(|verdict| verdict.fails());
                assert!(fails, "{}: {what}: {verdict:?}", describe(rule));
            }
        }
    }
    assert!(missed > book().len() / 2, "{missed}");
}
