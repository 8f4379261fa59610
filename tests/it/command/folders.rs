//! Folders of results: what is in them, whole or not at all, and nobody else's.

use std::fs;
use std::process::{Command, Output, Stdio};

use super::desk::{Desk, SMALL, text};

const FILES: [&str; 28] = [
    "attribution.csv",
    "charts/availability.png",
    "charts/availability.svg",
    "charts/causes-mean-and-tail.png",
    "charts/causes-mean-and-tail.svg",
    "charts/convergence.png",
    "charts/convergence.svg",
    "charts/cost-and-tail-risk.png",
    "charts/cost-and-tail-risk.svg",
    "charts/exceedance.png",
    "charts/exceedance.svg",
    "charts/exposure.png",
    "charts/exposure.svg",
    "charts/loss-over-time.png",
    "charts/loss-over-time.svg",
    "charts/total-cost.png",
    "charts/total-cost.svg",
    "checks.csv",
    "comparison.csv",
    "convergence.csv",
    "exceedance.csv",
    "exposure.csv",
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

/// Starts a run, sends it a signal after a while, and waits for its end.
fn signalled(desk: &Desk, script: &str, signal: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_linchpin")]).current_dir(desk.0.path());
    let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    child.wait_with_output().expect("it ends")
}

#[test]
fn an_interrupted_run_writes_nothing() {
    for signal in ["-INT", "-TERM"] {
        let desk = Desk::new();
        let output = signalled(&desk, "exec \"$0\" run small.toml --trials 20M", signal);
        assert_eq!(output.status.code(), Some(130), "{signal}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("nothing was written"), "{}", text(&output.stderr));
        assert!(!desk.path("output").exists());
        assert_eq!(desk.litter(), Vec::<String>::new());
    }
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let desk = Desk::new();
    let output = signalled(&desk, "trap '' HUP; exec \"$0\" run small.toml --trials 300k --quiet", "-HUP");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(desk.path("output/small/run.json").is_file());
}

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
fn two_spellings_of_a_file_are_one() {
    let desk = Desk::new();
    let twice = SMALL.replace(
        "duration = \"1 h to 12 h\"",
        "duration = { empirical = \"./data/incidents.csv\", column = \"hours\" }",
    );
    desk.put("small.toml", &twice);
    desk.expect(0, "run small.toml --quiet");
    desk.expect(0, "run small.toml --quiet");
    assert_eq!(desk.files("output/small"), FILES);
}
