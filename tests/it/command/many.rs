//! As many trials as it takes: precision, time, memory, parts, checkpoints.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::desk::{Desk, text};

/// Every file below a folder with its bytes; `run.json` without the time taken and the threads.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder_in) = open.pop() {
        for entry in fs::read_dir(&folder_in).unwrap_or_else(|e| panic!("{}: {e}", folder_in.display())) {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).expect("file");
            if path.ends_with("run.json") {
                let mut told: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
                told.as_object_mut().expect("an object").retain(|key, _| key != "wall_seconds" && key != "threads");
                bytes = told.to_string().into_bytes();
            }
            files.insert(path.strip_prefix(folder).expect("below").display().to_string(), bytes);
        }
    }
    files
}

#[track_caller]
fn assert_same(desk: &Desk, a: &str, b: &str) {
    let (a, b) = (tree(&desk.path(a)), tree(&desk.path(b)));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{name} differs");
    }
}

#[test]
fn parts_join_to_the_bytes_of_one_run() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --trials 5000 --quiet --out whole --trials-csv");
    for (i, n, threads) in [(1, 3, 1), (2, 3, 2), (5, 6, 3), (6, 6, 1)] {
        let (out, _) = desk.expect(
            0,
            &format!("run small.toml --trials 5000 --trials-csv --part {i}/{n} --threads {threads} --out parts"),
        );
        assert!(out.contains(&format!("parts/small.{i}-of-{n}.part")), "{out}");
    }
    // In any order, cut in any way.
    let parts = "parts/small.6-of-6.part parts/small.1-of-3.part parts/small.5-of-6.part parts/small.2-of-3.part";
    // The scenario is in the parts.
    fs::remove_file(desk.path("small.toml")).expect("there");
    desk.expect(0, &format!("merge {parts} --out merged --quiet"));
    assert_same(&desk, "whole", "merged");
}

#[test]
fn parts_that_do_not_go_together_are_refused_by_name() {
    let desk = Desk::new();
    for (i, more) in [(1, ""), (2, ""), (3, ""), (4, "--seed 9")] {
        desk.expect(0, &format!("run small.toml --trials 4096 --part {i}/4 --quiet --out p {more}"));
    }
    let part = |i: u32| format!("p/small.{i}-of-4.part");
    let refused = |code: i32, files: &[String], words: &[&str]| {
        let (_, err) = desk.expect(code, &format!("merge {} --out merged", files.join(" ")));
        for word in words {
            assert!(err.contains(word), "{word}: {err}");
        }
        assert!(!desk.path("merged").exists());
    };
    refused(2, &[part(1), part(2), part(3), part(4)], &["small.4-of-4.part", "its seed is 9, not"]);
    desk.expect(0, "run small.toml --trials 4096 --part 4/4 --quiet --out p");
    refused(2, &[part(1), part(2), part(4)], &["trials 2,048 to 3,071", "part 3/4 is missing"]);
    refused(2, &[part(1), part(2), part(3)], &["trials 3,072 to 4,095", "part 4/4 is missing"]);
    refused(2, &[part(1), part(1), part(2)], &["both hold trials 0 to 1,023"]);
    desk.expect(0, "run small.toml --trials 8192 --part 2/8 --quiet --out q");
    refused(2, &[part(1), "q/small.2-of-8.part".to_owned()], &["its number of trials is 8,192, not 4,096"]);
    refused(4, &[part(1), "small.toml".to_owned()], &["small.toml", "no part or checkpoint"]);
    refused(4, &[part(1), "p/nothing.part".to_owned()], &["p/nothing.part", "no such file"]);
    let mut bytes = fs::read(desk.path(&part(2))).expect("a part");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(desk.path(&part(2)), bytes).expect("written");
    refused(4, &[part(1), part(2), part(3), part(4)], &["small.2-of-4.part", "damaged"]);
}

