//! `linchpin exposure`: what the loss of each vendor and platform would cost, whatever its probability.

use std::path::{Path, PathBuf};

use clap::Args;
use linchpin::output::{chart, csv};
use linchpin::scenario::Scenario;
use linchpin::study::exposure::{Exposure, LOST, Lost, exposure};

use super::folder::Draft;
use super::terminal::{self, Column};
use super::{Failure, amount, interrupt, open, shown, written};

pub(super) const HELP: &str = "\
Each vendor and platform is lost alone at the start: for 1 h, 8 h, 3 days,
30 days and 90 days (a whole outage), and for good (access lost without
notice). All other risks are switched off, prices run as expected. Shown are
the loss (total cost less plan), and how long until all traffic is served again.";

/// Arguments of `exposure`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario file (TOML)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder of exposure.csv and the heat map; output/NAME-exposure if not given
    #[arg(long, value_name = "DIR", conflicts_with = "csv")]
    out: Option<PathBuf>,
    /// Print CSV instead of tables, and write no file
    #[arg(long)]
    csv: bool,
}

/// Answers for one scenario.
pub(super) fn show(arguments: &Arguments) -> Result<(), Failure> {
    interrupt::listen();
    let opened = open::open(&arguments.file, arguments.csv)?;
    let all = exposure(&opened.scenario);
    if arguments.csv {
        return terminal::table_of(|out| csv::exposure_table(&opened.scenario, &all, out));
    }
    let target = arguments.out.clone().unwrap_or_else(|| {
        let stem = arguments.file.file_stem().unwrap_or_default().to_string_lossy();
        Path::new("output").join(format!("{stem}-exposure"))
    });
    write(&opened.scenario, &all, &target)?;
    let files = format!("\nFiles: {} (exposure.csv, exposure.svg, exposure.png)\n", shown(&target.join("")));
    terminal::out(&(text(&opened.scenario, &all, terminal::width()) + &files))
}

/// Writes table and heat map.
fn write(scenario: &Scenario, all: &[Exposure], target: &Path) -> Result<(), Failure> {
    let mut draft = Draft::begin(target)?;
    draft.write(Path::new("exposure.csv"), |out| csv::exposure_table(scenario, all, out))?;
    for (name, bytes) in written::pictures(vec![chart::exposure(scenario, all)])? {
        draft.write(Path::new(&name), |out| out.write_all(&bytes))?;
    }
    draft.commit(&[])
}

fn text(scenario: &Scenario, all: &[Exposure], width: usize) -> String {
    let mut text = format!("{}\n", terminal::plain(&scenario.name));
    let names: Vec<String> = LOST.iter().map(|lost| lost.name()).collect();
    let mut columns = vec![("lost", Column::Left)];
    columns.extend(names.iter().map(|name| (name.as_str(), Column::Right)));
    for (p, portfolio) in scenario.portfolios.iter().enumerate() {
        let of = |node: usize, lost: Lost| all.iter().find(|e| (e.portfolio, e.node, e.lost) == (p, node, lost));
        let rows: Vec<Vec<String>> = (0..scenario.nodes.len())
            .map(|node| {
                let cell = |lost: &Lost| of(node, *lost).map_or_else(String::new, |e| cell(e, &scenario.currency));
                std::iter::once(terminal::plain(&scenario.nodes[node].id)).chain(LOST.iter().map(cell)).collect()
            })
            .collect();
        text.extend(["\n", &terminal::plain(&portfolio.id), "\n", &terminal::table(&columns, &rows, width)]);
    }
    text + "\n" + &terminal::wrapped(&worst(scenario, all), width, "")
}

fn cell(e: &Exposure, currency: &str) -> String {
    if e.unserved_hours <= 0.0 && e.loss == 0.0 {
        return "-".to_owned();
    }
    format!("{} ({})", amount::money(e.loss, currency), recovery(e))
}

fn recovery(e: &Exposure) -> String {
    e.recovery_hours.map_or_else(|| "never".to_owned(), amount::hours)
}

/// The three worst losses in words, of each node the worst.
fn worst(scenario: &Scenario, all: &[Exposure]) -> String {
    let mut order: Vec<&Exposure> = all.iter().filter(|e| e.loss > 0.0).collect();
    order.sort_by(|a, b| b.loss.total_cmp(&a.loss));
    let mut told: Vec<(usize, usize)> = Vec::new();
    let mut lines = Vec::new();
    for e in order {
        if told.contains(&(e.node, e.portfolio)) {
            continue;
        }
        told.push((e.node, e.portfolio));
        let until = match e.recovery_hours {
            Some(hours) => format!("all traffic is served again after {}", amount::hours(hours)),
            None => "some traffic is never served again".to_owned(),
        };
        let how_long = match e.lost {
            Lost::Hours(_) => format!("for {}", e.lost.name()),
            Lost::ForGood => e.lost.name(),
        };
        lines.push(format!(
            "{}. `{}` loses {} if `{}` is lost {how_long}; {until}.\n",
            told.len(),
            terminal::plain(&scenario.portfolios[e.portfolio].id),
            amount::money(e.loss, &scenario.currency),
            terminal::plain(&scenario.nodes[e.node].id),
        ));
        if told.len() == 3 {
            break;
        }
    }
    if lines.is_empty() {
        return "No loss of a vendor or platform costs anything.\n".to_owned();
    }
    format!("Worst:\n{}", lines.concat())
}
