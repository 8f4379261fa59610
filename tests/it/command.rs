//! The command as its user meets it: arguments, exit codes, streams and words.

#![expect(clippy::disallowed_methods, reason = "tests of a command that reads and writes files")]

mod desk;
mod folders;
mod told;

use std::fs;
use std::process::Stdio;

use desk::{Desk, SMALL, text};

#[test]
fn equal_stems_are_refused_before_anything_runs() {
    let desk = Desk::new();
    desk.put("a/case.toml", SMALL);
    desk.put("b/Case.toml", SMALL);
    let (_, err) = desk.expect(2, "run a/case.toml b/Case.toml");
    assert!(err.contains("a/case.toml") && err.contains("b/Case.toml"), "{err}");
    assert!(!desk.path("output").exists());
}

#[test]
fn nothing_runs_if_one_of_several_is_wrong() {
    let desk = Desk::new();
    desk.put("wrong.toml", "name = 3");
    let (_, err) = desk.expect(3, "run small.toml wrong.toml missing.toml");
    assert!(err.contains("wrong.toml:1") && err.contains("missing.toml"), "{err}");
    assert!(!desk.path("output").exists());
}

#[test]
fn json_holds_the_headline_of_every_portfolio() {
    let desk = Desk::new();
    let (out, _) = desk.expect(0, "run small.toml --json --trials 3000");
    let summary: serde_json::Value = serde_json::from_str(&out).expect("JSON alone on standard output");
    assert_eq!(summary["trials"], 3000);
    assert_eq!(summary["baseline"], "one");
    assert!(summary["verdict"].as_str().is_some_and(|verdict| verdict.contains("`two`")));
    let two = &summary["portfolios"][1];
    for figure in ["mean_loss", "tvar_95", "tvar_99", "prob_over_appetite", "mean_total_cost"] {
        assert!(two[figure]["value"].is_number() && two[figure]["std_error"].is_number(), "{figure}: {two}");
    }
    assert!(["better", "worse", "cannot tell"].contains(&two["comparison"]["verdict"].as_str().expect("a verdict")));
    assert!(summary["portfolios"][0]["comparison"].is_null());
    let files = desk.path(summary["output"].as_str().expect("a folder")).join("run.json");
    assert!(files.is_file());
}

#[test]
fn one_trial_gives_no_verdict() {
    let desk = Desk::new();
    let (out, _) = desk.expect(0, "run small.toml --trials 1");
    assert!(out.contains("cannot be told") && !out.contains("NaN"), "{out}");
    assert!(out.contains("1 trial,") && !out.contains("1 trials"), "{out}");
    // One trial knows no probability.
    assert!(out.contains("~0 %") || out.contains("~100 %"), "{out}");
}