#[test]
fn a_run_clears_away_what_a_killed_one_left_in_its_folder() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --trials 512 --quiet --out o");
    for folder in ["o/.linchpin-left/new", "o/.mine"] {
        fs::create_dir_all(desk.path(folder)).expect("made");
        fs::write(desk.path(folder).join("summary.csv"), "half").expect("written");
    }
    desk.expect(0, "run small.toml --trials 512 --quiet --out o");
    assert!(!desk.path("o/.linchpin-left").exists());
    assert!(desk.path("o/.mine/summary.csv").exists(), "strangers stay");
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let desk = Desk::new();
    // Slow enough to be killed half-way, whatever the machine.
    let run = "run small.toml --trials 60k --seed 3 --quiet --out";
    desk.expect(0, &format!("{run} whole"));
    let mut killed = 0;
    loop {
        let mut child =
            desk.command(&format!("{run} often --checkpoint --checkpoint-every 10ms")).spawn().expect("starts");
        std::thread::sleep(Duration::from_millis(50 + 30 * killed));
        if child.try_wait().expect("known").is_some_and(|status| status.success()) {
            break;
        }
        child.kill().expect("killed");
        if child.wait().expect("ended").success() {
            break;
        }
        // It may have been killed between its last file and its end.
        let whole = !desk.path("often").exists() || desk.path("often/run.json").exists();
        assert!(whole, "nothing half-written");
        killed += 1;
        assert!(killed < 200, "it comes no further");
    }
    assert!(!desk.path("often.checkpoint").exists(), "it has served");
    assert_same(&desk, "whole", "often");
    assert!(killed > 1, "it was killed half-way {killed} times");
}

#[test]
fn a_checkpoint_of_another_run_is_refused_and_kept() {
    let desk = Desk::new();
    let mut child = desk
        .command("run small.toml --trials 100M --checkpoint --checkpoint-every 10ms --quiet --out x")
        .spawn()
        .expect("starts");
    while !desk.path("x.checkpoint").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let before = fs::read(desk.path("x.checkpoint")).expect("a checkpoint");
    let (_, err) = desk.expect(2, "run small.toml --trials 100M --seed 8 --checkpoint --out x");
    assert!(err.contains("x.checkpoint") && err.contains("its seed is"), "{err}");
    let (_, err) = desk.expect(2, "run small.toml --trials 100M --memory 64M --checkpoint --out x");
    assert!(err.contains("another --memory"), "{err}");
    assert_eq!(fs::read(desk.path("x.checkpoint")).expect("kept"), before);
    fs::write(desk.path("x.checkpoint"), &before[..before.len() - 1]).expect("written");
    let (_, err) = desk.expect(4, "run small.toml --trials 100M --checkpoint --out x");
    assert!(err.contains("x.checkpoint") && err.contains("damaged"), "{err}");
}

#[test]
fn a_run_ends_when_it_is_precise_enough() {
    let desk = Desk::new();
    let trials = |folder: &str| {
        let told: serde_json::Value = serde_json::from_str(&desk.read(&format!("{folder}/run.json"))).expect("JSON");
        told["trials"].as_u64().expect("a number")
    };
    desk.expect(0, "run small.toml --precision 2% --of mean --quiet --out loose");
    desk.expect(0, "run small.toml --precision 1% --of mean --threads 1 --quiet --out tight");
    let (loose, tight) = (trials("loose"), trials("tight"));
    assert!(loose % 512 == 0 && (2 * loose..=8 * loose).contains(&tight), "{loose} {tight}");
    desk.expect(0, &format!("run small.toml --trials {tight} --quiet --out again"));
    assert_same(&desk, "tight", "again");
    for row in desk.read("tight/convergence.csv").lines().filter(|row| row.contains(&format!(",{tight},mean,"))) {
        let error: f64 = row.rsplit(',').next().and_then(|cell| cell.parse().ok()).expect("an error");
        assert!(error <= 0.01, "{row}");
    }
    let (_, err) = desk.expect(0, "run small.toml --precision 0.001% --max-trials 3000 --out most");
    assert_eq!(trials("most"), 3000);
    let said = "not 0.001\u{a0}% as asked: --max-trials allows no more";
    assert!(
        err.contains("warning: after 3,000 trials the standard error of TVaR 99.5\u{a0}% is ") && err.contains(said),
        "{err}"
    );
    assert!(desk.read("most/run.json").contains(said));
    let (_, err) = desk.expect(0, "run small.toml --precision 50% --of mean --out loose");
    assert!(!err.contains("warning"), "{err}");
    desk.expect(0, "run small.toml --time 0.3s --quiet --out timed");
    let timed = trials("timed");
    desk.expect(0, &format!("run small.toml --trials {timed} --quiet --out untimed"));
    assert_same(&desk, "timed", "untimed");
    for wrong in ["--precision 1% --trials 100", "--part 1/2 --precision 1%", "--part 1/2 --time 3s", "--of mean"] {
        desk.expect(2, &format!("run small.toml {wrong}"));
    }
    let (_, err) = desk.expect(2, "run small.toml --max-trials 100");
    assert!(err.contains("--precision") || err.contains("--time"), "{err}");
}

