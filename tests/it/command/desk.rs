//! A folder of its own to run the command in, and a small scenario that has something of every output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Two vendors, an outage from a data file, a price path, an appetite: something of every output.
pub const SMALL: &str = r#"
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
pub struct Desk(pub TempDir);

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a temporary folder"));
        desk.put("small.toml", SMALL);
        desk.put("data/incidents.csv", "hours\n0.5\n1\n2\n2\n8\n");
        desk
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("folder");
        fs::write(path, text).expect("file");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path()).env_remove("RAYON_NUM_THREADS");
        command
    }

    pub fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().expect("the command starts")
    }

    /// Runs, and wants this exit code and no panic.
    #[track_caller]
    pub fn expect(&self, code: i32, arguments: &str) -> (String, String) {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "linchpin {arguments}\n{out}\n{err}");
        assert!(!err.contains("panicked"), "{err}");
        (out, err)
    }

    /// Every file below `path`, in order.
    pub fn files(&self, path: &str) -> Vec<String> {
        let mut files = Vec::new();
        walk(&self.path(path), "", &mut files);
        files.sort();
        files
    }

    /// All that is in the desk's folder itself, hidden or not.
    pub fn litter(&self) -> Vec<String> {
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

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
