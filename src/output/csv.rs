//! Results as CSV: UTF-8, a header line, numbers in full precision with a point, what is not known left empty.
//! Text that a spreadsheet would take for a formula gets a leading apostrophe.

mod cell;
mod studies;
mod summary;
mod traces;

use std::io;

use csv::Writer;

pub use self::studies::{exposure as exposure_table, value as value_table};
pub use self::traces::{common as common_table, journal as journal_table, stress as stress_table};

use self::cell::{number, option, text};
use super::{File, Format};
use crate::measure::LEVELS;
use crate::results::{By, Estimate, Exceedance, Results, Verdict};

/// The tables of a run.
pub const FORMAT: Format = Format { name: "csv", files };

fn files(results: &Results) -> Vec<File> {
    let file = |path: &str, write| File { path: path.to_owned(), write };
    let mut files = vec![
        file("summary.csv", summary::write as fn(&Results, &mut dyn io::Write) -> io::Result<()>),
        file("measures.csv", measures),
        file("exceedance.csv", exceedance),
        file("comparison.csv", comparison),
        file("attribution.csv", attribution),
        file("timeline.csv", timeline),
        file("convergence.csv", convergence),
        file("checks.csv", checks),
    ];
    if results.trials.is_some() {
        files.push(file("trials.csv", trials));
    }
    files
}

fn measures(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("portfolio,quantity,item,measure,level,value,std_error,lower,upper,unit")?;
    for row in &results.measures {
        let Estimate { value, std_error, lower, upper } = row.estimate;
        rows.row([
            text(&results.portfolios[row.portfolio]),
            text(row.quantity),
            text(&row.item),
            text(row.measure),
            option(row.level),
            number(value),
            option(std_error),
            option(lower),
            option(upper),
            text(row.unit),
        ])?;
    }
    rows.end()
}

fn exceedance(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("portfolio,kind,return_period,probability,loss,lower,upper")?;
    for point in &results.exceedance {
        let kind = match point.kind {
            Exceedance::Horizon => "horizon",
            Exceedance::Aep => "aep",
            Exceedance::Oep => "oep",
        };
        rows.row([
            text(&results.portfolios[point.portfolio]),
            text(kind),
            option(point.return_period),
            number(point.probability),
            number(point.loss.value),
            option(point.loss.lower),
            option(point.loss.upper),
        ])?;
    }
    rows.end()
}

/// One row per portfolio other than the baseline. The levels of the tail are columns.
fn comparison(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    let mut header = ["portfolio", "baseline", "verdict"].map(String::from).to_vec();
    header.extend(cell::with_interval("difference"));
    header.extend(cell::with_interval("p_cheaper"));
    header.extend(cell::with_interval("break_even_overhead_per_month"));
    for level in LEVELS.map(cell::level_name) {
        header.extend(cell::with_interval(&format!("var_{level}_difference")));
        header.extend(cell::with_interval(&format!("tvar_{level}_difference")));
    }
    rows.row(header)?;
    for comparison in &results.comparison {
        let mut row = vec![
            text(&results.portfolios[comparison.portfolio]),
            text(&results.portfolios[comparison.baseline]),
            text(verdict(comparison.verdict)),
        ];
        row.extend(cell::estimate(&comparison.mean));
        row.extend(cell::estimate(&comparison.p_cheaper));
        row.extend(cell::estimate(&comparison.break_even_overhead));
        for (_, var, tvar) in &comparison.tail {
            row.extend(cell::estimate(var));
            row.extend(cell::estimate(tvar));
        }
        rows.row(row)?;
    }
    rows.end()
}

/// The verdict as a word.
fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::CannotTell => "cannot tell",
    }
}

fn attribution(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("portfolio,by,item,mean,mean_std_error,tvar_99_part,tvar_99_part_std_error")?;
    for part in &results.attribution {
        let by = match part.by {
            By::Risk => "risk",
            By::Node => "node",
            By::Component => "component",
            By::Service => "service",
        };
        rows.row([
            text(&results.portfolios[part.portfolio]),
            text(by),
            text(&part.item),
            number(part.mean.value),
            option(part.mean.std_error),
            number(part.tvar_99_part.value),
            option(part.tvar_99_part.std_error),
        ])?;
    }
    rows.end()
}

fn timeline(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("portfolio,month,start,mean,p05,p25,p50,p75,p95")?;
    for point in &results.timeline {
        let mut row = vec![
            text(&results.portfolios[point.portfolio]),
            point.month.to_string(),
            text(&point.start),
            number(point.mean),
        ];
        row.extend(point.quantiles.map(number));
        rows.row(row)?;
    }
    rows.end()
}

/// Figures after growing numbers of trials.
fn convergence(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("portfolio,trials,measure,level,value,std_error,lower,upper,relative_error")?;
    for point in &results.convergence {
        let Estimate { value, std_error, lower, upper } = point.estimate;
        rows.row([
            text(&results.portfolios[point.portfolio]),
            point.trials.to_string(),
            text(point.measure),
            option(point.level),
            number(value),
            option(std_error),
            option(lower),
            option(upper),
            option(point.estimate.relative_error()),
        ])?;
    }
    rows.end()
}

/// What the run counted against what formulas expect.
fn checks(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("what,item,of,expected,simulated,std_error,z,verdict")?;
    for check in &results.checks {
        rows.row([
            text(check.what),
            text(&check.item),
            text(&check.of),
            number(check.expected),
            number(check.simulated),
            number(check.std_error),
            option(check.z),
            text(check.verdict.words()),
        ])?;
    }
    rows.end()
}

fn trials(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    let columns = ["trial", "portfolio", "loss", "total_cost"];
    let weighted = results.provenance.effective_trials.map(|_| "weight");
    rows.row(columns.iter().chain(&crate::results::COMPONENTS).copied().chain(weighted).map(str::to_owned))?;
    for trial in results.trials.iter().flatten() {
        let mut row = vec![
            trial.trial.to_string(),
            text(&results.portfolios[trial.portfolio]),
            number(trial.loss),
            number(trial.total_cost),
        ];
        row.extend(trial.components.map(number));
        row.extend(trial.weight.map(number));
        rows.row(row)?;
    }
    rows.end()
}

/// A table under way.
struct Rows<'a>(Writer<&'a mut dyn io::Write>);

impl<'a> Rows<'a> {
    fn new(out: &'a mut dyn io::Write) -> Self {
        Self(Writer::from_writer(out))
    }

    fn header(&mut self, names: &str) -> io::Result<()> {
        self.row(names.split(',').map(String::from))
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
        self.0.write_record(cells).map_err(as_io)
    }

    fn end(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The writer's own error, so that a full disk is known as one.
fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is read back is the same to the bit")]
mod tests;
