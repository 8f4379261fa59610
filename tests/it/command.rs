//! The command as its user meets it: arguments, exit codes, streams and words.

#![expect(clippy::disallowed_methods, reason = "tests of a command that reads and writes files")]

mod desk;
mod folders;
mod many;
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

/// The columns of `summary.csv` by name, one list of cells per portfolio.
fn summary(desk: &Desk, columns: &[&str]) -> Vec<Vec<String>> {
    let text = desk.read("output/small/summary.csv");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let places: Vec<usize> =
        columns.iter().map(|name| header.iter().position(|column| column == name).expect("a column")).collect();
    lines.map(|row| places.iter().map(|&place| row[place].clone()).collect()).collect()
}

/// Some 6 % of 400 trials of `one` lose more than $400k, none of `two`: 4 to 9 % and 0 to 1 %.
#[test]
fn an_appetite_is_kept_exceeded_or_cannot_be_told() {
    let desk = Desk::new();
    for (probability, trials, kept) in [
        ("10%", "400", ["within", "within"]),
        ("6%", "400", ["cannot tell", "within"]),
        ("2%", "400", ["over", "within"]),
        ("0.1%", "400", ["over", "cannot tell"]),
        ("10%", "1", ["cannot tell", "cannot tell"]),
    ] {
        desk.put("small.toml", &SMALL.replace("\"10%\"", &format!("\"{probability}\"")));
        let (out, _) = desk.expect(0, &format!("run small.toml --trials {trials}"));
        let cells = summary(&desk, &["appetite", "prob_over_appetite_lower", "prob_over_appetite_upper"]);
        assert_eq!([&cells[0][0], &cells[1][0]], kept, "{probability} at {trials}");
        assert_eq!(cells.iter().flatten().any(String::is_empty), trials == "1", "{cells:?}");
        let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = |kept: &str| match kept {
            "within" => "is within appetite (",
            "over" => "is over appetite (",
            _ => "cannot be told to be within appetite or over it (",
        };
        assert!(said.contains(&format!("`one` itself {}", words(kept[0]))), "{said}");
        assert!(said.contains(&format!("{} ", words(kept[1]).trim_end())) || said.contains(words(kept[1])), "{said}");
        let (out, _) = desk.expect(0, &format!("run small.toml --json --trials {trials}"));
        let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!([0, 1].map(|p| json["portfolios"][p]["appetite"].as_str().expect("a word")), kept);
    }
}

#[test]
fn an_appetite_without_a_probability_shows_the_probability_and_its_interval() {
    let desk = Desk::new();
    desk.put("small.toml", &SMALL.replace("{ loss = \"$400k\", probability = \"10%\" }", "\"$400k\""));
    let (out, _) = desk.expect(0, "run small.toml");
    let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`one` itself loses more than the appetite in 6 % of trials (4 to 9 %)"), "{said}");
    assert!(said.contains("appetite is to lose at most $400k."), "{said}");
    let cells = summary(&desk, &["appetite", "prob_over_appetite_lower"]);
    assert!(cells.iter().all(|row| row[0].is_empty() && !row[1].is_empty()), "{cells:?}");
    let (out, _) = desk.expect(0, "run small.toml --trials 1");
    assert!(out.contains("too few trials"), "{out}");
}

#[test]
fn an_impact_tolerance_shows_how_often_it_is_exceeded() {
    let desk = Desk::new();
    desk.put("small.toml", &SMALL.replace("margin = 0.7", "margin = 0.7\nimpact_tolerance = \"4 h\""));
    let (out, _) = desk.expect(0, "run small.toml");
    let rows: Vec<&str> = out.lines().skip_while(|line| !line.starts_with("Impact tolerances")).skip(1).collect();
    assert!(rows[0].split_whitespace().eq(["P(longer", "than)", "desk"]) && rows[1].trim() == "4 h", "{out}");
    assert!(rows[2].starts_with("one ") && rows[3].starts_with("two ") && rows[3].ends_with(" %"), "{out}");
    let cells = summary(&desk, &["over_impact_tolerance:desk", "over_impact_tolerance_std_error:desk"]);
    let long = desk.read("output/small/measures.csv");
    for (row, portfolio) in cells.iter().zip(["one", "two"]) {
        let wanted = format!("{portfolio},longest_interruption,desk,prob_longer_than,4,{},{},", row[0], row[1]);
        assert!(long.contains(&wanted), "{wanted}");
    }
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
    let (_, err) = desk.expect(2, "run small.toml --trials 1e9 --trials-csv");
    assert!(err.contains("keeps every trial") && err.contains("would take --memory "), "{err}");
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

/// What the questions beside a run print.
#[test]
fn answers_read_as_they_were_written() {
    let desk = Desk::new();
    insta::assert_snapshot!("value", desk.expect(0, "value small.toml --trials 400").0);
    insta::assert_snapshot!("value_csv", desk.expect(0, "value small.toml --trials 40 --csv").0);
    insta::assert_snapshot!("exposure", desk.expect(0, "exposure small.toml").0);
    assert_eq!(
        desk.files("output"),
        ["small-exposure/exposure.csv", "small-exposure/exposure.png", "small-exposure/exposure.svg"]
    );
    let (table, _) = desk.expect(0, "exposure small.toml --csv");
    insta::assert_snapshot!("exposure_csv", table);
    assert_eq!(desk.read("output/small-exposure/exposure.csv"), table);
    desk.expect(0, "exposure small.toml --out there");
    desk.expect(0, "run small.toml --quiet --trials 20");
    assert_eq!(desk.read("output/small/exposure.csv"), table);
    assert_eq!(desk.read("output/small/charts/exposure.svg"), desk.read("there/exposure.svg"));
}

/// The beginning of the schema, and all that a portfolio's `failover` may say in it.
#[test]
fn the_schema_reads_as_it_was_written() {
    let (text, _) = Desk::new().expect(0, "schema");
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(text, linchpin::scenario::schema());
    insta::assert_snapshot!("schema", text.lines().take(40).collect::<Vec<_>>().join("\n"));
    insta::assert_snapshot!("schema_failover", format!("{:#}", schema["definitions"]["failover"]));
}

#[test]
fn completions_name_the_options() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (out, _) = desk.expect(0, &format!("completions {shell}"));
        assert!(out.contains("trials-csv"), "{shell}");
    }
}