#[test]
fn quiet_says_nothing() {
    let desk = Desk::new();
    assert_eq!(desk.expect(0, "run small.toml --quiet --trials 20"), (String::new(), String::new()));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_accident() {
    let desk = Desk::new();
    for arguments in [
        "list",
        "--help",
        "completions bash",
        "check small.toml",
        "run small.toml --trials 20",
        "run small.toml --trials 20 --json",
    ] {
        let mut child =
            desk.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert_eq!(text(&output.stderr), "", "{arguments}");
    }
}

#[cfg(unix)]
#[test]
fn exit_codes_are_those_promised() {
    let desk = Desk::new();
    desk.put("wrong.toml", "horzon = 3");
    fs::write(desk.path("latin.toml"), b"name = \"caf\xe9\"").expect("file");
    for (code, arguments) in [
        (0, "--version"),
        (0, "--help"),
        (0, "run --help"),
        (0, "list"),
        (0, "check small.toml"),
        (2, ""),
        (2, "run"),
        (2, "frobnicate"),
        (2, "run small.toml --trials 0"),
        (2, "run small.toml --trials many"),
        (2, "run small.toml --threads 0"),
        (2, "run small.toml --seed -1"),
        (2, "run small.toml small.toml"),
        (2, "run small.toml --trials 1e15"),
        (2, "new x.toml --from nothing"),
        (2, "completions cobol"),
        (3, "run wrong.toml"),
        (3, "check latin.toml"),
        (3, "check small.toml wrong.toml"),
        (4, "run missing.toml"),
        (4, "check ."),
        (4, "run /"),
        (4, "run small.toml --out small.toml"),
        (4, "run small.toml --out small.toml/below"),
        (4, "new small.toml"),
        (4, "new data"),
    ] {
        let (_, err) = desk.expect(code, arguments);
        assert_eq!(err.is_empty(), code == 0, "{arguments}: {err}");
    }
    assert!(!desk.path("output").exists());
}

#[test]
fn a_run_too_large_names_what_would_fit() {
    let desk = Desk::new();
    let (_, err) = desk.expect(2, "run small.toml --trials 1e13");
    assert!(err.contains("memory") && err.contains("would fit: --trials "), "{err}");
}

#[test]
fn every_built_in_scenario_runs_as_it_is() {
    let desk = Desk::new();
    let (list, _) = desk.expect(0, "list");
    let names: Vec<&str> = list
        .lines()
        .skip_while(|line| !line.starts_with("Built in"))
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.contains(&"starter") && names.len() >= 5, "{list}");
    for name in names {
        desk.expect(0, &format!("new built-in/{name}.toml --from {name}"));
        let (out, err) = desk.expect(0, &format!("check built-in/{name}.toml"));
        assert!(out.contains("Portfolios") && err.is_empty(), "{name}: {err}");
        desk.expect(0, &format!("run built-in/{name}.toml --trials 40 --quiet"));
    }
}

#[test]
fn new_begins_with_the_starter_and_overwrites_nothing() {
    let desk = Desk::new();
    let (out, _) = desk.expect(0, "new mine.toml");
    assert!(out.contains("starter"), "{out}");
    let (_, err) = desk.expect(4, "new mine.toml --from copilot-2025");
    assert!(err.contains("exists already"), "{err}");
    let (_, err) = desk.expect(2, "new other.toml --from copilot-2026");
    assert!(err.contains("copilot-2025"), "{err}");
    assert!(!desk.path("other.toml").exists());
}

#[test]
fn list_shows_titles_and_trusts_no_file() {
    let desk = Desk::new();
    desk.put("scenarios/b.toml", SMALL);
    desk.put("scenarios/a.toml", "name = \"bell \\u0007 and \\u001b[31mred\"");
    desk.put("scenarios/c.toml", "not = = toml");
    desk.put("scenarios/notes.txt", "no scenario");
    let (out, _) = desk.expect(0, "list");
    let here: Vec<&str> = out.lines().skip(1).take(3).map(str::trim_start).collect();
    assert!(
        here[0].starts_with("a.toml") && here[1].contains("A small case") && here[2].starts_with("c.toml"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}') && !out.contains('\u{7}') && !out.contains("notes"), "{out}");
}

#[test]
fn colour_is_for_terminals() {
    let desk = Desk::new();
    desk.put("wrong.toml", "horzon = 3");
    let (out, err) = desk.expect(3, "check wrong.toml");
    assert!(!err.contains('\u{1b}') && out.is_empty(), "{err}");
}

#[test]
fn help_and_summary_read_as_they_were_written() {
    let desk = Desk::new();
    insta::assert_snapshot!("help", desk.expect(0, "--help").0);
    insta::assert_snapshot!("help_run", desk.expect(0, "run --help").0);
    insta::assert_snapshot!("check", desk.expect(0, "check small.toml").0);
    // 400 trials never take a second, but a busy machine may.
    let (out, _) = desk.expect(0, "run small.toml");
    let summary: String =
        out.lines().map(|line| line.split(", in ").next().unwrap_or_default().to_owned() + "\n").collect();
    insta::assert_snapshot!("summary", summary);
}

#[test]
fn completions_name_the_options() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (out, _) = desk.expect(0, &format!("completions {shell}"));
        assert!(out.contains("trials-csv"), "{shell}");
    }
}
