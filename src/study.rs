//! Questions about a scenario other than what a run answers; a file each. A study is a scenario in and plain values
//! out: it draws no picture, reads no file and prints nothing.

pub mod common;
pub mod digest;
pub mod exposure;
pub mod stress;
pub mod trace;
pub mod value;

use crate::scenario::Scenario;
use crate::source::suggest;

/// The portfolio of this name, or the baseline if none is given.
///
/// # Errors
///
/// What is wrong, and what to write instead, on one line.
pub fn portfolio(scenario: &Scenario, name: Option<&str>) -> Result<usize, String> {
    let Some(name) = name else { return Ok(scenario.baseline) };
    scenario.portfolios.iter().position(|p| p.id == name).ok_or_else(|| {
        let known: Vec<&str> = scenario.portfolios.iter().map(|p| p.id.as_str()).collect();
        let help = suggest(name, &known, "there are");
        help.map_or_else(
            || format!("there is no portfolio `{name}`"),
            |help| format!("there is no portfolio `{name}`; {help}"),
        )
    })
}
