//! Results as a run might give them, made up without one.

use super::super::axis::real;
use crate::results::ConvergencePoint;
use crate::results::{
    Appetite, Attribution, By, Comparison, Distribution, Estimate, Exceedance, ExceedancePoint, Headline, Measure,
    Provenance, Results, ServiceHeadline, TimelinePoint, Verdict,
};

const NAMES: [&str; 12] = [
    "openai-only",
    "openai-standby",
    "neutral",
    "two-clouds",
    "in-house-first",
    "open-weights",
    "grok-hosted",
    "five-vendors",
    "anthropic-mix",
    "exit-plan",
    "do-nothing-more",
    "all-in-deepseek",
];
const RISKS: [&str; 13] = [
    "openai-outage",
    "musk-lawsuit",
    "azure-outage",
    "gpt-5-delay",
    "openai-retaliation",
    "grok-exclusivity",
    "deepseek-ban",
    "price-path",
    "openai-turmoil",
    "llama-licence",
    "xai-outage",
    "in-house-outage",
    "small-claims",
];
const LEVELS: [f64; 17] =
    [0.99, 0.95, 0.9, 0.75, 0.5, 0.25, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4];

pub(super) fn estimate(value: f64, error: f64) -> Estimate {
    let (lower, upper) = (Some(value - 1.96 * error), Some(value + 1.96 * error));
    Estimate { value, std_error: Some(error), lower, upper }
}

/// The standard normal's quantile, roughly (Tocher's logistic).
fn normal(p: f64) -> f64 {
    libm::log(p / (1.0 - p)) / 1.702
}

/// How a synthetic portfolio differs from the first: size of loss, and cost of the plan.
fn scale(portfolio: usize) -> (f64, f64) {
    let p = f64::from(u8::try_from(portfolio % 64).unwrap());
    (240e6 / (1.0 + 0.55 * p), 3.9e9 + 0.06e9 * p)
}

fn loss(portfolio: usize, p: f64) -> f64 {
    let (size, _) = scale(portfolio);
    size * (libm::exp(0.85 * normal(p)) - 0.25)
}

/// Results as a run of the flagship case might give them, for `n` portfolios, some services and months.
pub(super) fn demo(n: usize, n_services: usize, months: usize) -> Results {
    let services = ["copilot", "bing", "microsoft-365", "azure-foundry", "github", "dynamics"];
    let mut services: Vec<String> = services.iter().cycle().take(n_services).map(ToString::to_string).collect();
    services.push("firm-wide".to_owned());
    Results {
        provenance: Provenance {
            version: "0.1.0".to_owned(),
            scenario: "Copilot 2025: one vendor or many".to_owned(),
            currency: "$".to_owned(),
            start: "2025-06-01".to_owned(),
            horizon_hours: 730.5 * real(months),
            seed: 20_250_601,
            trials: 20_000,
            rows: 20_000,
            bin_width: None,
            month_bin_width: 0.004,
            effective_trials: None,
            appetite: Some(600e6),
            appetite_probability: Some(0.05),
        },
        portfolios: (0..n).map(|p| NAMES.get(p).map_or(format!("portfolio-{p}"), |s| (*s).to_owned())).collect(),
        baseline: 0,
        risks: RISKS.iter().map(ToString::to_string).collect(),
        nodes: vec!["azure".to_owned(), "openai".to_owned()],
        services,
        measures: (0..n).flat_map(measures).collect(),
        exceedance: (0..n).flat_map(exceedance).collect(),
        comparison: (1..n).map(comparison).collect(),
        attribution: (0..n).flat_map(attribution).collect(),
        timeline: (0..n).flat_map(|p| (0..months).map(move |m| month(p, m))).collect(),
        headlines: (0..n).map(|p| headline(p, n_services)).collect(),
        distribution: distribution(n),
        trials: None,
        checks: vec![],
        convergence: convergence(n),
    }
}

fn measures(portfolio: usize) -> Vec<Measure> {
    let (_, plan) = scale(portfolio);
    let quantile = |level: f64| Measure {
        portfolio,
        quantity: "total_cost",
        item: String::new(),
        measure: "quantile",
        level: Some(level),
        estimate: estimate(plan + loss(portfolio, level), 1e6),
        unit: "currency",
    };
    vec![quantile(0.05), quantile(0.95)]
}

fn exceedance(portfolio: usize) -> Vec<ExceedancePoint> {
    let point = |kind, probability: f64| {
        let value = loss(portfolio, 1.0 - probability);
        let error = value.abs() * 0.35 * (1.0 / (20_000.0 * probability)).sqrt();
        ExceedancePoint { portfolio, kind, return_period: None, probability, loss: estimate(value, error) }
    };
    let horizon = LEVELS.iter().map(|&p| point(Exceedance::Horizon, p));
    horizon.chain([point(Exceedance::Aep, 0.5)]).collect()
}

fn mean_cost(portfolio: usize) -> f64 {
    let (size, plan) = scale(portfolio);
    plan + 1.25 * size
}

