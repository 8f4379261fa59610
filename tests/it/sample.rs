//! Trials of a scenario, and the rule by which a sample is held to a known law: the acceptance of the known answers.
//! A mean within four standard errors; of a quantile, the number of trials at or below it within four standard
//! deviations of a binomial.

use linchpin::scenario::{NoFiles, Scenario, read};
use linchpin::simulate::{Trials, simulate};
use linchpin::{Options, Plan};

pub fn scenario(text: &str) -> Scenario {
    read("case.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}\n{text}")).scenario
}

/// Trials 0 … n under the file's seed.
pub fn trials(text: &str, n: u64) -> Trials {
    range(text, 0..n)
}

pub fn range(text: &str, trials: std::ops::Range<u64>) -> Trials {
    let scenario = scenario(text);
    let options = Options { keep_components: true, ..Options::of(trials) };
    simulate(&Plan::new(&scenario, scenario.seed), &options, &|_| true).expect("not stopped")
}

/// One vendor, one portfolio and one risk for each of `laws`: (arrivals, cost). The portfolios have nothing in common.
pub fn costs(horizon: &str, laws: &[(&str, &str)]) -> String {
    use std::fmt::Write;
    let mut text =
        format!("name = \"costs\"\nstart = 2025-06-01\nhorizon = \"{horizon}\"\n[service.chat]\nrevenue = \"$1/h\"\n");
    for (i, (arrivals, cost)) in laws.iter().enumerate() {
        write!(
            text,
            "[vendor.v{i}]\n[portfolio.p{i}]\nshares = {{ v{i} = 1.0 }}\n[risk.r{i}]\nkind = \"legal\"\non = \"v{i}\"\narrivals = {arrivals}\noutcomes = [{{ name = \"due\", probability = 1, cost = {cost} }}]\n"
        )
        .expect("a string");
    }
    text
}

/// A sample and what of it does not fit.
pub struct Judged<'a> {
    sample: &'a [f64],
    wrong: Vec<String>,
}

pub fn judged(sample: &[f64]) -> Judged<'_> {
    assert!(sample.len() > 100);
    Judged { sample, wrong: vec![] }
}

/// Mean and its standard error.
pub fn mean(sample: &[f64]) -> (f64, f64) {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let squares: f64 = sample.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

impl Judged<'_> {
    fn hold(mut self, what: &str, sample: &[f64], expected: f64) -> Self {
        let (mean, error) = mean(sample);
        let z = (mean - expected) / error;
        if !(z.abs() < 4.0) {
            self.wrong.push(format!("{what} {mean}, expected {expected}: z = {z:.1}"));
        }
        self
    }

    pub fn mean(self, expected: f64) -> Self {
        let sample = self.sample;
        self.hold("mean", sample, expected)
    }

    /// Given the exact mean, the squared deviations are a sample of the variance.
    pub fn sd(self, mean: f64, sd: f64) -> Self {
        let squares: Vec<f64> = self.sample.iter().map(|x| (x - mean).powi(2)).collect();
        self.hold("variance", &squares, sd * sd)
    }

    /// P(X ≤ x) = p.
    pub fn quantile(mut self, p: f64, x: f64) -> Self {
        let n = self.sample.len() as f64;
        let below = self.sample.iter().filter(|&&l| l <= x).count() as f64;
        let z = (below - n * p) / (n * p * (1.0 - p)).sqrt();
        if !(z.abs() < 4.0) {
            self.wrong.push(format!("P(X <= {x}) {}, expected {p}: z = {z:.1}", below / n));
        }
        self
    }

    /// TVaR at `p`, given the exact VaR: VaR + (X − VaR)⁺ / (1 − p) has the TVaR as its mean.
    pub fn tvar(self, p: f64, var: f64, tvar: f64) -> Self {
        let beyond: Vec<f64> = (self.sample.iter()).map(|x| var + (x - var).max(0.0) / (1.0 - p)).collect();
        self.hold(&format!("TVaR {p}"), &beyond, tvar)
    }

    /// Kolmogorov and Smirnov: distance to a continuous law below 1.95 / √n.
    pub fn law(mut self, cdf: impl Fn(f64) -> f64) -> Self {
        let mut sorted = self.sample.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let distance = (sorted.iter().enumerate())
            .map(|(i, &x)| {
                let f = cdf(x);
                (f - i as f64 / n).max((i as f64 + 1.0) / n - f)
            })
            .fold(0.0, f64::max);
        if !(distance < 1.95 / n.sqrt()) {
            self.wrong.push(format!("distance to the law {distance}, allowed {}", 1.95 / n.sqrt()));
        }
        self
    }

    pub fn wrong_count(self) -> usize {
        self.wrong.len()
    }

    #[track_caller]
    pub fn accept(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }

    #[track_caller]
    pub fn refuse(self) {
        assert!(!self.wrong.is_empty(), "a wrong model passes");
    }
}
