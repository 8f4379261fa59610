//! Scenarios damaged at random: never a panic, never a success with an unknown key, always a line.

use linchpin::scenario::{NoFiles, read};
use proptest::prelude::*;

const CASES: &[&str] = &[
    include_str!("../cases/01-one-outage.toml"),
    include_str!("../cases/02-failover.toml"),
    include_str!("../cases/03-common-cause.toml"),
    include_str!("../cases/04-access-loss.toml"),
    include_str!("../cases/05-pricing.toml"),
    include_str!("../cases/06-exclusivity.toml"),
    include_str!("../cases/07-staged-legal.toml"),
    include_str!("../cases/08-poisson-outages.toml"),
    include_str!("whole.toml"),
];

fn case() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(CASES)
}

/// Reads a text; every problem must be drawn with a line once the text could be read.
fn survives(text: &[u8]) -> Result<(), TestCaseError> {
    let Err(problems) = read("case.toml", text, &NoFiles) else {
        return Ok(());
    };
    prop_assert!(!problems.list.is_empty());
    for problem in &problems.list {
        prop_assert!(!problem.labels.is_empty(), "without a place: {}", problem.message);
        prop_assert!(problem.labels.iter().all(|(span, _)| span.end <= problems.text.len()), "{problem:?}");
    }
    let drawn = problems.to_string();
    prop_assert!(drawn.matches("--> case.toml:").count() >= problems.list.len().min(200), "{drawn}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes(text in case(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        survives(&bytes)?;
    }

    #[test]
    fn cut_short(text in case(), at in any::<prop::sample::Index>()) {
        survives(&text.as_bytes()[..at.index(text.len())])?;
    }

    #[test]
    fn lines_dropped_doubled_and_swapped(text in case(), picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3), 1..5)) {
        let mut lines: Vec<&str> = text.lines().collect();
        for (one, other, what) in picks {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            match what {
                0 => { lines.remove(one); }
                1 => lines.insert(other, lines[one]),
                _ => lines.swap(one, other),
            }
        }
        survives(lines.join("\n").as_bytes())?;
    }

    #[test]
    fn values_swapped(text in case(), one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let valued: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].contains(" = ") && !lines[*n].starts_with('#')).collect();
        let (one, other) = (valued[one.index(valued.len())], valued[other.index(valued.len())]);
        let value = |line: &str| line.split_once(" = ").map(|(_, value)| value.to_owned()).unwrap_or_default();
        let key = |line: &str| line.split_once(" = ").map(|(key, _)| key.to_owned()).unwrap_or_default();
        let (first, second) = (value(&lines[one]), value(&lines[other]));
        lines[one] = format!("{} = {second}", key(&lines[one]));
        lines[other] = format!("{} = {first}", key(&lines[other]));
        survives(lines.join("\n").as_bytes())?;
    }

    #[test]
    fn a_misspelt_key_never_passes(text in case(), at in any::<prop::sample::Index>(), letter in "[a-z]", place in any::<prop::sample::Index>()) {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        // Ids are free, so a line whose key is one (`contract.a = …`) is left alone.
        let keyed = |line: &String| line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        let valued: Vec<usize> = (0..lines.len()).filter(|n| keyed(&lines[*n])).collect();
        let at = valued[at.index(valued.len())];
        let (key, value) = lines[at].split_once(" = ").expect("a key");
        let place = place.index(key.len() + 1);
        let misspelt = format!("{}{letter}{}", &key[..place], &key[place..]);
        lines[at] = format!("{misspelt} = {value}");
        let text = lines.join("\n");
        let problems = read("case.toml", text.as_bytes(), &NoFiles);
        prop_assert!(problems.is_err(), "`{misspelt}` was accepted");
        survives(text.as_bytes())?;
    }

    #[test]
    fn any_text_at_all(text in "\\PC{0,200}") {
        survives(text.as_bytes())?;
    }

    #[test]
    fn any_toml_like_text(text in "[\\[\\]{}a-d=\"'.,#\\\\ \n0-9T:-]{0,120}") {
        survives(text.as_bytes())?;
    }
}

/// A long file with as many problems as lines is refused in a moment, not in minutes.
#[test]
fn many_problems_are_no_slower_than_many_lines() {
    use std::fmt::Write;
    let mut text = CASES[0].to_owned();
    for n in 0..20_000 {
        writeln!(text, "[vendor.v{n}]\nprize = \"$1/call\"").expect("text");
    }
    let problems = read("case.toml", text.as_bytes(), &NoFiles).expect_err("unknown keys");
    assert_eq!(problems.list.len(), 20_000);
    assert!(problems.to_string().ends_with("and 19800 more problems in case.toml\n"));
}
