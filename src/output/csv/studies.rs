//! Studies as CSV.

use std::io;

use super::Rows;
use super::cell::{estimate, number, option, text, with_interval};
use crate::scenario::Scenario;
use crate::study::exposure::{Exposure, Lost};
use crate::study::value::Worth;

/// `exposure.csv`: a row per node, length of its loss and portfolio.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn exposure(scenario: &Scenario, all: &[Exposure], out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("node,lost_hours,portfolio,loss,unserved_hours,recovery_hours")?;
    for e in all {
        rows.row([
            text(&scenario.nodes[e.node].id),
            match e.lost {
                Lost::Hours(hours) => number(hours),
                Lost::ForGood => "permanent".to_owned(),
            },
            text(&scenario.portfolios[e.portfolio].id),
            number(e.loss),
            number(e.unserved_hours),
            option(e.recovery_hours),
        ])?;
    }
    rows.end()
}

/// What each choice is worth: a row per portfolio and choice.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn value(scenario: &Scenario, worth: &[Worth], out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    let mut header = ["portfolio", "without"].map(String::from).to_vec();
    header.extend(with_interval("saves"));
    header.extend(with_interval("cuts_tvar_99"));
    rows.row(header)?;
    for w in worth {
        let mut row = vec![text(&scenario.portfolios[w.portfolio].id), text(&w.choice)];
        row.extend(estimate(&w.saves));
        row.extend(estimate(&w.cuts));
        rows.row(row)?;
    }
    rows.end()
}
