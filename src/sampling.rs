//! Importance sampling: finds a way to draw trials under which large losses are common, and says what it is worth.
//!
//! A few thousand trials of their own go ahead of a run (*the pilot*). By rounds, the worst of them say how risks are to be
//! tilted so that such trials come more often: multi-level cross-entropy (Rubinstein and Kroese, "The cross-entropy method",
//! 2004). Each round learns from the trials of all before it, weighed as one sample of all their mixtures (Cornuet, Marin,
//! Mira and Robert, "Adaptive multiple importance sampling", 2012). A part of all trials is always drawn plainly, which bounds
//! every weight (see [`Mixture`]). A last round measures how much smaller the variance of each figure is for it.

mod fit;
mod gain;
#[cfg(test)]
mod tests;

use crate::plan::Plan;
pub use crate::plan::mixture::Mixture;
use crate::plan::mixture::{Component, Tilt};
use crate::plan::site::Kind;
use crate::scenario::Scenario;
use crate::simulate::pilot;
use fit::Round;
pub use gain::Gain;

/// Rounds that look for tilts, and one that measures, in sixths of the pilot. The last that looks has most bad trials to learn from.
const ROUNDS: [u64; 5] = [1, 1, 1, 2, 1];
/// A pilot draws a twentieth of the trials of the run, but at least and at most so many.
const TRIALS: (u64, u64) = (8_000, 24_000);
/// Part of trials drawn plainly.
const PLAIN: f64 = 0.4;
/// Plain outages of at most so many a trial may be tilted; more of them make no tail.
const RARE: f64 = 12.0;

/// What a pilot found.
#[derive(Debug, Clone)]
pub struct Tuned {
    /// How to draw; none where no tilt promises anything.
    pub mixture: Option<Mixture>,
    /// Its tilts, component by component.
    pub tilts: Vec<Tilted>,
    /// Per portfolio: what it is worth.
    pub gains: Vec<Gain>,
    /// Trials that the pilot drew.
    pub trials: u64,
    /// Events of a trial of the mixture ÷ events of a plain trial: how much dearer it is.
    pub cost: f64,
    /// Whether a run should take the mixture if nobody says otherwise.
    pub auto: bool,
    /// Why, in a sentence.
    pub reason: String,
}

/// A tilt in plain values.
#[derive(Debug, Clone, PartialEq)]
pub struct Tilted {
    /// Number of the component, from 0, and the part of all trials that it draws.
    pub component: usize,
    /// Part of all trials.
    pub share: f64,
    /// Index of the risk; none for a factor.
    pub risk: Option<usize>,
    /// What is tilted, as in the address of its draws: `count`, `duration`, `ruling/injunction/cost`; of a factor its name.
    pub quantity: String,
    /// How.
    pub how: How,
}

/// How a quantity is tilted.
#[derive(Debug, Clone, PartialEq)]
pub enum How {
    /// The expected number × this.
    Times(f64),
    /// Probabilities of what may be chosen: name, in the scenario, and here.
    Choice(Vec<(String, f64, f64)>),
    /// In the scale in which the quantity is standard normal: its mean and standard deviation.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Each monthly step is moved by so many standard deviations.
    Steps(f64),
}

/// Looks for a mixture for `scenario`, by trials of their own whose draws are independent of those of a run under `seed`.
///
/// `trials`: of the run, if they are known; else the pilot is as short as pilots are, and what it takes is not weighed against what
/// it saves. The same on any number of threads. `progress` is told how many trials of [`pilot_trials`] are done;
/// when it answers `false` the pilot stops and gives `None`.
#[must_use]
pub fn tune(
    scenario: &Scenario,
    seed: u64,
    trials: Option<u64>,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Option<Tuned> {
    let plan = Plan::new(scenario, seed ^ 0x7069_6c6f_7400_0000);
    let rare: Vec<usize> = (0..plan.risks.len()).filter(|&r| plan.risks[r].mean <= RARE).collect();
    let plan = plan.without_plain(&rare);
    let n = pilot_trials(trials);
    let mut mixture = Mixture::plain();
    let mut rounds = Vec::new();
    let mut drawn = Vec::new();
    for round in 0..ROUNDS.len() {
        let up_to = |round: usize| n * ROUNDS[..round].iter().sum::<u64>() / ROUNDS.iter().sum::<u64>();
        let range = up_to(round)..up_to(round + 1);
        let sampled = plan.clone().sampled_by(Some(&mixture));
        drawn = pilot::draw(&sampled, range.clone(), &|done| progress(range.start + done))?;
        if round + 1 < ROUNDS.len() {
            rounds.push(Round { mixture, drawn: std::mem::take(&mut drawn) });
            mixture = fit::mixture(&plan, &rounds);
        }
    }
    let (gains, cost) = (gain::gains(&drawn), gain::cost(&drawn));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let pilot = trials.map(|trials| 1.0 + n as f64 / trials.max(1) as f64);
    let (auto, reason) = if mixture.components.is_empty() {
        (false, "No other way of drawing would make the worst trials likelier.".to_owned())
    } else {
        gain::advice(&gains, cost, pilot)
    };
    Some(Tuned {
        tilts: tilts(&plan, &mixture),
        gains,
        trials: n,
        cost,
        auto,
        reason,
        mixture: (!mixture.components.is_empty()).then_some(mixture),
    })
}

/// Trials that a pilot draws for a run of so many, if that is known.
#[must_use]
pub fn pilot_trials(trials: Option<u64>) -> u64 {
    (trials.unwrap_or(0) / 20).clamp(TRIALS.0, TRIALS.1)
}

/// The tilts of a mixture in plain values.
fn tilts(plan: &Plan, mixture: &Mixture) -> Vec<Tilted> {
    let of = |component: usize, Component { share, tilts }: &Component| -> Vec<Tilted> {
        (plan.sites.iter().zip(tilts))
            .filter_map(|(site, tilt)| {
                let how = match (tilt, &site.kind) {
                    (Tilt::Rate(times), _) => How::Times(*times),
                    (Tilt::Choice(p), Kind::Choice(pieces)) => How::Choice(
                        pieces
                            .iter()
                            .zip(p)
                            .map(|(piece, p)| (piece.name.clone(), piece.to - piece.from, *p))
                            .collect(),
                    ),
                    (Tilt::None | Tilt::Choice(_), _) => return None,
                    (Tilt::Value { shift, spread }, _) => How::Normal { mean: *shift, sd: *spread },
                    (Tilt::Steps(shift), _) => How::Steps(*shift),
                };
                Some(Tilted { component, share: *share, risk: site.risk, quantity: site.quantity.clone(), how })
            })
            .collect()
    };
    mixture.components.iter().enumerate().flat_map(|(c, component)| of(c, component)).collect()
}
