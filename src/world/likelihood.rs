//! How likely a trial is under every component of a mixture, and the tilted draws themselves.
//!
//! Whatever component a trial is drawn by, each of its draws at a tilted site adds ln(g/f) of every component, g being its
//! density under the component and f under the scenario. A draw on which nothing hangs adds nothing, and is not tilted.

use super::{Event, World};
use crate::chance::{event_counter, math, poisson};
use crate::plan::Plan;
use crate::plan::mixture::{MixturePlan, Odds, Tilts};
use crate::plan::site::Piece;

/// Weights are multiples of this: 2^-28, so that sums of them are exact.
const STEP: f64 = 1.0 / 268_435_456.0;

/// A mean above this is not tilted, whatever its site is.
const MOST_MEAN: f64 = 1e4;

/// Of one trial. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Likelihood {
    /// Which it is, and by which component it is drawn; 0: plainly.
    trial: u64,
    component: usize,
    /// Per site: whether anything was drawn there.
    begun: Vec<bool>,
    /// Per tilted component: ln(g/f).
    logs: Vec<f64>,
    /// Per site: what was drawn, if anybody wants to know.
    pub(crate) seen: Option<Vec<Seen>>,
}

/// The draws of one site in one trial, as far as a fit asks for them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seen {
    /// Events counted, or values or steps drawn.
    pub(crate) n: f64,
    /// Sum of the means of counts, or of normal scores.
    pub(crate) sum: f64,
    /// Of normal scores.
    pub(crate) squares: f64,
    /// Choices by piece.
    pub(crate) pieces: Vec<f64>,
}

/// A uniform that is drawn for a vendor and an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaving {
    event: u32,
    vendor: usize,
    u: f64,
}

/// The draws of one trial with their tilts; without a mixture they are what they are.
#[derive(Debug)]
pub(crate) struct Luck<'a> {
    mixture: Option<&'a MixturePlan>,
    likelihood: &'a mut Likelihood,
}

impl Likelihood {
    /// Begins `trial`.
    pub(super) fn begin(&mut self, mixture: Option<&MixturePlan>, trial: u64) {
        self.logs.clear();
        (self.trial, self.component) = (trial, 0);
        if let Some(mixture) = mixture {
            self.component = mixture.component(trial);
            self.begun.clear();
            self.begun.resize(mixture.sites.len(), false);
            self.logs.resize(mixture.shares.len() - 1, 0.0);
            if let Some(seen) = &mut self.seen {
                seen.clear();
                seen.resize(mixture.sites.len(), Seen::default());
            }
        }
    }

    /// The trial's weight: f over the density of the mixture.
    pub(super) fn weight(&self, mixture: Option<&MixturePlan>) -> f64 {
        let Some(mixture) = mixture else { return 1.0 };
        let tilted: f64 = mixture.shares[1..].iter().zip(&self.logs).map(|(share, log)| share * math::exp(*log)).sum();
        libm::rint(1.0 / (mixture.shares[0] + tilted) / STEP) * STEP
    }

    pub(super) fn luck<'a>(&'a mut self, mixture: Option<&'a MixturePlan>) -> Luck<'a> {
        Luck { mixture, likelihood: self }
    }
}

impl World {
    /// Draws how long leaving a vendor takes, for every event that is long enough to make somebody leave: in place of the
    /// uniforms at the addresses of vendor and event, which portfolios would look up.
    pub(super) fn leave(&mut self, plan: &Plan) {
        self.leaving.clear();
        let luck = &mut self.likelihood.luck(plan.mixture.as_ref());
        for loss in self.interruptions.iter().filter(|i| i.length >= plan.least_patience) {
            let (event, risk) = (loss.by.event, &plan.risks[loss.risk as usize]);
            let tilted = risk.leaving.iter().any(|&site| luck.tilts(site));
            if !tilted || self.leaving.iter().any(|l| l.event == event) {
                continue;
            }
            let counter = event_counter(risk.hash, self.events[event as usize].counter);
            for (&vendor, &site) in risk.struck.iter().zip(&risk.leaving) {
                let u = plan.vendors[vendor].migration_takes.uniform(self.trial, counter);
                self.leaving.push(Leaving { event, vendor, u: luck.value(site, u, false) });
            }
        }
    }

    /// The uniform by which leaving `vendor` because of `event` takes long.
    pub(crate) fn leaving(&self, plan: &Plan, vendor: usize, event: u32) -> f64 {
        let drawn = self.leaving.iter().find(|l| l.event == event && l.vendor == vendor);
        drawn.map_or_else(
            || {
                let Event { risk, counter, .. } = self.events[event as usize];
                let counter = event_counter(plan.risks[risk as usize].hash, counter);
                plan.vendors[vendor].migration_takes.uniform(self.trial, counter)
            },
            |l| l.u,
        )
    }
}

/// The tilts of a site, if these or its draws matter to anybody.
fn tilts<'m>(mixture: Option<&'m MixturePlan>, likelihood: &Likelihood, site: usize) -> Option<&'m Tilts> {
    let site = mixture?.sites.get(site)?;
    (site.tilted || likelihood.seen.is_some()).then_some(&site.tilts)
}

