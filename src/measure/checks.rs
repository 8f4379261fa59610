//! What a run counted against what formulas expect: in standard errors, with a limit that a sound run never reaches.

use super::estimate::number;
use crate::results::{Check, Checked};
use crate::simulate::{Moments, Observed};

/// Probability that a sound run has a check that fails.
const ERROR: f64 = 1e-6;
/// Fewer trials, fewer trials in which hours were summed, or fewer happenings than these tell too little.
const LEAST_TRIALS: f64 = 1000.0;
const LEAST_OF_HOURS: f64 = 200.0;
const LEAST_NUMBER: f64 = 20.0;
const LEAST_SIZES: f64 = 100.0;

/// What a formula expects of a count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    pub(crate) what: Count,
    pub(crate) item: String,
    /// Which quantity, of a size.
    pub(crate) of: String,
    pub(crate) value: f64,
    /// The formula leaves something out: nothing is concluded from it.
    pub(crate) approximate: bool,
    /// Part of the value that it may be off by all the same.
    pub(crate) accuracy: f64,
    /// Happenings of a trial; of sizes they are counted.
    pub(crate) number: f64,
    /// Least standard deviation over trials, so that what was not seen has an error too.
    pub(crate) sd: f64,
    /// Skewness over trials; of sizes, of one of them.
    pub(crate) skewness: f64,
}

/// Where a count stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Count {
    Events(usize),
    Outcomes(usize),
    /// Columns of their number, and of their sum less so many times what each is `expected` to be.
    Sizes {
        happened: usize,
        sum: usize,
        expected: f64,
    },
    /// Its place among the rare ones.
    HoursByRareRisk(usize),
    HoursByRisk(usize),
    HoursByNode(usize),
}

/// What a run counted, as a figure.
struct Counted {
    value: f64,
    std_error: f64,
    /// Skewness of the figure.
    skewness: f64,
    too_few: bool,
}

/// Every check of a run.
pub(crate) fn checks(expected: &[Expected], observed: &Observed) -> Vec<Check> {
    let trials = observed.events.first().map_or(0.0, Moments::effective_n);
    let counted: Vec<Counted> = expected.iter().map(|e| counted(e, observed, trials)).collect();
    let judged = expected.iter().zip(&counted).filter(|(e, c)| !e.approximate && !c.too_few).count();
    let limit = limit(ERROR / number(judged.max(1)));
    expected.iter().zip(counted).map(|(expected, counted)| check(expected, &counted, limit)).collect()
}

fn counted(expected: &Expected, observed: &Observed, trials: f64) -> Counted {
    if let Count::Sizes { happened, sum, expected: each } = expected.what {
        let (happened, sum) = (&observed.sizes[happened], &observed.sizes[sum]);
        let number = happened.mean * trials;
        return Counted {
            value: each + sum.mean / happened.mean,
            std_error: sum.standard_error().unwrap_or(f64::NAN) / happened.mean,
            skewness: expected.skewness / number.sqrt(),
            too_few: trials < LEAST_TRIALS || number.is_nan() || number < LEAST_SIZES,
        };
    }
    let (moments, least) = match expected.what {
        Count::Events(r) => (&observed.events[r], LEAST_TRIALS),
        Count::Outcomes(o) => (&observed.outcomes[o], LEAST_TRIALS),
        Count::HoursByRareRisk(k) => (&observed.hours_by_rare_risk[k], LEAST_TRIALS),
        Count::HoursByRisk(r) => (&observed.hours_by_risk[r], LEAST_OF_HOURS),
        Count::HoursByNode(n) => (&observed.hours_by_node[n], LEAST_OF_HOURS),
        Count::Sizes { .. } => unreachable!("sizes are counted above"),
    };
    let n = moments.effective_n();
    Counted {
        value: if moments.n > 0 { moments.mean } else { f64::NAN },
        std_error: moments.standard_error().unwrap_or(f64::NAN).max(expected.sd / n.sqrt()),
        skewness: expected.skewness / n.sqrt(),
        too_few: trials < LEAST_TRIALS || n < least || expected.number * n < LEAST_NUMBER,
    }
}

/// A mean of skewed values, in units of its own error, lies further out on one side than a normal one: Johnson's limit allows for it,
/// on either side.
///
/// Source: Johnson, "Modified t tests and confidence intervals for asymmetrical populations", 1978.
fn check(expected: &Expected, counted: &Counted, limit: f64) -> Check {
    let difference = counted.value - expected.value;
    let z = difference / counted.std_error;
    let limit = limit + limit * limit * counted.skewness.abs() / 3.0;
    let allowed = limit * counted.std_error + expected.accuracy * expected.value.abs();
    let verdict = if counted.too_few {
        Checked::TooFew
    } else if expected.approximate {
        Checked::Approximate
    } else if difference.abs() <= allowed {
        Checked::Passed
    } else {
        Checked::Failed
    };
    let what = match expected.what {
        Count::Events(_) | Count::Outcomes(_) => "events",
        Count::Sizes { .. } => "size",
        Count::HoursByRareRisk(_) | Count::HoursByRisk(_) => "hours_down",
        Count::HoursByNode(_) => "node_hours_down",
    };
    Check {
        what,
        item: expected.item.clone(),
        of: expected.of.clone(),
        expected: expected.value,
        simulated: counted.value,
        std_error: counted.std_error,
        z: z.is_finite().then_some(z),
        verdict,
    }
}

/// The z that |Z| of a normal law exceeds with a small probability: of its tail φ(z)/z (1 − 1/z²) on either side.
fn limit(probability: f64) -> f64 {
    let mut z: f64 = 5.0;
    for _ in 0..20 {
        let beside = 2.0 * (1.0 - 1.0 / (z * z)) / (z * (2.0 * core::f64::consts::PI).sqrt());
        z = (2.0 * libm::log(beside / probability)).sqrt();
    }
    z
}
