//! What a run counts to check itself: who looks on, and which sizes are summed, each with its mean by formula.

use super::risk::{self, Parts};
use super::{RiskPlan, ViewPlan};
use crate::chance::law::Law;
use crate::scenario::{Arrivals, Effects, Length, Risk, Scenario};

/// Sizes above this point of their law count as that: so every sum has a mean, and one that settles soon.
const LIMIT: f64 = 0.99;

/// Events of a trial, at most, of a risk that is called rare.
const SELDOM: f64 = 1.5;

/// What the observer sees, and what is summed of each trial.
#[derive(Debug, Clone)]
pub(crate) struct TallyPlan {
    /// Whom no condition concerns.
    pub(crate) observer: ViewPlan,
    /// Risks that interrupt something so seldom that their hours are summed in every trial; and for each risk whether it is one.
    pub(crate) rare: Vec<usize>,
    pub(crate) is_rare: Vec<bool>,
    /// Outcomes of all risks.
    pub(crate) n_outcomes: usize,
    /// Per column of sizes: none of a count, or where the count of a sum stands and the mean of one size.
    pub(crate) sizes: Vec<Option<(usize, f64)>>,
}

/// Sizes of one set of effects that are summed. Of sizes that are constant there is nothing to check.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sized {
    /// The column that counts how often the effects happen; those of the sums follow in order.
    pub(crate) happened: usize,
    pub(crate) list: Vec<Size>,
}

/// A size that is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    pub(crate) which: Which,
    /// What larger ones count as.
    pub(crate) limit: f64,
    /// Mean and skewness of the size so limited.
    pub(crate) expected: f64,
    pub(crate) skewness: f64,
}

/// Which quantity of a set of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Duration,
    Leaves,
    Suspends,
    Notice,
    Price,
    Capability,
    /// By its place among the effects, and its service.
    Revenue(usize, usize),
    Lasts,
    Over,
    Cost,
    Stake,
}

impl TallyPlan {
    pub(crate) fn new(scenario: &Scenario, risks: &[RiskPlan], leads: bool) -> Self {
        let Parts { events, outcomes, causes } = risk::parts(scenario, |_| 1.0);
        let all = !leads && events.iter().chain(&outcomes).all(|&part| part >= 1.0);
        let n_outcomes = outcomes.len();
        let mut sizes = Vec::new();
        for sized in risks.iter().flat_map(RiskPlan::all_effects).map(|e| &e.sized).filter(|s| !s.list.is_empty()) {
            sizes.push(None);
            sizes.extend(sized.list.iter().map(|size| Some((sized.happened, size.expected))));
        }
        let is_rare: Vec<bool> = (scenario.risks.iter().zip(risks))
            .map(|(risk, plan)| {
                let interrupts = plan.all_effects().any(|e| e.outage.is_some() || e.suspends.is_some());
                interrupts && is_rare(risk, scenario.horizon_hours)
            })
            .collect();
        Self {
            observer: ViewPlan { portfolios: Vec::new(), events, outcomes, causes, all },
            rare: (0..risks.len()).filter(|&r| is_rare[r]).collect(),
            is_rare,
            n_outcomes,
            sizes,
        }
    }
}

impl Sized {
    /// `columns`: how many there are so far.
    pub(crate) fn new(effects: &Effects, columns: &mut usize) -> Self {
        let list: Vec<Size> = laws(effects)
            .into_iter()
            .filter(|(_, law)| law.is_constant().is_none())
            .map(|(which, law)| {
                let limit = law.quantile(LIMIT);
                let limited = law.limited(limit);
                Size { which, limit, expected: limited.mean, skewness: limited.skewness }
            })
            .collect();
        let happened = *columns;
        if !list.is_empty() {
            *columns += 1 + list.len();
        }
        Self { happened, list }
    }

    /// Where there is no event if `law`, how long the effects last, gives 0.
    pub(crate) fn given_that_it_lasts(&mut self, law: &Law) {
        for size in self.list.iter_mut().filter(|size| size.which == Which::Lasts) {
            size.expected /= law.survival(0.0);
        }
    }
}

/// Whether about one event a trial is expected, or fewer.
fn is_rare(risk: &Risk, horizon: f64) -> bool {
    match &risk.arrivals {
        Some(Arrivals::Poisson { per_hour, .. }) => per_hour * horizon <= SELDOM,
        Some(Arrivals::At { times_hours, .. }) => times_hours.len() <= 1,
        Some(Arrivals::Once { .. } | Arrivals::Due { .. }) => true,
        Some(Arrivals::Every(_)) | None => false,
    }
}

/// The laws of a set of effects.
fn laws(effects: &Effects) -> Vec<(Which, &Law)> {
    let suspends = match &effects.suspends {
        Some(Length::Hours(law)) => Some(law),
        Some(Length::Permanent) | None => None,
    };
    let first = [
        (Which::Duration, effects.outage.as_ref().map(|o| &o.duration)),
        (Which::Leaves, effects.outage.as_ref().map(|o| &o.leaves)),
        (Which::Suspends, suspends),
        (Which::Notice, effects.notice.as_ref()),
        (Which::Price, effects.price_change.as_ref()),
        (Which::Capability, effects.capability_change.as_ref()),
    ];
    let revenues = (effects.revenue_change.iter().enumerate()).map(|(k, (s, law))| (Which::Revenue(k, *s), Some(law)));
    let last = [
        (Which::Lasts, effects.lasts.as_ref()),
        (Which::Over, effects.over.as_ref()),
        (Which::Cost, effects.cost.as_ref().map(|c| &c.amount)),
        (Which::Stake, effects.stake_change.as_ref()),
    ];
    first.into_iter().chain(revenues).chain(last).filter_map(|(which, law)| Some((which, law?))).collect()
}