impl Luck<'_> {
    /// Whether draws at `site` need to be shown to [`Luck::value`] at all.
    pub(super) fn tilts(&self, site: usize) -> bool {
        tilts(self.mixture, self.likelihood, site).is_some()
    }

    /// The uniform of a draw at a tilted site: in place of the plain one that of the trial's point, if it is the first.
    fn spread(&mut self, site: usize, u: f64) -> f64 {
        let Self { mixture, likelihood } = self;
        let Some(mixture) = mixture.filter(|_| !std::mem::replace(&mut likelihood.begun[site], true)) else { return u };
        mixture.spread(site, likelihood.trial, u).unwrap_or(u)
    }

    /// A Poisson count of this mean by the uniform `u`; `plain` gives the one that is not tilted.
    pub(super) fn count(&mut self, site: usize, mean: f64, u: f64, plain: impl FnOnce(f64) -> usize) -> usize {
        let tilts = match tilts(self.mixture, self.likelihood, site) {
            None => return plain(u),
            Some(Tilts::Choice(..)) => return plain(self.choice(site, u)),
            Some(Tilts::Rate(tilts)) => tilts,
            Some(Tilts::Value(_) | Tilts::Steps(_)) => unreachable!("no site of a count is of this kind"),
        };
        if mean > MOST_MEAN {
            return plain(u);
        }
        let u = self.spread(site, u);
        let likelihood = &mut *self.likelihood;
        let n = match own(tilts, likelihood.component) {
            Some(&(times, ln_times)) if ln_times.abs() > 0.0 => poisson::quantile(mean * times, u),
            _ => plain(u),
        };
        #[expect(clippy::cast_precision_loss, reason = "at most a million")]
        let count = n as f64;
        for (log, (times, ln_times)) in likelihood.logs.iter_mut().zip(tilts) {
            *log += count * ln_times - mean * (times - 1.0);
        }
        if let Some(seen) = &mut likelihood.seen {
            seen[site].n += count;
            seen[site].sum += mean;
        }
        n
    }

    /// The uniform that chooses, from the plain one.
    pub(super) fn choice(&mut self, site: usize, u: f64) -> f64 {
        let Some(Tilts::Choice(pieces, odds)) = tilts(self.mixture, self.likelihood, site) else { return u };
        let u = self.spread(site, u);
        let likelihood = &mut *self.likelihood;
        let u = own(odds, likelihood.component).filter(|odds| odds.tilted).map_or(u, |odds| odds.bend(pieces, u));
        let piece = pieces.partition_point(|piece| piece.to <= u).min(pieces.len() - 1);
        for (log, odds) in likelihood.logs.iter_mut().zip(odds) {
            *log += odds.pieces[piece].2;
        }
        if let Some(seen) = &mut likelihood.seen {
            seen[site].pieces.resize(pieces.len(), 0.0);
            seen[site].pieces[piece] += 1.0;
        }
        u
    }

    /// The uniform of a value, from the plain one. `again`: it has been drawn before, and counts once.
    pub(super) fn value(&mut self, site: usize, u: f64, again: bool) -> f64 {
        let Some(Tilts::Value(bends)) = tilts(self.mixture, self.likelihood, site) else { return u };
        let u = self.spread(site, u);
        let likelihood = &mut *self.likelihood;
        let (score, bent) = match own(bends, likelihood.component).filter(|bend| !bend.is_none()) {
            None => (math::normal_quantile(u), u),
            Some(bend) => {
                let score = bend.score(u);
                (score, math::normal_tails(score).lower.clamp(f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0))
            }
        };
        if again {
            return bent;
        }
        for (log, bend) in likelihood.logs.iter_mut().zip(bends) {
            *log += bend.ln_ratio(score);
        }
        if let Some(seen) = &mut likelihood.seen {
            seen[site].n += 1.0;
            seen[site].sum += score;
            seen[site].squares += score * score;
        }
        bent
    }

    /// Shifts the independent standard normals of a path.
    pub(super) fn steps(&mut self, site: usize, steps: &mut [f64]) {
        let Some(Tilts::Steps(shifts)) = tilts(self.mixture, self.likelihood, site) else { return };
        // What is spread evenly is where the path ends.
        #[expect(clippy::cast_precision_loss, reason = "at most 1200 months")]
        let n = steps.len() as f64;
        let score = steps.iter().sum::<f64>() / n.sqrt();
        let u = math::normal_tails(score).lower;
        let spread = self.spread(site, u);
        if spread.to_bits() != u.to_bits() {
            let apart = (math::normal_quantile(spread.max(f64::EPSILON / 2.0)) - score) / n.sqrt();
            for step in steps.iter_mut() {
                *step += apart;
            }
        }
        let likelihood = &mut *self.likelihood;
        if let Some(shift) = own(shifts, likelihood.component).filter(|shift| shift.abs() > 0.0) {
            for step in steps.iter_mut() {
                *step += shift;
            }
        }
        let sum: f64 = steps.iter().sum();
        for (log, shift) in likelihood.logs.iter_mut().zip(shifts) {
            *log += shift * (sum - n * shift / 2.0);
        }
        if let Some(seen) = &mut likelihood.seen {
            seen[site].n += n;
            seen[site].sum += sum;
        }
    }
}

/// What the component of the trial makes of a site; none if it is drawn plainly.
fn own<T>(tilts: &[T], component: usize) -> Option<&T> {
    component.checked_sub(1).map(|c| &tilts[c])
}

impl Odds {
    /// The uniform u, spread over the pieces as likely as they are.
    fn bend(&self, pieces: &[Piece], u: f64) -> f64 {
        let i = self.pieces.partition_point(|&(before, ..)| before <= u).max(1) - 1;
        let ((before, density, _), Piece { from, to, .. }) = (self.pieces[i], &pieces[i]);
        // Within the piece in spite of roundings.
        (from + (u - before) / density).clamp(from.max(f64::EPSILON / 2.0), to.next_down())
    }
}