#[test]
fn little_memory_moves_figures_by_less_than_a_bin() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --trials 300k --quiet --out all");
    desk.expect(0, "run small.toml --trials 300k --memory 64M --quiet --out some");
    let table = |folder: &str| -> Vec<Vec<String>> {
        let rows = desk.read(&format!("{folder}/measures.csv"));
        rows.lines().skip(1).map(|row| row.split(',').map(str::to_owned).collect()).collect()
    };
    let told: serde_json::Value = serde_json::from_str(&desk.read("some/run.json")).expect("JSON");
    let width = told["bin_width"].as_f64().expect("a width");
    assert!(width < 0.005, "{width}");
    assert!(told["trials_with_rows"].as_u64().is_some_and(|n| n < 150_000), "{told}");
    let number = |cell: &str| cell.parse::<f64>().unwrap_or(0.0);
    for (a, b) in table("all").iter().zip(&table("some")) {
        assert_eq!(a[..5], b[..5]);
        // Parts of the tail are of the trials kept; a difference of two figures has the bins of both.
        if a[3] != "tvar_99_part" && a[1] != "difference" {
            let (a_is, b_is) = (number(&a[5]), number(&b[5]));
            let width =
                if a[1] == "loss_by_month" { told["month_bin_width"].as_f64().expect("a width") } else { width };
            assert!((a_is - b_is).abs() <= width * a_is.abs() + 1e-9, "{a:?} {b:?}");
        }
        if a[3] == "tvar" || a[3] == "mean" {
            let (a_error, b_error) = (number(&a[6]), number(&b[6]));
            assert!((a_error - b_error).abs() <= 0.2 * a_error + 1e-9, "{a:?} {b:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_puts_aside_what_is_done() {
    let desk = Desk::new();
    let child = desk
        .command("run small.toml --trials 100M --checkpoint --out x")
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    std::thread::sleep(Duration::from_millis(400));
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("sent");
    assert!(sent.success());
    let output = child.wait_with_output().expect("ended");
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert!(err.contains("put aside in `x.checkpoint`") && err.contains("goes on from there"), "{err}");
    assert!(desk.path("x.checkpoint").exists() && !desk.path("x").exists());
}

/// A rare cost, of which sampling makes much.
const RARE: &str = "start = 2026-01-01\nhorizon = \"1 year\"\nvendor.a = {}\nservice.s = { revenue = \"$1/h\" }\n\
    portfolio.p = { shares = { a = 1.0 } }\n[risk.r]\nkind = \"legal\"\non = \"a\"\narrivals = { per_year = 0.02 }\n\
    outcomes = [{ name = \"fine\", probability = 1.0, cost = { median = \"$1M\", sigma = 1 } }]\n";

/// A run of unknown length weighs what sampling saves, too.
#[test]
fn a_run_until_it_is_precise_may_be_sampled() {
    let desk = Desk::new();
    desk.put("rare.toml", RARE);
    // So little precision takes fewer trials than a pilot.
    for (until, taken, reason) in [
        ("--precision 20%", "plain", "times slower, the pilot included"),
        ("--precision 1%", "importance", "times faster, the pilot included"),
        ("--time 1s --max-trials 2000", "importance", "times faster, the pilot not counted"),
    ] {
        desk.expect(0, &format!("run rare.toml {until} --sampling auto --quiet --out x"));
        let told: serde_json::Value = serde_json::from_str(&desk.read("x/run.json")).expect("JSON");
        let told = &told["sampling"];
        assert!(told["taken"] == taken && told["reason"].as_str().is_some_and(|r| r.contains(reason)), "{told}");
    }
}

/// Only trials with weights must all be kept: where `auto` draws plainly, a run goes on beyond what has room.
#[test]
fn only_weighted_trials_end_where_memory_does() {
    let desk = Desk::new();
    desk.put("rare.toml", RARE);
    desk.put(
        "often.toml",
        &RARE
            .replace("per_year = 0.02", "every = \"1 h to 90 days\"")
            .replace("{ median = \"$1M\", sigma = 1 }", "\"$1M\""),
    );
    for (run, trials, why) in [
        ("often.toml --sampling auto", 400_000, "--max-trials allows no more"),
        ("rare.toml --sampling importance", 174_762, "--memory 64M has room for no more"),
    ] {
        let (_, err) = desk.expect(0, &format!("run {run} --precision 0.001% --max-trials 400k --memory 64M --out x"));
        assert!(err.contains(why), "{err}");
        let told: serde_json::Value = serde_json::from_str(&desk.read("x/run.json")).expect("JSON");
        assert_eq!(told["trials"], trials, "{}", told["sampling"]);
    }
}

/// What a pilot takes is not more than the run is worth that it is for; memory that ends a run says so; a checkpoint brings its pilot with it.
#[test]
fn a_sampled_run_knows_its_bounds() {
    let desk = Desk::new();
    desk.put("rare.toml", RARE);
    let told = |folder: &str| -> serde_json::Value {
        serde_json::from_str(&desk.read(&format!("{folder}/run.json"))).expect("JSON")
    };
    for bound in ["--max-trials 5000", "--time 10ms"] {
        desk.expect(0, &format!("run rare.toml --precision 0.01% {bound} --sampling importance --quiet --out x"));
        assert_eq!(told("x")["sampling"]["pilot_trials"], 8_000, "{bound}");
    }
    let (_, err) = desk.expect(0, "run rare.toml --time 10min --memory 64M --sampling importance --out x");
    assert!(err.contains("warning: the run ended after 174,762 trials, before its --time: --memory 64M"), "{err}");
    let mut child = desk
        .command(
            "run rare.toml --precision 0.1% --sampling importance --checkpoint --checkpoint-every 1ms --quiet --out y",
        )
        .spawn()
        .expect("starts");
    while !desk.path("y.checkpoint").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    desk.expect(0, "run rare.toml --precision 5% --sampling importance --checkpoint --quiet --out y");
    assert_eq!(told("y")["sampling"]["pilot_trials"], 64_000);
    desk.expect(
        0,
        &format!("run rare.toml --trials {} --pilot 64k --sampling importance --quiet --out z", told("y")["trials"]),
    );
    assert_eq!(desk.read("y/summary.csv"), desk.read("z/summary.csv"));
}

/// What `auto` took before the checkpoint it takes after it, though a run that needs so little precision would be drawn plainly.
#[test]
fn auto_goes_on_as_it_began() {
    let desk = Desk::new();
    desk.put("rare.toml", RARE);
    let begun = "run rare.toml --precision 0.1% --sampling auto --checkpoint --checkpoint-every 1ms --quiet --out y";
    let mut child = desk.command(begun).spawn().expect("starts");
    while !desk.path("y.checkpoint").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    desk.expect(0, "run rare.toml --precision 20% --sampling auto --checkpoint --quiet --out y");
    let told: serde_json::Value = serde_json::from_str(&desk.read("y/run.json")).expect("JSON");
    assert_eq!(told["sampling"]["taken"], "importance", "{told}");
    desk.expect(0, "run rare.toml --precision 20% --sampling auto --quiet --out z");
    let told: serde_json::Value = serde_json::from_str(&desk.read("z/run.json")).expect("JSON");
    assert_eq!(told["sampling"]["taken"], "plain", "{told}");
}

/// Trials of which none lost anything are not precise, and a pilot that saw too little says so.
#[test]
fn what_was_not_seen_is_not_known() {
    let desk = Desk::new();
    desk.put("rarer.toml", &RARE.replace("0.02", "0.0005"));
    let told = |folder: &str| -> serde_json::Value {
        serde_json::from_str(&desk.read(&format!("{folder}/run.json"))).expect("JSON")
    };
    for of in ["mean", "tvar,0.995"] {
        desk.expect(0, &format!("run rarer.toml --seed 2 --precision 10% --of {of} --quiet --out x"));
        let trials = told("x")["trials"].as_u64().expect("a number");
        assert!(trials > 50_000, "{trials}");
        assert!(!desk.read("x/measures.csv").contains("loss,,mean,,0,0,0,0"));
    }
    // Where nothing can happen, it is so after so many trials.
    desk.put("never.toml", &RARE.replace("probability = 1.0", "probability = 0.0"));
    desk.expect(0, "run never.toml --precision 10% --quiet --out never");
    assert_eq!(told("never")["trials"], 131_072);
    desk.put("never.toml", &RARE.replace("0.02", "1e-7"));
    let (_, err) = desk.expect(0, "run never.toml --trials 1k --sampling importance --out never");
    assert!(
        err.contains(
            "warning: --sampling importance was asked for, but trials were drawn plainly: Of the pilot's last"
        ),
        "{err}"
    );
    assert!(
        err.contains("trials none lost more than usual, too few to learn from: a longer --pilot may see more"),
        "{err}"
    );
    assert_eq!(told("never")["warnings"].as_array().map(Vec::len), Some(1));
}

/// A pilot that takes all the time there is leaves none for the run.
#[test]
fn auto_gives_up_a_pilot_for_which_there_is_no_time() {
    let desk = Desk::new();
    let busy = RARE.replace(
        "[risk.r]",
        "[risk.o]\nkind = \"outage\"\non = \"a\"\narrivals = { per_year = 5000 }\nduration = \"1 h\"\n[risk.r]",
    );
    desk.put("busy.toml", &busy);
    desk.expect(0, "run busy.toml --time 20ms --sampling auto --quiet --out x");
    let told: serde_json::Value = serde_json::from_str(&desk.read("x/run.json")).expect("JSON");
    assert_eq!((&told["sampling"]["taken"], &told["sampling"]["pilot_trials"]), (&"plain".into(), &0.into()), "{told}");
    assert!(told["sampling"]["reason"].as_str().is_some_and(|why| why.contains("--time")), "{told}");
    let trials = told["trials"].as_u64().expect("a number");
    assert!(trials >= 512 && trials.is_multiple_of(512), "{trials}");
    desk.expect(0, &format!("run busy.toml --trials {trials} --quiet --out y"));
    assert_eq!(desk.read("x/summary.csv"), desk.read("y/summary.csv"));
}

/// A sampled run that ended by its precision is the same when asked for by its trials and its pilot.
#[test]
fn a_sampled_run_can_be_asked_for_again() {
    let desk = Desk::new();
    desk.expect(0, "run small.toml --precision 3% --sampling importance --quiet --out until");
    let told = |folder: &str| -> serde_json::Value {
        serde_json::from_str(&desk.read(&format!("{folder}/run.json"))).expect("JSON")
    };
    let (trials, pilot) = (&told("until")["trials"], &told("until")["sampling"]["pilot_trials"]);
    let again = format!("run small.toml --trials {trials} --sampling importance --pilot");
    desk.expect(0, &format!("{again} {pilot} --quiet --out again"));
    // What sampling is worth is told of the trials that were foretold, and of those that were asked for.
    let files = |folder: &str| {
        let mut files = tree(&desk.path(folder));
        files.remove("run.json");
        files
    };
    assert!(files("until") == files("again"));
    assert_eq!(told("until")["sampling"]["tilts"], told("again")["sampling"]["tilts"]);
    // With another it is another run.
    for i in [1, 2] {
        desk.expect(0, &format!("{again} 1k --part {i}/2 --quiet --out parts"));
    }
    desk.expect(0, &format!("{again} 1_000 --quiet --out short"));
    assert_eq!(told("short")["sampling"]["pilot_trials"], 1_000);
    assert_ne!(desk.read("short/summary.csv"), desk.read("until/summary.csv"));
    desk.expect(0, "merge parts/small.2-of-2.part parts/small.1-of-2.part --out merged --quiet");
    assert_same(&desk, "short", "merged");
    desk.expect(0, &format!("{again} 2k --part 2/2 --quiet --out other"));
    let (_, err) = desk.expect(2, "merge parts/small.1-of-2.part other/small.2-of-2.part --out no");
    assert!(err.contains("its --pilot is 2,000, not 1,000"), "{err}");
    let (_, err) = desk.expect(2, "run small.toml --pilot 8k");
    assert!(err.contains("--pilot is for --sampling importance or auto"), "{err}");
    let (_, err) = desk.expect(2, "run small.toml --sampling auto --pilot 100");
    assert!(err.contains("600"), "{err}");
}

/// Holds the measures in the folder `weighted` to those in the folder `plain`, by their errors.
fn agree(desk: &Desk) {
    let table = |folder: &str| -> Vec<Vec<String>> {
        let rows = desk.read(&format!("{folder}/measures.csv"));
        rows.lines().skip(1).map(|row| row.split(',').map(str::to_owned).collect()).collect()
    };
    let number = |cell: &str| cell.parse::<f64>().ok();
    let (mut compared, mut far) = (0, 0);
    for (a, b) in table("weighted").iter().zip(&table("plain")) {
        assert_eq!(a[..5], b[..5]);
        let (Some(x), Some(y), Some(e), Some(f)) = (number(&a[5]), number(&b[5]), number(&a[6]), number(&b[6])) else {
            continue;
        };
        compared += 1;
        far += usize::from((x - y).abs() > 3.5 * e.hypot(f) + 1e-6 * y.abs());
    }
    // Many of them are of the same trials, and a quantile at an atom has no error.
    assert!(compared > 150 && far <= compared / 50, "{far} of {compared}");
}

/// In its pilot the outages of the cloud are events, those of vendors stay in their columns.
#[test]
fn importance_sampling_agrees_with_plain_trials_where_outages_overlap() {
    let desk = Desk::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/reference-workload.toml");
    desk.expect(0, &format!("run {file} --trials 10k --sampling importance --quiet --out weighted"));
    desk.expect(0, &format!("run {file} --trials 60k --seed 5 --quiet --out plain"));
    agree(&desk);
}

#[test]
fn importance_sampling_agrees_with_plain_trials_and_says_what_it_is_worth() {
    let desk = Desk::new();
    let (out, _) = desk.expect(0, "run small.toml --trials 20k --sampling importance --trials-csv --out weighted");
    assert!(out.contains("Importance sampling: worth ") && out.contains("effective"), "{out}");
    desk.expect(0, "run small.toml --trials 200k --seed 5 --quiet --out plain");
    agree(&desk);
    let told: serde_json::Value = serde_json::from_str(&desk.read("weighted/run.json")).expect("JSON");
    assert_eq!(told["sampling"]["taken"], "importance");
    assert!(told["sampling"]["tilts"].as_array().is_some_and(|tilts| !tilts.is_empty()), "{told}");
    let trials = desk.read("weighted/trials.csv");
    let mut rows = trials.lines();
    assert!(rows.next().expect("a header").ends_with(",cover,weight"));
    let weights: Vec<f64> =
        rows.map(|row| row.rsplit(',').next().and_then(|cell| cell.parse().ok()).expect("a weight")).collect();
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    assert!((mean - 1.0).abs() < 0.05 && weights.iter().all(|w| (0.0..=2.5).contains(w)), "{mean}");
}

#[test]
fn weighted_parts_join_to_the_bytes_of_one_run() {
    let desk = Desk::new();
    let run = "run small.toml --trials 3000 --sampling importance --quiet";
    desk.expect(0, &format!("{run} --out whole"));
    for i in [1, 2] {
        desk.expect(0, &format!("{run} --part {i}/2 --threads {i} --out parts"));
    }
    desk.expect(0, "merge parts/small.2-of-2.part parts/small.1-of-2.part --out merged --quiet");
    assert_same(&desk, "whole", "merged");
    desk.expect(0, "run small.toml --trials 3000 --part 2/2 --quiet --out plain");
    let (_, err) = desk.expect(2, "merge parts/small.1-of-2.part plain/small.2-of-2.part --out no");
    assert!(err.contains("its --sampling is plain, not importance"), "{err}");
    // Chance has no part in it: nothing to tilt, and that is said.
    desk.put("certain.toml", "start = 2026-01-01\nhorizon = \"1 year\"\nvendor.a = {}\nservice.s = { revenue = \"$1/h\" }\nportfolio.p = { shares = { a = 1.0 } }\n");
    let (out, _) = desk.expect(0, "run certain.toml --trials 100 --sampling auto");
    assert!(out.contains("Drawn plainly."), "{out}");
    let (_, err) = desk.expect(2, "run small.toml --trials 1e9 --sampling importance");
    assert!(err.contains("--sampling keeps every trial"), "{err}");
}
