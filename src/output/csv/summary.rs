//! The table that a spreadsheet user wants first: a row per portfolio, a column per headline.

use std::io;

use super::Rows;
use super::cell::{number, option, text};
use crate::results::{Comparison, Estimate, Headline, Results};

/// A column: its name, and its cell for a portfolio.
struct Column {
    name: String,
    cell: Box<dyn Fn(&Row) -> String>,
}

/// What a row is made from.
struct Row<'a> {
    results: &'a Results,
    portfolio: usize,
    headline: &'a Headline,
    /// None for the baseline.
    comparison: Option<&'a Comparison>,
}

pub(super) fn write(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let columns = columns(results);
    let mut rows = Rows::new(out);
    rows.row(columns.iter().map(|column| column.name.clone()))?;
    for (portfolio, headline) in results.headlines.iter().enumerate() {
        let comparison = results.comparison.iter().find(|comparison| comparison.portfolio == portfolio);
        let row = Row { results, portfolio, headline, comparison };
        rows.row(columns.iter().map(|column| (column.cell)(&row)))?;
    }
    rows.end()
}

fn columns(results: &Results) -> Vec<Column> {
    let mut columns = vec![
        column("portfolio", |row| text(&row.results.portfolios[row.portfolio])),
        column("baseline", |row| (row.portfolio == row.results.baseline).to_string()),
        column("plan", |row| number(row.headline.plan)),
    ];
    columns.extend(with_error("mean_loss", |headline| headline.mean_loss));
    columns.extend(with_error("sd_loss", |headline| headline.sd_loss));
    columns.extend(with_error("mean_total_cost", |headline| headline.mean_total_cost));
    columns.extend(with_error("var_95", |headline| headline.var_95));
    columns.extend(with_error("tvar_95", |headline| headline.tvar_95));
    columns.extend(with_error("var_99", |headline| headline.var_99));
    columns.extend(with_error("tvar_99", |headline| headline.tvar_99));
    columns.extend(with_error("var_995", |headline| headline.var_995));
    columns.extend(with_error("tvar_995", |headline| headline.tvar_995));
    columns.extend([
        column("prob_over_appetite", |row| option(row.headline.prob_over_appetite.map(|p| p.value))),
        column("prob_over_appetite_std_error", |row| option(row.headline.prob_over_appetite.and_then(|p| p.std_error))),
        column("prob_over_appetite_lower", |row| option(row.headline.prob_over_appetite.and_then(|p| p.lower))),
        column("prob_over_appetite_upper", |row| option(row.headline.prob_over_appetite.and_then(|p| p.upper))),
        column("appetite", |row| row.headline.appetite.map_or_else(String::new, |kept| kept.word().to_owned())),
        column("difference_to_baseline", |row| option(row.comparison.map(|c| c.mean.value))),
        column("difference_std_error", |row| option(row.comparison.and_then(|c| c.mean.std_error))),
        column("p_cheaper", |row| option(row.comparison.map(|c| c.p_cheaper.value))),
        column("break_even_overhead_per_month", |row| option(row.comparison.map(|c| c.break_even_overhead.value))),
        column("verdict", |row| row.comparison.map_or_else(String::new, |c| super::verdict(c.verdict).to_owned())),
        column("hhi_vendor", |row| number(row.headline.hhi_vendor)),
        column("hhi_platform", |row| number(row.headline.hhi_platform)),
        column("effective_vendors", |row| option(row.headline.effective_vendors)),
    ]);
    let n_services = results.headlines.first().map_or(0, |headline| headline.services.len());
    for (service, id) in results.services.iter().enumerate().take(n_services) {
        columns.extend(served(service, id));
    }
    columns
}

fn column(name: &str, cell: impl Fn(&Row) -> String + 'static) -> Column {
    Column { name: name.to_owned(), cell: Box::new(cell) }
}

fn with_error(name: &str, of: fn(&Headline) -> Estimate) -> [Column; 2] {
    [
        column(name, move |row| number(of(row.headline).value)),
        column(&format!("{name}_std_error"), move |row| option(of(row.headline).std_error)),
    ]
}

fn served(service: usize, id: &str) -> [Column; 7] {
    [
        column(&format!("unserved_hours:{id}"), move |row| number(row.headline.services[service].unserved_hours.value)),
        column(&format!("availability:{id}"), move |row| number(row.headline.services[service].availability.value)),
        column(&format!("availability_worst_1:{id}"), move |row| {
            number(row.headline.services[service].availability_worst_1.value)
        }),
        column(&format!("longest_interruption:{id}"), move |row| {
            number(row.headline.services[service].longest_interruption.value)
        }),
        column(&format!("longest_interruption_std_error:{id}"), move |row| {
            option(row.headline.services[service].longest_interruption.std_error)
        }),
        column(&format!("over_impact_tolerance:{id}"), move |row| {
            option(row.headline.services[service].over_impact_tolerance.map(|(_, p)| p.value))
        }),
        column(&format!("over_impact_tolerance_std_error:{id}"), move |row| {
            option(row.headline.services[service].over_impact_tolerance.and_then(|(_, p)| p.std_error))
        }),
    ]
}
