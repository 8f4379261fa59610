//! The command as its user meets it: arguments, exit codes, files, streams and signals.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Two vendors, an outage from a data file, a price path, an appetite: something of every output.
const SMALL: &str = r#"
name = "A small case"
start = 2026-01-01
horizon = "18 months"
discount_rate = "5%"
appetite = { loss = "$400k", probability = "10%" }
trials = 400

[platform.cloud]
[vendor.main]
runs_on = ["cloud"]
price = "$4/Mtok"
[vendor.second]
price = "$5/Mtok"

[service.desk]
revenue = "$5M/year"
margin = 0.7
usage = "10 Gtok/month"

[contract.main]
price_cap = "+10%"

[risk.outage]
kind = "outage"
on = "main"
arrivals = { per_year = 20, trend = "+10%" }
duration = { empirical = "data/incidents.csv", column = "hours" }
leaves = 0.3

[risk.cloud-down]
kind = "outage"
on = "cloud"
arrivals = { per_year = 2 }
duration = "1 h to 12 h"

[risk.prices]
kind = "pricing"
on = "main"
path = { drift = "-10%", volatility = 0.2 }

[risk.suit]
kind = "legal"
on = "main"
arrivals = { at = [2025-11-01] }
stages = [
    { name = "ruling", after = "4 months to 12 months", outcomes = [{ name = "injunction", probability = 0.1, notice = "14 days", suspends = "2 weeks to 6 months" }, { name = "damages", probability = 0.2, cost = "$10k to $100k", scales_with = "use" }] },
]

[risk.retaliation]
kind = "exclusivity"
on = "main"
arrivals = { once = { probability = 0.2, between = [2026-03-01, 2026-09-01] } }
only_if = { uses = "second", at_least = 0.3 }
revenue_change = { desk = "-6% to -1%" }

[portfolio.one]
baseline = true
shares = { main = 1.0 }
migration = { to = ["second"], patience = "30 days", takes = "1 month to 3 months", costs = "$100k" }

[portfolio.two]
shares = { main = 0.6, second = 0.4 }
failover = { detect = "5 min", headroom = 1.0, works = 0.95 }
overhead = "$2k/month"
"#;

/// A folder of its own with `small.toml` and what it reads.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a temporary folder"));
        desk.put("small.toml", SMALL);
        desk.put("data/incidents.csv", "hours\n0.5\n1\n2\n2\n8\n");
        desk
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("folder");
        fs::write(path, text).expect("file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path()).env_remove("RAYON_NUM_THREADS");
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().expect("the command starts")
    }

    /// Runs, and wants this exit code and no panic.
    #[track_caller]
    fn expect(&self, code: i32, arguments: &str) -> (String, String) {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "linchpin {arguments}\n{out}\n{err}");
        assert!(!err.contains("panicked"), "{err}");
        (out, err)
    }

    /// Every file below `path`, in order.
    fn files(&self, path: &str) -> Vec<String> {
        let mut files = Vec::new();
        walk(&self.path(path), "", &mut files);
        files.sort();
        files
    }

    /// All that is in the desk's folder itself, hidden or not.
    fn litter(&self) -> Vec<String> {
        self.files("").into_iter().filter(|path| path.contains(".linchpin")).collect()
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const FILES: [&str; 21] = [
    "attribution.csv",
    "charts/availability.png",
    "charts/availability.svg",
    "charts/causes-mean-and-tail.png",
    "charts/causes-mean-and-tail.svg",
    "charts/cost-and-tail-risk.png",
    "charts/cost-and-tail-risk.svg",
    "charts/exceedance.png",
    "charts/exceedance.svg",
    "charts/loss-over-time.png",
    "charts/loss-over-time.svg",
    "charts/total-cost.png",
    "charts/total-cost.svg",
    "comparison.csv",
    "exceedance.csv",
    "inputs/data/incidents.csv",
    "inputs/small.toml",
    "measures.csv",
    "run.json",
    "summary.csv",
    "timeline.csv",
];

#[test]
fn a_run_leaves_a_folder_that_is_its_own_record() {
    let desk = Desk::new();
    let (out, err) = desk.expect(0, "run small.toml");
    assert_eq!(err, "");
    assert!(out.contains("Verdict") && out.contains("output/small/"), "{out}");
    assert_eq!(desk.files("output/small"), FILES);
    assert_eq!(desk.read("output/small/inputs/small.toml"), SMALL);
    let manifest: serde_json::Value = serde_json::from_str(&desk.read("output/small/run.json")).expect("JSON");
    assert_eq!(manifest["scenario_file"], "small.toml");
    assert_eq!(manifest["trials"], 400);
    assert_eq!(manifest["files"][0]["path"], "data/incidents.csv");
    assert_eq!(manifest["files"][0]["sha256"].as_str().map(str::len), Some(64));
    // The copies run as they are, to the same figures.
    desk.expect(0, "run output/small/inputs/small.toml --out again --quiet");
    assert_eq!(desk.read("output/small/measures.csv"), desk.read("again/measures.csv"));
}

#[cfg(unix)]
#[test]
fn files_get_the_rights_that_the_users_files_get() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    desk.expect(0, "run small.toml --quiet");
    let mode = |path: &str| fs::metadata(desk.path(path)).expect("it is there").permissions().mode();
    assert_eq!(mode("output/small"), mode("data"));
    assert_eq!(mode("output/small/run.json"), mode("small.toml"));
}

