//! The long table: every figure as a row, named as MODEL section 8 names it.

use super::portfolio::{Figures, Served};
use super::timeline::MONTH_LEVELS;
use super::{LEVELS, QUANTILES, RETURN_PERIODS, TAIL};
use crate::results::{By, COMPONENTS, Comparison, Estimate, Exceedance, Measure};
use crate::scenario::Scenario;

const CURRENCY: &str = "currency";
const HOURS: &str = "hours";
const FRACTION: &str = "fraction";
const ONE: &str = "1";

/// All rows, portfolio by portfolio.
pub(super) fn long_table(scenario: &Scenario, figures: &[Figures], comparison: &[Comparison]) -> Vec<Measure> {
    let mut rows = vec![];
    for (portfolio, figures) in figures.iter().enumerate() {
        let mut table = Table { portfolio, rows: &mut rows };
        table.losses(figures);
        table.total_cost(figures);
        table.parts(figures);
        for (service, served) in scenario.services.iter().zip(&figures.services) {
            table.service(&service.id, served);
        }
        table.time(figures);
        table.concentration(figures);
        for comparison in comparison.iter().filter(|comparison| comparison.portfolio == portfolio) {
            table.comparison(comparison);
        }
    }
    rows
}

struct Table<'a> {
    portfolio: usize,
    rows: &'a mut Vec<Measure>,
}

/// What a row is about: quantity, item and unit.
#[derive(Clone, Copy)]
struct About<'a>(&'static str, &'a str, &'static str);

impl Table<'_> {
    fn add(&mut self, about: About, measure: &'static str, level: Option<f64>, estimate: Estimate) {
        let About(quantity, item, unit) = about;
        let (portfolio, item) = (self.portfolio, item.to_owned());
        self.rows.push(Measure { portfolio, quantity, item, measure, level, estimate, unit });
    }

    /// One row for each level.
    fn levels(&mut self, about: About, measure: &'static str, levels: &[f64], estimates: &[Estimate]) {
        for (&level, &estimate) in levels.iter().zip(estimates) {
            self.add(about, measure, Some(level), estimate);
        }
    }

    fn losses(&mut self, figures: &Figures) {
        let (loss, about) = (&figures.loss, About("loss", "", CURRENCY));
        self.add(about, "mean", None, loss.mean);
        self.add(about, "sd", None, loss.sd);
        self.levels(about, "quantile", &QUANTILES, &loss.quantiles);
        self.levels(about, "var", &LEVELS, &loss.var);
        self.levels(about, "tvar", &LEVELS, &loss.tvar);
        if let Some(probability) = figures.prob_over_appetite {
            self.add(About("loss", "", FRACTION), "prob_over_appetite", None, probability);
        }
        for (kind, measure) in [(Exceedance::Aep, "aep"), (Exceedance::Oep, "oep")] {
            for point in figures.exceedance.iter().filter(|point| point.kind == kind) {
                if let Some(years) = point.return_period.filter(|years| RETURN_PERIODS.contains(years)) {
                    self.add(about, measure, Some(years), point.loss);
                }
            }
        }
    }

    fn total_cost(&mut self, figures: &Figures) {
        let about = About("total_cost", "", CURRENCY);
        self.add(about, "mean", None, figures.mean_total_cost);
        self.add(about, "sd", None, figures.loss.sd);
        let quantiles: Vec<_> = figures.loss.quantiles.iter().map(|loss| loss.plus(figures.plan)).collect();
        self.levels(about, "quantile", &QUANTILES, &quantiles);
        self.add(About("plan", "", CURRENCY), "mean", None, Estimate::exact(figures.plan));
    }

    fn parts(&mut self, figures: &Figures) {
        for (name, &mean) in COMPONENTS.iter().zip(&figures.components) {
            self.add(About("component", name, CURRENCY), "mean", None, mean);
        }
        for part in figures.parts(By::Component) {
            self.add(About("component", &part.item, CURRENCY), "tvar_99_part", None, part.tvar_99_part);
        }
        for (by, quantity) in [(By::Risk, "charged"), (By::Node, "node"), (By::Service, "service")] {
            for part in figures.parts(by) {
                self.add(About(quantity, &part.item, CURRENCY), "mean", None, part.mean);
                self.add(About(quantity, &part.item, CURRENCY), "tvar_99_part", None, part.tvar_99_part);
            }
        }
    }

    fn service(&mut self, id: &str, served: &Served) {
        let about = About("unserved_hours", id, HOURS);
        self.add(about, "mean", None, served.unserved_mean);
        self.levels(about, "quantile", &QUANTILES, &served.unserved_quantiles);
        self.add(about, "tvar", Some(TAIL), served.unserved_tvar);
        let about = About("longest_interruption", id, HOURS);
        self.add(about, "mean", None, served.longest_mean);
        self.levels(about, "quantile", &QUANTILES, &served.longest_quantiles);
        for &(hours, probability) in &served.longer_than {
            self.add(About("longest_interruption", id, FRACTION), "prob_longer_than", Some(hours), probability);
        }
        let about = About("availability", id, FRACTION);
        self.add(about, "mean", None, served.availability_mean);
        self.add(about, "tvar", Some(TAIL), served.availability_worst);
    }

    fn time(&mut self, figures: &Figures) {
        for (year, &mean) in figures.years.iter().enumerate() {
            self.add(About("loss_by_year", &year.to_string(), CURRENCY), "mean", None, mean);
        }
        for (&mean, point) in figures.months.iter().zip(&figures.timeline) {
            let month = point.month.to_string();
            let about = About("loss_by_month", &month, CURRENCY);
            self.add(about, "mean", None, mean);
            self.levels(about, "quantile", &MONTH_LEVELS, &point.quantiles.map(Estimate::exact));
        }
    }

    fn concentration(&mut self, figures: &Figures) {
        self.add(About("hhi_vendor", "", ONE), "value", None, Estimate::exact(figures.hhi_vendor));
        self.add(About("hhi_platform", "", ONE), "value", None, Estimate::exact(figures.hhi_platform));
        let vendors = figures.effective_vendors.unwrap_or(f64::NAN);
        self.add(About("effective_vendors", "", ONE), "value", None, Estimate::exact(vendors));
    }

    fn comparison(&mut self, comparison: &Comparison) {
        let about = About("difference", "", CURRENCY);
        self.add(about, "mean", None, comparison.mean);
        for &(level, var, _) in &comparison.tail {
            self.add(about, "var", Some(level), var);
        }
        for &(level, _, tvar) in &comparison.tail {
            self.add(about, "tvar", Some(level), tvar);
        }
        self.add(About("p_cheaper", "", FRACTION), "mean", None, comparison.p_cheaper);
        self.add(About("break_even_overhead", "", "currency/month"), "mean", None, comparison.break_even_overhead);
    }
}
