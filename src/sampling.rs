//! Importance sampling: finds a way to draw trials under which large losses are common, and says what it is worth.
//!
//! A few thousand trials of their own go ahead of a run (*the pilot*). By rounds, the worst of them say how risks are to be
//! tilted so that such trials come more often: multi-level cross-entropy (Rubinstein and Kroese, "The cross-entropy method",
//! 2004). Each round learns from the trials of all before it, weighed as one sample of all their mixtures (Cornuet, Marin,
//! Mira and Robert, "Adaptive multiple importance sampling", 2012). A part of all trials is always drawn plainly, which bounds
//! every weight (see [`Mixture`]). A last round measures how much smaller the variance of each figure is for it. Where the run
//! is going to be long, the pilot doubles, and learns from that round too.

mod fit;
mod gain;
#[cfg(test)]
mod tests;

use crate::plan::Plan;
pub use crate::plan::mixture::Mixture;
use crate::plan::mixture::{Component, Tilt};
use crate::plan::site::Kind;
use crate::scenario::Scenario;
use crate::simulate::{BLOCK, pilot};
use fit::Round;
pub use gain::Gain;

/// Rounds of a pilot, each up to so many sixths of its trials: those that look for tilts, and a last one that measures. The last that looks
/// has most bad trials to learn from.
const ROUNDS: [u64; 5] = [1, 2, 3, 5, 6];
/// Rounds of a pilot that was half as long before.
const MORE: [u64; 2] = [5, 6];
/// The shortest pilot, and the longest that nobody asked for.
const TRIALS: (u64, u64) = (8_000, 64_000);
/// Fewer trials say nothing, whoever asks.
const LEAST: u64 = 600;
/// So few trials that lose more than half of all do tell nothing of how large losses come about.
const FEW: usize = 50;
/// A pilot is to be at least so small a part of the run, if the shortest is no longer.
const PART: u64 = 5;
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

/// How long a run is to be, as far as that is known, and its pilot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Length {
    /// Trials of the run.
    pub trials: Option<u64>,
    /// If those are not known: it runs until TVaR at this level has this relative standard error, in every portfolio.
    pub until: Option<(f64, f64)>,
    /// And for no more trials than these.
    pub most: Option<u64>,
    /// Trials of the pilot, at least 600. If nobody says, a fifth of the run or less, but at least 8,000 and at most 64,000; of a run of which nothing is known,
    /// 8,000.
    pub pilot: Option<u64>,
}

/// Looks for a mixture for `scenario`, by trials of their own whose draws are independent of those of a run under `seed`.
///
/// It depends on the scenario, the seed and the number of the pilot's trials alone, and is the same on any number of threads; whether `auto` takes it
/// depends on `length` too. `progress` is told how many trials are done; when it answers `false` the pilot stops and gives `None`.
#[must_use]
pub fn tune(scenario: &Scenario, seed: u64, length: Length, progress: &(dyn Fn(u64) -> bool + Sync)) -> Option<Tuned> {
    let plan = Plan::new(scenario, seed ^ 0x7069_6c6f_7400_0000);
    let rare: Vec<usize> = (0..plan.risks.len()).filter(|&r| plan.risks[r].mean <= RARE).collect();
    let plan = plan.without_plain(&rare);
    let mut mixture = Mixture::plain();
    let mut rounds: Vec<Round> = Vec::new();
    let mut trials = length.trials;
    let mut done = 0;
    for n in stages(length) {
        let ends = if rounds.is_empty() { &ROUNDS[..] } else { &MORE };
        for sixths in ends {
            if !rounds.is_empty() {
                mixture = fit::mixture(&plan, &rounds);
            }
            let range = done..n * sixths / 6;
            done = range.end;
            let sampled = plan.clone().sampled_by(Some(&mixture)).independently();
            let drawn = pilot::draw(&sampled, range.clone(), &|done| progress(range.start + done))?;
            rounds.push(Round { mixture: mixture.clone(), drawn });
        }
        if let Some((level, error)) = length.until.filter(|_| length.trials.is_none()) {
            let needed = gain::needed(&rounds[rounds.len() - 1].drawn, level, error);
            // No run ends before its first look.
            let needed = needed.max(2 * BLOCK).min(length.most.unwrap_or(u64::MAX));
            trials = Some(needed);
            if done >= needed / PART && length.pilot.is_none() {
                break;
            }
        }
    }
    let drawn = rounds.pop().map_or_else(Vec::new, |round| round.drawn);
    let (gains, cost) = (gain::gains(&drawn), gain::cost(&drawn));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let pilot = trials.map(|trials| 1.0 + done as f64 / trials.max(1) as f64);
    let worse = gain::n_worse(&drawn);
    let (auto, reason) = if mixture.components.is_empty() && worse < FEW {
        let seen = if worse == 0 { "none".to_owned() } else { format!("only {worse}") };
        let of = drawn.len();
        (
            false,
            format!(
                "Of the pilot's last {of} trials {seen} lost more than usual, too few to learn from: a longer --pilot may see more."
            ),
        )
    } else if mixture.components.is_empty() {
        (false, "No other way of drawing would make the worst trials likelier.".to_owned())
    } else {
        gain::advice(&gains, cost, pilot)
    };
    Some(Tuned {
        tilts: tilts(&plan, &mixture),
        gains,
        trials: done,
        cost,
        auto,
        reason,
        mixture: (!mixture.components.is_empty()).then_some(mixture),
    })
}

/// Trials of a pilot, and how many there were before each doubling; as many doublings as take it there from 8,000 or fewer.
fn stages(length: Length) -> impl Iterator<Item = u64> {
    let most = match length {
        Length { pilot: Some(trials), .. } => trials.max(LEAST),
        Length { trials: None, until: None, .. } => TRIALS.0,
        Length { trials, most, .. } => {
            let part = (trials.or(most).unwrap_or(u64::MAX) / PART).clamp(TRIALS.0, TRIALS.1);
            TRIALS.0 << (part / TRIALS.0).ilog2()
        }
    };
    let doublings = most.div_ceil(TRIALS.0).next_power_of_two().ilog2();
    (0..=doublings).rev().map(move |before| most >> before)
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