#[test]
fn a_rerun_replaces_its_own_files_and_no_others() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --trials-csv --quiet");
    assert_eq!(desk.read("output/small/trials.csv").lines().count(), 1 + 2 * 400);
    let before = desk.read("output/small/measures.csv");
    desk.put("output/small/notes.txt", "mine");
    desk.put("output/small/charts/mine.svg", "mine too");
    desk.put("output/small/inputs/data/other.csv", "and mine");
    desk.put("other.csv", "hours\n3\n");
    desk.put("small.toml", &SMALL.replace("data/incidents.csv", "other.csv"));
    desk.expect(0, "run small.toml --seed 7 --quiet");
    assert_ne!(desk.read("output/small/measures.csv"), before);
    let mut expected: Vec<String> =
        FILES.iter().filter(|path| !path.contains("incidents")).map(|path| (*path).to_owned()).collect();
    expected.extend(["notes.txt", "charts/mine.svg", "inputs/data/other.csv", "inputs/other.csv"].map(String::from));
    expected.sort();
    assert_eq!(desk.files("output/small"), expected);
    assert_eq!(desk.read("output/small/notes.txt"), "mine");
}

#[test]
fn a_folder_of_somebody_else_loses_nothing() {
    let desk = Desk::new();
    desk.put("theirs/trials.csv", "theirs");
    desk.put("theirs/run.json", r#"{ "scenario_file": "../../small.toml", "files": [{ "path": "/etc/hostname" }] }"#);
    desk.expect(0, "run small.toml --out theirs --quiet");
    assert_eq!(desk.read("small.toml"), SMALL);
    desk.put("alone/trials.csv", "theirs");
    desk.expect(0, "run small.toml --out alone --quiet");
    assert_eq!(desk.read("alone/trials.csv"), "theirs");
}

#[test]
fn what_cannot_be_put_in_place_leaves_all_as_it_was() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --quiet");
    fs::remove_file(desk.path("output/small/timeline.csv")).expect("ours");
    desk.put("output/small/timeline.csv/in-the-way", "a folder of theirs");
    let before: Vec<String> = desk
        .files("output/small")
        .iter()
        .map(|path| format!("{path} {}", text(&fs::read(desk.path("output/small").join(path)).expect("there"))))
        .collect();
    let (_, err) = desk.expect(4, "run small.toml --seed 2");
    assert!(err.contains("timeline.csv") && err.contains("nothing was changed"), "{err}");
    let after: Vec<String> = desk
        .files("output/small")
        .iter()
        .map(|path| format!("{path} {}", text(&fs::read(desk.path("output/small").join(path)).expect("there"))))
        .collect();
    assert!(before == after);
    assert_eq!(desk.litter(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_disk_without_room_leaves_all_as_it_was() {
    let desk = Desk::new();
    let run = |script: &str| {
        Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_linchpin")])
            .current_dir(desk.0.path())
            .output()
            .expect("sh")
    };
    // A file may not be larger than a few blocks: as a full disk, an error in the midst of a write.
    let refused = run("trap '' XFSZ; ulimit -f 16; exec \"$0\" run small.toml");
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("nothing was changed"));
    assert!(!desk.path("output").exists());
    desk.expect(0, "run small.toml --quiet");
    let before = desk.read("output/small/summary.csv");
    let refused = run("trap '' XFSZ; ulimit -f 16; exec \"$0\" run small.toml --seed 2");
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
    assert_eq!(desk.read("output/small/summary.csv"), before);
    assert_eq!(desk.files("output/small"), FILES);
}

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
fn several_files_get_a_folder_each() {
    let desk = Desk::new();
    desk.put("other.toml", SMALL);
    let (out, _) = desk.expect(0, "run small.toml other.toml --out all --trials 50 --json");
    let names: Vec<String> = (out.lines())
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON")["scenario_file"].to_string()
        })
        .collect();
    assert_eq!(names, ["\"small.toml\"", "\"other.toml\""]);
    assert!(desk.path("all/small/run.json").is_file() && desk.path("all/other/run.json").is_file());
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
}

