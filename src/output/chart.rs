//! Pictures of the results, as SVG and PNG: a page per question, fit for a slide.
//!
//! Draws plain values; computes nothing from trials, and reads no setting, file or font of the system. A portfolio has
//! one colour, dash and marker in all charts; equal results give equal bytes.

mod availability;
mod axis;
mod canvas;
mod causes;
mod convergence;
mod distribution;
mod exceedance;
mod exposure;
mod frame;
mod frontier;
mod legend;
mod png;
mod style;
mod text;
mod timeline;
mod trace;
mod words;

use crate::results::{Comparison, Headline, Results};

pub use exposure::exposure;
pub use png::png;
pub use trace::{explained, stressed};

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// What it shows; the stem of its file.
    pub name: &'static str,
    /// The picture: an SVG document.
    pub svg: String,
}

/// All charts of a run, in the order of a talk. Never fails: what the results lack is left out, and the page says so.
#[must_use]
pub fn charts(results: &Results) -> Vec<Chart> {
    let sheet = Sheet::new(results);
    let pages: [(&'static str, Page); 7] = [
        ("exceedance", exceedance::draw),
        ("total-cost", distribution::draw),
        ("causes-mean-and-tail", causes::draw),
        ("loss-over-time", timeline::draw),
        ("cost-and-tail-risk", frontier::draw),
        ("availability", availability::draw),
        ("convergence", convergence::draw),
    ];
    pages.into_iter().map(|(name, draw)| Chart { name, svg: draw(&sheet) }).collect()
}

/// Draws a page as an SVG document.
type Page = fn(&Sheet) -> String;

/// The results, and how each portfolio looks.
struct Sheet<'a> {
    results: &'a Results,
    looks: Vec<style::Look>,
    /// What tells each portfolio's name from the others.
    tells: Vec<usize>,
}

impl<'a> Sheet<'a> {
    fn new(results: &'a Results) -> Self {
        Sheet { results, looks: style::looks(results), tells: text::telling(&results.portfolios) }
    }
}

impl Sheet<'_> {
    fn n(&self) -> usize {
        self.results.portfolios.len()
    }

    fn name(&self, portfolio: usize) -> text::Name<'_> {
        let text = self.results.portfolios.get(portfolio).map_or("", String::as_str);
        text::Name { text, tells: self.tells.get(portfolio).copied().unwrap_or(0) }
    }

    /// The name as a sentence has room for it.
    fn short(&self, portfolio: usize) -> String {
        match self.name(portfolio) {
            text::Name { text: "", .. } => "the portfolio".to_owned(),
            name => words::short(name),
        }
    }

    fn money(&self, value: f64) -> String {
        words::money(value, &self.results.provenance.currency)
    }

    fn headline(&self, portfolio: usize) -> Option<&Headline> {
        self.results.headlines.get(portfolio)
    }

    /// The portfolio against the baseline; none for the baseline itself.
    fn comparison(&self, portfolio: usize) -> Option<&Comparison> {
        self.results.comparison.iter().find(|c| c.portfolio == portfolio)
    }

    /// Portfolios in the order of drawing: grey ones first, then the baseline, whose solid line would hide dashes.
    fn back_to_front(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.n()).collect();
        order.sort_by_key(|&p| (self.looks[p].coloured, p != self.results.baseline));
        order
    }

    /// At most `most` portfolios in file order: the coloured ones, then the cheapest.
    fn at_most(&self, most: usize) -> Vec<usize> {
        let cost = |p: usize| self.headline(p).and_then(|h| words::known(&h.mean_total_cost));
        let cost = |p: usize| cost(p).unwrap_or(f64::INFINITY);
        let mut chosen: Vec<usize> = (0..self.n()).collect();
        chosen.sort_by(|&a, &b| {
            let grey = |p: usize| !self.looks[p].coloured;
            grey(a).cmp(&grey(b)).then(cost(a).total_cmp(&cost(b))).then(a.cmp(&b))
        });
        chosen.truncate(most);
        chosen.sort_unstable();
        chosen
    }

    /// A sentence on the portfolios that a page has no room for; empty if it shows all.
    fn left_out(&self, shown: usize) -> String {
        match self.n().saturating_sub(shown) {
            0 => String::new(),
            1 => " One dearer portfolio is left out.".to_owned(),
            n => format!(" {n} dearer portfolios are left out."),
        }
    }
}

#[cfg(test)]
mod tests;
