//! Sums of Poisson numbers of costs against their law, found by fast Fourier transform: no draw, no formula of the engine.
//!
//! Source: Embrechts and Frei, "Panjer recursion versus FFT for compound distributions", 2009.

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use statrs::distribution::{ContinuousCDF, LogNormal};

use crate::examples::{Figures, run_text};
use crate::sample::{judged, trials};

/// Costs: so many a year, log-normal with this mean and standard deviation.
#[derive(Clone, Copy)]
struct Costs {
    per_year: f64,
    mean: f64,
    sd: f64,
}

/// Frequent small ones, rare large ones.
const TWO: [Costs; 2] = [Costs { per_year: 5.0, mean: 10.0, sd: 15.0 }, Costs { per_year: 0.4, mean: 60.0, sd: 80.0 }];

/// The law of a year's total on the multiples of a step: cells that are small beside any quantile, so many that nothing comes
/// round from beyond the last.
struct Total {
    step: f64,
    law: Vec<f64>,
}

impl Total {
    fn of(costs: &[Costs]) -> Self {
        let (step, n) = (1.0 / 32.0, 1 << 18);
        let mut planner = FftPlanner::new();
        let mut exponent = vec![Complex::new(0.0, 0.0); n];
        for &Costs { per_year, mean, sd } in costs {
            let variance = (1.0 + (sd / mean).powi(2)).ln();
            let law = LogNormal::new(mean.ln() - variance / 2.0, variance.sqrt()).expect("a law");
            let below = |k: usize| law.cdf((k as f64 + 0.5) * step);
            let mut cells: Vec<Complex<f64>> =
                (0..n).map(|k| Complex::new(below(k) - if k == 0 { 0.0 } else { below(k - 1) }, 0.0)).collect();
            planner.plan_fft_forward(n).process(&mut cells);
            exponent.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += (cell - 1.0) * per_year);
        }
        let mut law: Vec<Complex<f64>> = exponent.into_iter().map(Complex::exp).collect();
        planner.plan_fft_inverse(n).process(&mut law);
        Self { step, law: law.into_iter().map(|x| x.re / n as f64).collect() }
    }

    fn mean(&self) -> f64 {
        (0..).zip(&self.law).map(|(k, p)| f64::from(k) * self.step * p).sum()
    }

    fn sd(&self) -> f64 {
        let squares: f64 = (0..).zip(&self.law).map(|(k, p)| (f64::from(k) * self.step).powi(2) * p).sum();
        (squares - self.mean().powi(2)).sqrt()
    }

    /// VaR and TVaR.
    fn tail(&self, level: f64) -> (f64, f64) {
        let (mut below, mut at) = (0.0, 0);
        while below + self.law[at] < level {
            below += self.law[at];
            at += 1;
        }
        // Within its cell the law is taken to be even.
        let var = (at as f64 - 0.5 + (level - below) / self.law[at]) * self.step;
        let beyond: f64 = (at + 1..self.law.len()).map(|k| k as f64 * self.step * self.law[k]).sum();
        let rest = (below + self.law[at] - level) * 0.5 * (var + (at as f64 + 0.5) * self.step);
        (var, (beyond + rest) / (1.0 - level))
    }
}

/// One firm to which all of them happen.
fn scenario(costs: &[Costs]) -> String {
    let mut text = "start = 2025-06-01\nhorizon = \"1 year\"\n[service.s]\nrevenue = \"$1/h\"\n[vendor.v]\n[portfolio.p]\nshares = { v = 1.0 }\n".to_owned();
    for (i, Costs { per_year, mean, sd }) in costs.iter().enumerate() {
        text += &format!(
            "[risk.r{i}]\nkind = \"breach\"\non = \"v\"\narrivals = {{ per_year = {per_year} }}\ncost = {{ mean = \"${mean}\", sd = \"${sd}\" }}\n"
        );
    }
    text
}

/// Each of the costs changed in turn by 3 %: in number, in size, in spread.
fn wrong() -> Vec<Vec<Costs>> {
    let change = |change: fn(&mut Costs)| {
        TWO.map(|mut costs| {
            change(&mut costs);
            costs
        })
    };
    let by_size = |costs: &mut Costs| (costs.mean, costs.sd) = (costs.mean * 1.03, costs.sd * 1.03);
    vec![change(|costs| costs.per_year *= 1.03).to_vec(), change(by_size).to_vec()]
}

#[test]
fn the_transform_gives_the_figures_of_others() {
    // KA-2 (a).
    let total = Total::of(&TWO[..1]);
    assert!((total.mean() - 50.0).abs() < 1e-3 && (total.sd() - 40.311_288_741).abs() < 1e-2, "{}", total.mean());
    for (level, var, tvar) in
        [(0.9, 98.410, 138.657), (0.95, 123.805, 167.774), (0.99, 190.924, 248.488), (0.995, 225.299, 291.177)]
    {
        let (our_var, our_tvar) = total.tail(level);
        assert!((our_var - var).abs() < 2e-3 && (our_tvar - tvar).abs() < 2e-2, "{level}: {our_var}, {our_tvar}");
    }
}

#[test]
fn a_year_of_two_risks_has_the_law_of_its_transform() {
    let total = Total::of(&TWO);
    let held = |costs: &[Costs]| {
        let losses = trials(&scenario(costs), 300_000);
        let losses = &losses.portfolios[0].loss;
        let mut held = judged(losses).mean(total.mean()).sd(total.mean(), total.sd());
        for level in [0.5, 0.9, 0.95, 0.99, 0.995] {
            let (var, tvar) = total.tail(level);
            held = held.quantile(level, var).tvar(level, var, tvar);
        }
        held.wrong_count()
    };
    assert_eq!(held(&TWO), 0);
    for wrong in wrong() {
        assert!(held(&wrong) > 0, "a law that is 3 % off passes");
    }
}

#[test]
fn measures_of_two_risks_are_within_their_errors() {
    let total = Total::of(&TWO);
    let off = |costs: &[Costs]| {
        let results = run_text(&scenario(costs), 300_000);
        let figures = Figures::of(&results);
        let is_off = |measure: &'static str, level: &str, expected: f64| {
            let got = figures.get("p", "loss", "", measure, level);
            !((got.value - expected).abs() < 4.0 * got.std_error.expect("an error"))
        };
        let mut off = vec![is_off("mean", "", total.mean()), is_off("sd", "", total.sd())];
        for level in ["0.95", "0.99", "0.995"] {
            let (var, tvar) = total.tail(level.parse().expect("a level"));
            off.extend([is_off("var", level, var), is_off("tvar", level, tvar)]);
        }
        off.into_iter().filter(|off| *off).count()
    };
    assert_eq!(off(&TWO), 0);
    for wrong in wrong() {
        assert!(off(&wrong) > 0, "a law that is 3 % off passes");
    }
}
