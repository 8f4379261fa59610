//! What the README says holds: its scenario runs, its table of keys is whole, and its commands exist.

use std::collections::BTreeSet;

use linchpin::scenario::{NoFiles, read};

const README: &str = include_str!("../../README.md");

/// Contents of the code blocks of a language, in order.
fn blocks<'a>(page: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced.filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}

fn ten_lines() -> &'static str {
    blocks(README, "toml").next().expect("a scenario")
}

#[test]
fn the_ten_lines_are_ten_and_run() {
    assert_eq!(ten_lines().lines().count(), 10);
    let read = read("ten-lines.toml", ten_lines().as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let options = linchpin::Options::of(0..500);
    let results = linchpin::run(&read.scenario, &options, &|_| true).expect("not stopped");
    for headline in &results.headlines {
        assert!(headline.plan > 0.0 && headline.mean_loss.value > 0.0, "{headline:?}");
    }
}

/// Every key that the whole of the model uses stands in the table of the README, below the heading of its table.
#[test]
fn the_table_of_keys_is_whole() {
    let whole: toml::Table = include_str!("whole.toml").parse().expect("TOML");
    let told = |heading: &str| -> BTreeSet<&str> {
        let rows = README.lines().filter(|line| line.starts_with(&format!("| {heading}")));
        rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect()
    };
    let missing = |heading: &str, table: &toml::Table| {
        let told = told(heading);
        let remarks = ["note", "source", "grade"];
        let keys = table.keys().map(String::as_str);
        keys.filter(|key| !told.contains(key) && !remarks.contains(key)).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut top = whole.clone();
    for section in ["platform", "vendor", "service", "contract", "cover", "factor", "risk", "portfolio"] {
        let members = top.remove(section).expect("a section");
        for member in members.as_table().expect("tables").values() {
            let table = member.as_table().expect("a table");
            assert_eq!(missing(&format!("`{section}."), table), [""; 0], "{section}");
        }
    }
    assert_eq!(missing("top of the file", &top), [""; 0]);
}

#[cfg(feature = "cli")]
mod command {
    use std::path::Path;
    use std::process::Command;

    use super::{README, blocks};

    const OUTPUT: &str = include_str!("../../output/README.md");

    fn help(arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
        let out = command.args(arguments).arg("--help").output().expect("runs");
        assert!(out.status.success(), "linchpin {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("UTF-8")
    }

    #[test]
    fn every_command_shown_is_one() {
        let mut n_shown = 0;
        for line in [README, OUTPUT].iter().flat_map(|page| blocks(page, "sh")).flat_map(str::lines) {
            let command = line.split(" > ").next().and_then(|first| first.split(" #").next()).expect("a first part");
            let Some(arguments) = command.strip_prefix("linchpin ").or(command.strip_prefix("cargo run --release -- "))
            else {
                assert!(["cargo test", "cargo install --locked --path ."].contains(&line), "{line}");
                continue;
            };
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            help(&arguments);
            let shipped = arguments.iter().filter(|argument| argument.starts_with("scenarios/"));
            shipped.for_each(|file| assert!(Path::new(file).is_file(), "{file}"));
            n_shown += 1;
        }
        assert!(n_shown >= 6, "{n_shown} commands found");
    }

    #[test]
    fn exit_codes_are_those_of_the_help() {
        let table = README.split_once("| exit code | meaning |\n|---|---|\n").expect("the table").1;
        let rows: Vec<Vec<&str>> = table
            .lines()
            .take_while(|row| row.starts_with('|'))
            .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        let help = help(&[]);
        let (_, promised) = help.split_once("Exit codes:\n").expect("exit codes");
        let promised: Vec<Vec<&str>> = promised
            .lines()
            .map(|line| line.trim().split_once(' ').map_or(vec![], |(code, meaning)| vec![code, meaning.trim()]))
            .collect();
        assert_eq!(rows, promised);
    }
}