fn comparison(portfolio: usize) -> Comparison {
    let mean = mean_cost(portfolio) - mean_cost(0);
    Comparison {
        portfolio,
        baseline: 0,
        mean: estimate(mean, 8e6),
        p_cheaper: estimate(0.6, 0.003),
        tail: vec![(0.99, estimate(-3e8, 2e7), estimate(-4e8, 2e7))],
        break_even_overhead: estimate(-mean / 36.0, 2e5),
        verdict: match mean {
            m if m < -16e6 => Verdict::Better,
            m if m > 16e6 => Verdict::Worse,
            _ => Verdict::CannotTell,
        },
    }
}

fn attribution(portfolio: usize) -> Vec<Attribution> {
    let (size, _) = scale(portfolio);
    let part = |(i, item): (usize, &&str)| {
        let rank = real(i);
        let gain = if i == 7 { -1.0 } else { 1.0 };
        let tail = [0.12, 0.45, 0.08, 0.1, 0.15, 0.03, 0.06, 0.02, 0.02, 0.01, 0.01, 0.004, 0.003];
        Attribution {
            portfolio,
            by: By::Risk,
            item: (*item).to_owned(),
            mean: estimate(gain * size * 0.32 / (1.0 + 0.4 * rank), 1e6),
            tvar_99_part: estimate(gain * size * 6.0 * tail[(i + portfolio) % 13], 1e6),
        }
    };
    RISKS.iter().enumerate().map(part).collect()
}

fn month(portfolio: usize, month: usize) -> TimelinePoint {
    let (size, _) = scale(portfolio);
    let m = real(month);
    let level = size / 36.0 * (1.0 + 0.4 * libm::sin(m / 5.0)) * if month % 12 == 11 { 2.2 } else { 1.0 };
    let start = format!("{}-{:02}-01", 2025 + (month + 5) / 12, (month + 5) % 12 + 1);
    let quantiles = [-0.1, 0.15, 0.5, 1.2, 3.0].map(|q| q * level);
    TimelinePoint { portfolio, month, start, mean: level, quantiles }
}

fn headline(portfolio: usize, n_services: usize) -> Headline {
    let (_, plan) = scale(portfolio);
    let at = |p: f64, more: f64| {
        let value = loss(portfolio, p) * more;
        estimate(value, value.abs() * 0.03)
    };
    let p = real(portfolio);
    let service = |s: usize| {
        let lacking = 0.004 / (1.0 + p) / (1.0 + p) / (1.0 + real(s));
        ServiceHeadline {
            unserved_hours: estimate(lacking * 26_298.0, 1.0),
            availability: estimate(1.0 - lacking, lacking * 0.02),
            availability_worst_1: estimate(1.0 - lacking * 9.0, lacking * 0.3),
            longest_interruption: estimate(9.0, 0.1),
            over_impact_tolerance: Some((4.0, estimate(0.3, 0.01))),
        }
    };
    Headline {
        plan,
        mean_loss: estimate(mean_cost(portfolio) - plan, 3e6),
        sd_loss: estimate(4e8, 3e6),
        mean_total_cost: estimate(mean_cost(portfolio), 12e6),
        var_95: at(0.95, 1.0),
        tvar_95: at(0.95, 1.4),
        var_99: at(0.99, 1.0),
        tvar_99: at(0.99, 1.4),
        var_995: at(0.995, 1.0),
        tvar_995: at(0.995, 1.4),
        tvar_995_worth: None,
        prob_over_appetite: Some(estimate(0.1, 0.002)),
        appetite: Some(Appetite::Over),
        services: (0..n_services).map(service).collect(),
        hhi_vendor: 1.0,
        hhi_platform: 1.0,
        effective_vendors: Some(1.2),
    }
}

fn distribution(n: usize) -> Distribution {
    let edges: Vec<f64> = (0..=200).map(|i| 3.7e9 + 2e7 * f64::from(i)).collect();
    let counts = |p: usize| {
        let (_, plan) = scale(p);
        let below =
            |x: f64| (1..2000).filter(|i| plan + loss(p, f64::from(*i) / 2000.0) < x).map(|_| 1_u64).sum::<u64>() * 10;
        let cumulated: Vec<u64> = edges.iter().map(|e| below(*e)).collect();
        cumulated.windows(2).map(|w| w[1] - w[0]).collect()
    };
    let counts = (0..n).map(counts).collect();
    Distribution { edges, counts }
}

/// Figures that settle as the square root of the number of trials.
fn convergence(portfolios: usize) -> Vec<ConvergencePoint> {
    let numbers = [1_024, 2_048, 4_096, 8_192, 16_384, 20_000];
    let at = |portfolio: usize, trials: u64| {
        let size = 40e6 * (1.0 + real(portfolio));
        let apart = size * 3.0 / (trials as f64).sqrt();
        let about =
            |value: f64, error: f64| Estimate::normal(value + error * (trials as f64 / 700.0).sin(), Some(error));
        let point = |measure, level, estimate| ConvergencePoint { portfolio, trials, measure, level, estimate };
        [point("mean", None, about(size, apart)), point("tvar", Some(0.995), about(9.0 * size, 9.0 * apart))]
    };
    (0..portfolios).flat_map(|p| numbers.into_iter().flat_map(move |n| at(p, n))).collect()
}
