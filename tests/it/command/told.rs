//! `explain` and `stress`: one trial told, and events planted.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::desk::{Desk, text};

const EXPLAINED: [&str; 4] = ["common.csv", "explain.csv", "explain.png", "explain.svg"];
const STRESSED: [&str; 3] = ["stress.csv", "stress.png", "stress.svg"];

/// The rows of a CSV file by the names of its columns.
fn rows(desk: &Desk, path: &str) -> Vec<BTreeMap<String, String>> {
    let text = desk.read(path);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn sum(rows: &[BTreeMap<String, String>], column: &str) -> f64 {
    rows.iter().map(|row| row[column].parse::<f64>().expect("a number")).sum()
}

#[track_caller]
fn assert_near(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{got}, expected {expected}");
}

#[test]
fn what_is_told_of_a_trial_sums_to_its_loss() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --quiet --trials-csv");
    let trials = rows(&desk, "output/small/trials.csv");
    for (trial, portfolio) in [(17, "one"), (211, "two")] {
        let (out, err) = desk.expect(0, &format!("explain small.toml --trial {trial} --portfolio {portfolio}"));
        assert_eq!(err, "");
        assert_eq!(desk.files("output/small/explain"), EXPLAINED);
        let told = rows(&desk, "output/small/explain/explain.csv");
        let number = trial.to_string();
        let kept = trials.iter().find(|r| r["trial"] == number && r["portfolio"] == portfolio).expect("a row");
        let loss: f64 = kept["loss"].parse().expect("a number");
        assert_near(sum(&told, "amount"), loss);
        // The amounts of the terminal add up as they are printed, to the loss.
        let table = out.lines().skip_while(|line| !line.starts_with("charged to")).skip(1);
        let amounts: Vec<f64> = table
            .take_while(|line| !line.starts_with("As components"))
            .map(|line| line.rsplit("  ").next().expect("an amount").replace(['$', ','], "").replace('−', "-"))
            .map(|amount| amount.trim().parse().expect("a number"))
            .collect();
        let (total, parts) = amounts.split_last().expect("a total");
        assert_near(parts.iter().sum(), *total);
        assert!((total - loss).abs() <= 0.5, "{total} {loss}\n{out}");
    }
}

#[test]
fn a_percentile_is_a_trial_of_that_loss() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --quiet --trials-csv");
    let trials = rows(&desk, "output/small/trials.csv");
    let one = trials.iter().filter(|r| r["portfolio"] == "one");
    let mut losses: Vec<f64> = one.map(|r| r["loss"].parse().expect("a number")).collect();
    losses.sort_by(f64::total_cmp);
    for (percentile, rank) in [("50", 200), ("99.5", 398), ("99.5%", 398)] {
        desk.expect(0, &format!("explain small.toml --percentile {percentile} --quiet"));
        assert_near(sum(&rows(&desk, "output/small/explain/explain.csv"), "amount"), losses[rank - 1]);
    }
    // Four of four hundred are too few to tell what they have in common; the counts are there all the same.
    let (out, _) = desk.expect(0, "explain small.toml");
    assert!(out.contains("Too few to tell; 1,000 trials or more"), "{out}");
    let counts = rows(&desk, "output/small/explain/common.csv");
    assert!(counts.iter().all(|r| r["of_worst"] == "4" && r["of_all"] == "400"));
    let (out, _) = desk.expect(0, "explain small.toml --trials 4k");
    assert!(out.contains("of the worst") && out.contains("suit, ruling: injunction"), "{out}");
}

#[test]
fn an_account_of_a_stress_test_sums_to_its_loss() {
    let desk = Desk::new();
    let (out, err) =
        desk.expect(0, "stress small.toml --event cloud-down=2026-03-02T08:00:00Z --event suit/injunction=2026-05-01");
    assert_eq!(err, "");
    assert_eq!(desk.files("output/small/stress"), STRESSED);
    assert!(out.contains("ruling: injunction (asked for, 10 % in the file)"), "{out}");
    for said in ["cloud down for 3.46 h", "08:05 all traffic: second 80 %, 20 % unserved", "the firm begins to move"] {
        assert!(out.contains(said), "{said}\n{out}");
    }
    let days = rows(&desk, "output/small/stress/stress.csv");
    for portfolio in ["one", "two"] {
        let own: Vec<_> = days.iter().filter(|r| r["portfolio"] == portfolio).cloned().collect();
        assert_near(own.last().expect("a day")["cumulated_loss"].parse().expect("a number"), sum(&own, "loss"));
        assert_eq!(own.windows(2).filter(|w| w[0]["to"] != w[1]["from"]).count(), 0);
        assert_eq!(sum(&own, "days"), 548.0);
        assert_eq!(own[1]["from"], "2026-03-02");
    }
    // One portfolio alone, at a percentile, all else left on.
    let (out, _) = desk.expect(
        0,
        "stress small.toml --event outage=2026-03-02 --keep --trial 3 --percentile 95 --portfolio two --out here",
    );
    assert!(out.contains("All else as in trial 3") && out.contains("percentile 95 of harm"), "{out}");
    assert!(out.contains("of that planted") && !out.contains("\none\n"), "{out}");
    assert_eq!(desk.files("here"), STRESSED);
}

