//! `linchpin value`: what each thing that a portfolio pays for or insists on is worth.

use std::path::PathBuf;

use clap::Args;
use linchpin::output::csv;
use linchpin::scenario::Scenario;
use linchpin::study::value::{Worth, value};

use super::terminal::{self, Column};
use super::{Failure, amount, arguments, interrupt, open, shown};

pub(super) const HELP: &str = "\
Removes, one at a time and on the same luck, each standby, failover, migration
plan, price cap, SLA, rebate, cover and playbook entry, and moves each vendor's
share to the largest vendor. `saves` is the expected total cost that the choice
saves, `cuts` what it takes off TVaR 99 % of total cost, each ± half of its 95 %
interval. Below 0 it costs more than it is worth.";

/// Arguments of `value`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario file (TOML)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, help = "Trials: 20_000, 20k, 2e4", value_name = "N", value_parser = arguments::trials, allow_negative_numbers = true, default_value = "20k")]
    trials: u64,
    /// Seed instead of the scenario's
    #[arg(long, value_name = "N", value_parser = arguments::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Print CSV instead of tables
    #[arg(long)]
    csv: bool,
}

/// Answers for one scenario.
pub(super) fn show(arguments: &Arguments) -> Result<(), Failure> {
    interrupt::listen();
    let mut opened = open::open(&arguments.file, arguments.csv)?;
    opened.scenario.seed = arguments.seed.unwrap_or(opened.scenario.seed);
    let bar = terminal::progress(Some(arguments.trials), &shown(&opened.path), arguments.csv);
    let worth = value(&opened.scenario, arguments.trials, &|done| {
        bar.set_position(done);
        !interrupt::stopped()
    });
    bar.finish_and_clear();
    let worth = worth.ok_or_else(Failure::interrupted)?;
    if arguments.csv {
        return terminal::table_of(|out| csv::value_table(&opened.scenario, &worth, out));
    }
    terminal::out(&text(&opened.scenario, &worth, arguments.trials, terminal::width()))
}

fn text(scenario: &Scenario, worth: &[Worth], trials: u64, width: usize) -> String {
    let mut text =
        format!("{}: {} trials, seed {}\n", terminal::plain(&scenario.name), amount::count(trials), scenario.seed);
    let columns = [("without", Column::Left), ("saves", Column::Right), ("cuts TVaR 99 %", Column::Right)];
    for (p, portfolio) in scenario.portfolios.iter().enumerate() {
        let rows: Vec<Vec<String>> = (worth.iter().filter(|w| w.portfolio == p))
            .map(|w| {
                let money = |e| amount::difference(e, &scenario.currency);
                vec![terminal::plain(&w.choice), money(&w.saves), money(&w.cuts)]
            })
            .collect();
        text.extend(["\n", &terminal::plain(&portfolio.id), "\n"]);
        if rows.is_empty() {
            text += "  has nothing that could be left out\n";
        } else {
            text += &terminal::table(&columns, &rows, width);
        }
    }
    text
}
