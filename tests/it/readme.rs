//! What the README says holds: its scenario runs, its commands exist, and what it calls missing is refused.

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

/// What stands in backticks between two texts.
fn words(from: &str, to: &str) -> BTreeSet<&'static str> {
    let part = README.split_once(from).expect(from).1.split_once(to).expect(to).0;
    part.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_ten_lines_are_ten_and_run() {
    assert_eq!(ten_lines().lines().count(), 10);
    let read = read("ten-lines.toml", ten_lines().as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let options = linchpin::Options { trials: 0..500, keep_components: false };
    let results = linchpin::run(&read.scenario, &options, &|_| true).expect("not stopped");
    for headline in &results.headlines {
        assert!(headline.plan > 0.0 && headline.mean_loss.value > 0.0, "{headline:?}");
    }
}

/// A word that the README calls missing, and how it would be written: text of the ten lines, and what replaces it.
const MISSING: &[(&str, &str, &str)] = &[
    ("delay", r#""outage""#, r#""delay""#),
    ("retirement", r#""outage""#, r#""retirement""#),
    ("governance", r#""outage""#, r#""governance""#),
    ("breach", r#""outage""#, r#""breach""#),
    ("insolvency", r#""outage""#, r#""insolvency""#),
    ("retaliation", r#""outage""#, r#""retaliation""#),
    ("capability", "vendor.main = {", "vendor.main = { capability = 0.9,"),
    ("stake", "vendor.main = {", r#"vendor.main = { stake = "$1M","#),
    ("sensitivity", "assistant = {", "assistant = { sensitivity = 0.3,"),
    ("churn", "assistant = {", r#"assistant = { churn = { after = "4 h", loses = "1%", returns = "1 year" },"#),
    ("capability_change", "cut-off = {", r#"cut-off = { capability_change = "-5%","#),
    ("stake_change", "cut-off = {", r#"cut-off = { stake_change = "-5%","#),
    ("raises", "cut-off = {", "cut-off = { raises = { outage = 2.0 },"),
    ("causes", "cut-off = {", "cut-off = { causes = { outage = { probability = 0.4 } },"),
    ("follows", "per_year = 25", "per_year = 25, follows = { climate = 0.5 }"),
    ("aftershocks", "per_year = 25", r#"per_year = 25, aftershocks = { mean = 0.3, within = "12 h" }"#),
    ("sla", "vendor.spare", "contract.main = { sla = [] }\nvendor.spare"),
    ("rebates", "vendor.spare", "contract.main = { rebates = [] }\nvendor.spare"),
    ("factor", "vendor.spare", "factor.climate = {}\nvendor.spare"),
    ("cover", "vendor.spare", "cover.interruption = {}\nvendor.spare"),
    ("covers", "portfolio.two = {", r#"portfolio.two = { covers = ["interruption"],"#),
    ("playbook", "portfolio.two = {", "portfolio.two = { playbook = [],"),
];

#[test]
fn what_is_not_yet_is_refused_and_named() {
    let listed = words("**What is not yet.**", "**What stands outside.**");
    assert_eq!(listed, MISSING.iter().map(|(word, ..)| *word).collect());
    for (word, text, instead) in MISSING {
        let scenario = ten_lines().replacen(text, instead, 1);
        assert_ne!(scenario, ten_lines(), "{word}: `{text}` is not in the ten lines");
        let problems = read("later.toml", scenario.as_bytes(), &NoFiles).expect_err(word);
        let wanted = format!("`{word}` is not supported yet");
        assert!(problems.list.iter().any(|problem| problem.message.ends_with(&wanted)), "{word}:\n{problems}");
    }
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
            let command = line.split(" > ").next().expect("a first part");
            let Some(arguments) = command.strip_prefix("linchpin ").or(command.strip_prefix("cargo run --release -- "))
            else {
                assert!(["cargo test", "cargo install --locked --path ."].contains(&line), "{line}");
                continue;
            };
            let arguments: Vec<&str> = arguments.split(' ').collect();
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