#[test]
fn quiet_says_nothing() {
    let desk = Desk::new();
    assert_eq!(desk.expect(0, "run small.toml --quiet --trials 20"), (String::new(), String::new()));
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let desk = Desk::new();
    let folders = ["1", "2", "3", "8"];
    for threads in folders {
        desk.expect(
            0,
            &format!("run small.toml --trials 3000 --trials-csv --quiet --threads {threads} --out {threads}"),
        );
    }
    let files = desk.files("1");
    assert_eq!(files.len(), FILES.len() + 1);
    for other in &folders[1..] {
        assert_eq!(desk.files(other), files);
        for file in files.iter().filter(|file| *file != "run.json") {
            let bytes = |folder: &str| fs::read(desk.path(folder).join(file)).expect("there");
            assert!(bytes("1") == bytes(other), "{file} differs with {other} threads");
        }
    }
    desk.expect(0, "run small.toml --trials 3000 --trials-csv --quiet --seed 2 --out other-seed");
    assert_ne!(desk.read("1/summary.csv"), desk.read("other-seed/summary.csv"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_writes_nothing() {
    let desk = Desk::new();
    let child = desk
        .command("run small.toml --trials 20M")
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("nothing was written"), "{}", text(&output.stderr));
    assert!(!desk.path("output").exists());
    assert_eq!(desk.litter(), Vec::<String>::new());
}

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
fn files_outside_the_scenarios_folder_are_out_of_reach() {
    let desk = Desk::new();
    desk.put("outside/secret.csv", "hours\n1\n");
    desk.put("case/small.toml", SMALL);
    fs::create_dir_all(desk.path("case/data")).expect("folder");
    std::os::unix::fs::symlink(desk.path("outside/secret.csv"), desk.path("case/data/incidents.csv")).expect("link");
    let (_, err) = desk.expect(3, "run case/small.toml");
    assert!(err.contains("outside"), "{err}");
    for path in ["../outside/secret.csv", "/etc/hostname", "data"] {
        desk.put("case/small.toml", &SMALL.replace("data/incidents.csv", path));
        let (_, err) = desk.expect(3, "check case/small.toml");
        assert!(err.contains(path), "{err}");
    }
    assert!(!desk.path("output").exists());
}

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
