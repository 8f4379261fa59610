//! Results at the edges of what can come: all of them must be drawn.

use super::super::axis::real;
use super::demo::{demo, estimate};
use crate::results::{Distribution, Estimate, Results};

fn estimates(results: &mut Results) -> Vec<&mut Estimate> {
    let mut all: Vec<&mut Estimate> = Vec::new();
    for h in &mut results.headlines {
        all.extend([&mut h.mean_loss, &mut h.sd_loss, &mut h.mean_total_cost, &mut h.var_95]);
        all.extend([&mut h.tvar_95, &mut h.var_99, &mut h.tvar_99, &mut h.var_995, &mut h.tvar_995]);
    }
    all.extend(results.exceedance.iter_mut().map(|p| &mut p.loss));
    all.extend(results.measures.iter_mut().map(|m| &mut m.estimate));
    all.extend(results.comparison.iter_mut().map(|c| &mut c.mean));
    for a in &mut results.attribution {
        all.extend([&mut a.mean, &mut a.tvar_99_part]);
    }
    all
}

/// The demo with every amount changed.
fn mapped(n: usize, change: impl Fn(f64) -> f64) -> Results {
    let mut results = demo(n, 2, 24);
    for e in estimates(&mut results) {
        e.value = change(e.value);
        e.lower = e.lower.map(&change);
        e.upper = e.upper.map(&change);
    }
    for t in &mut results.timeline {
        t.mean = change(t.mean);
        t.quantiles = t.quantiles.map(&change);
        t.quantiles.sort_by(f64::total_cmp);
    }
    for e in &mut results.distribution.edges {
        *e = change(*e);
    }
    results.distribution.edges.sort_by(f64::total_cmp);
    results
}

fn with(mut results: Results, change: impl FnOnce(&mut Results)) -> Results {
    change(&mut results);
    results
}

/// Results at the edges of what can come.
pub(super) fn unusual() -> Vec<(&'static str, Results)> {
    let long = "a-portfolio-with-quite-a-long-name-of-sixty-letters-in-all-01";
    let spaced = "Azure neutral platform with five vendors and two clouds abc";
    let nothing = Distribution { edges: Vec::new(), counts: Vec::new() };
    vec![
        ("none", demo(0, 0, 0)),
        ("zero", mapped(2, |_| 0.0)),
        ("equal", mapped(3, |_| 7.3e8)),
        ("gains", mapped(3, |v| -v)),
        ("mixed", mapped(3, |v| v - 3e8)),
        ("nan", mapped(2, |_| f64::NAN)),
        ("infinite", mapped(2, |v| if v > 1e9 { f64::INFINITY } else { v })),
        ("huge", mapped(3, |v| v * 1e5)),
        ("tiny", mapped(3, |v| v * 1e-13)),
        ("no-services", demo(2, 0, 12)),
        ("six-services", demo(8, 6, 60)),
        ("six-twelve", demo(12, 6, 36)),
        ("thirty-services", demo(2, 30, 36)),
        ("forty", demo(40, 2, 24)),
        ("one-month", demo(3, 1, 1)),
        ("twelve-hundred-months", demo(3, 1, 1200)),
        ("no-appetite", with(demo(3, 2, 36), |r| r.provenance.appetite = None)),
        ("appetite-alone", with(demo(3, 2, 36), |r| r.provenance.appetite_probability = None)),
        ("appetite-far", with(demo(3, 2, 36), |r| r.provenance.appetite = Some(5e11))),
        (
            "few-trials",
            with(demo(3, 2, 36), |r| {
                r.provenance.trials = 60;
                for h in &mut r.headlines {
                    (h.var_99.value, h.tvar_99.value) = (f64::NAN, f64::NAN);
                }
            }),
        ),
        (
            "never-down",
            with(demo(3, 2, 36), |r| {
                for s in r.headlines.iter_mut().skip(1).flat_map(|h| &mut h.services) {
                    s.availability = estimate(1.0, 0.0);
                    s.availability_worst_1 = estimate(1.0, 0.0);
                    s.unserved_hours = estimate(0.0, 0.0);
                }
                r.headlines[2].services[0].availability_worst_1.value = 0.0;
            }),
        ),
        (
            "spike",
            with(demo(3, 2, 36), |r| {
                r.distribution.counts[0][12] = 60_000;
                r.distribution.counts[1] = vec![0; 200];
                r.distribution.counts[1][9] = 20_000;
            }),
        ),
        (
            "long-names",
            with(demo(8, 3, 36), |r| {
                for (i, name) in r.portfolios.iter_mut().enumerate() {
                    *name = if i % 2 == 0 { format!("{long}{i}") } else { format!("{spaced}{i}") };
                }
                for a in &mut r.attribution {
                    a.item = format!("{}-{long}", a.item);
                }
                r.services[0] = long.to_owned();
                r.provenance.scenario = long.repeat(3);
                r.provenance.currency = "CHF".to_owned();
            }),
        ),
        (
            "other-scripts",
            with(demo(3, 1, 36), |r| {
                r.portfolios =
                    ["開放人工智能 供應商", "Нейтральная платформа", "منصة محايدة 🏦"].map(String::from).to_vec();
                r.provenance.currency = "€".to_owned();
                r.provenance.scenario = "Ångström & Söhne: Größe".to_owned();
            }),
        ),
        (
            "torn",
            with(demo(3, 2, 36), |r| {
                r.headlines.truncate(1);
                r.baseline = 9;
                r.distribution = nothing;
                r.comparison.clear();
                r.timeline.truncate(5);
                r.exceedance.truncate(1);
                r.provenance.start = "soon".to_owned();
                r.provenance.horizon_hours = f64::NAN;
            }),
        ),
        ("clustered", with(demo(12, 1, 12), cluster)),
    ]
}

/// Puts all portfolios close together, where names would cover each other.
fn cluster(results: &mut Results) {
    for (i, h) in results.headlines.iter_mut().enumerate() {
        let i = real(i);
        h.mean_total_cost = estimate(4.2e9 + 4e6 * libm::sin(i * 2.4) * i, 6e6);
        h.tvar_99 = estimate(2.0e9 + 1.5e7 * libm::cos(i * 2.4) * i, 3e7);
    }
}