#[test]
fn mistakes_of_arguments_tell_the_way_out() {
    let desk = Desk::new();
    for (arguments, said) in [
        ("stress small.toml", "--event"),
        ("stress small.toml --event outag=2026-03-02", "did you mean `outage`?"),
        ("stress small.toml --event prices=2026-03-02", "price path without events"),
        ("stress small.toml --event outage=soon", "2025-06-01T08:30:00Z"),
        ("stress small.toml --event outage=2027-07-02T21:00:00Z", "outside the horizon: it runs from 2026-01-01"),
        ("stress small.toml --event suit/lost=2026-03-02", "its outcomes: `injunction`, `damages` and `nothing`"),
        ("stress small.toml --event outage=2026-03-02 --event outage=2026-03-02", "planted twice at one moment"),
        ("stress small.toml --event outage=2026-03-02 --portfolio tow", "did you mean `two`?"),
        ("stress small.toml --event outage=2026-03-02 --trial 3", "--keep"),
        ("stress small.toml --event outage=2026-03-02 --percentile 100", "a number above 0 and below 100"),
        ("explain small.toml --portfolio three", "there are: `one` and `two`"),
        ("explain small.toml --trial -1", "a whole number from 0 on"),
        ("explain small.toml --trial 1 --percentile 50", "cannot be used with"),
        ("explain small.toml --trials 1e12", "would fit: --trials"),
    ] {
        let (out, err) = desk.expect(2, arguments);
        assert!(out.is_empty() && err.contains(said), "{arguments}: {err}");
    }
    // Every mistake at once.
    let (_, err) = desk.expect(2, "stress small.toml --event a=2026-03-02 --event outage=x");
    assert!(err.contains("`a`") && err.contains("`x`"), "{err}");
    assert!(!desk.path("output").exists());
}

#[test]
fn nothing_happens_in_a_scenario_without_risks() {
    let desk = Desk::new();
    desk.put(
        "calm.toml",
        "start = 2026-01-01\nhorizon = \"1 year\"\nvendor.a = {}\nservice.s = { revenue = \"$1k/h\" }\nportfolio.p = { shares = { a = 1 } }",
    );
    let (out, _) = desk.expect(0, "explain calm.toml --trials 2k");
    assert!(out.contains("Nothing happened") && out.contains("loss of the trial") && !out.contains("NaN"), "{out}");
    assert!(out.contains("Nothing that is counted"), "{out}");
    let (_, err) = desk.expect(2, "stress calm.toml --event x=2026-02-01");
    assert!(err.contains("there is no risk `x`"), "{err}");
}

#[test]
fn files_of_others_are_left_alone_and_a_full_disk_changes_nothing() {
    let desk = Desk::new();
    desk.put("here/notes.txt", "mine");
    let stress = "stress small.toml --event outage=2026-03-02 --quiet --out here";
    assert_eq!(desk.expect(0, stress), (String::new(), String::new()));
    desk.expect(0, "explain small.toml --quiet --out here");
    assert_eq!(desk.read("here/notes.txt"), "mine");
    assert_eq!(desk.files("here").len(), 1 + EXPLAINED.len() + STRESSED.len());
    let before = desk.read("here/explain.csv");
    for command in ["explain small.toml --trial 3 --out here", "stress small.toml --event suit=2026-03-02 --out here"] {
        let script = format!("trap '' XFSZ; ulimit -f 8; exec \"$0\" {command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_linchpin")]).current_dir(desk.0.path());
        let refused = shell.output().expect("sh");
        assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
        assert!(text(&refused.stderr).contains("nothing was changed"));
    }
    assert_eq!(desk.read("here/explain.csv"), before);
    assert_eq!(desk.litter(), Vec::<String>::new());
    fs::write(desk.path("file"), "x").expect("file");
    desk.expect(4, "explain small.toml --out file");
}

#[test]
fn bytes_of_what_is_told_do_not_depend_on_threads() {
    let desk = Desk::new();
    let told = |threads: &str| {
        let mut command = desk.command("explain small.toml --trials 3k --quiet");
        assert!(command.env("RAYON_NUM_THREADS", threads).status().expect("it runs").success());
        EXPLAINED.map(|file| fs::read(desk.path("output/small/explain").join(file)).expect("a file"))
    };
    assert!(told("1") == told("3"));
}

#[test]
fn every_built_in_scenario_is_told() {
    let desk = Desk::new();
    let (list, _) = desk.expect(0, "list");
    let built_in = list.lines().skip_while(|line| !line.starts_with("Built in")).skip(1);
    for name in built_in.filter_map(|line| line.split_whitespace().next()) {
        desk.expect(0, &format!("new {name}.toml --from {name}"));
        let (out, err) = desk.expect(0, &format!("explain {name}.toml --trials 300 --all"));
        assert!(err.is_empty() && !out.contains("NaN") && !out.contains("inf "), "{name}: {err}\n{out}");
        let scenario: toml::Table = desk.read(&format!("{name}.toml")).parse().expect("TOML");
        let start = scenario["start"].to_string();
        for (risk, table) in scenario["risk"].as_table().expect("risks") {
            if table.get("arrivals").is_some() || table.get("due").is_some() {
                let (out, _) =
                    desk.expect(0, &format!("stress {name}.toml --event {risk}={}", start.trim_matches('"')));
                assert!(!out.contains("NaN") && out.contains("portfolio"), "{name}: {risk}\n{out}");
            }
        }
    }
}

#[test]
fn help_and_accounts_read_as_they_were_written() {
    let desk = Desk::new();
    insta::assert_snapshot!("help_explain", desk.expect(0, "explain --help").0);
    insta::assert_snapshot!("help_stress", desk.expect(0, "stress --help").0);
    insta::assert_snapshot!("explain", desk.expect(0, "explain small.toml --percentile 99 --trials 2k").0);
    let events = "--event cloud-down=2026-03-02T08:00:00Z --event suit/injunction=2026-05-01";
    insta::assert_snapshot!("stress", desk.expect(0, &format!("stress small.toml {events}")).0);
}
