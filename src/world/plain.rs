//! Plain outages of one trial, column by column.

use std::ops::Range;

use crate::chance::law::Law;
use crate::plan::plain::PlainRisk;
use crate::plan::risk::ArrivalsPlan;
use crate::plan::tally::Sized;
use crate::plan::{Clock, Plan};

use super::{Event, Happening, Interruption, OWN, World};

/// Beginnings and ends, risk after risk; an outage's place among its risk's is its counter. Kept between trials.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    pub(crate) starts: Vec<f64>,
    /// Cut at the horizon; infinite for one that has become an event by itself.
    pub(crate) ends: Vec<f64>,
    /// Where each plain risk's outages begin.
    firsts: Vec<usize>,
    /// Events and interruptions that there are without plain outages.
    others: (usize, usize),
}

impl Plain {
    /// The outages of plain risk `k`.
    pub(crate) fn of(&self, k: usize) -> Range<usize> {
        self.firsts[k]..self.firsts.get(k + 1).copied().unwrap_or(self.starts.len())
    }
}

impl World {
    /// Draws the plain outages; those that are too long become events at once.
    pub(super) fn draw_plain(&mut self, plan: &Plan, trial: u64) {
        let Some(plain) = &plan.plain else { return };
        let mut drawn = std::mem::take(&mut self.plain);
        drawn.starts.clear();
        drawn.ends.clear();
        drawn.firsts.clear();
        let horizon = plan.clock.horizon;
        for risk in &plain.risks {
            let first = drawn.starts.len();
            drawn.firsts.push(first);
            let compiled = &plan.risks[risk.risk];
            let (ArrivalsPlan::Poisson { count, time, law, curve, area }, Some((duration, _))) =
                (&compiled.arrivals, &compiled.effects.outage)
            else {
                continue;
            };
            let n = law.quantile(count.uniform(trial, 0));
            if n == 0 {
                continue;
            }
            let mut stream = time.stream(trial);
            // The rounding of an inverse may reach the horizon itself.
            if curve.is_flat() {
                drawn.starts.extend((0..n).map(|_| (stream.uniform() * area).min(horizon)));
            } else {
                drawn.starts.extend((0..n).map(|_| curve.inverse(stream.uniform() * area).min(horizon)));
            }
            if let Law::Constant(hours) = duration.law {
                drawn.ends.resize(first + n, hours);
            } else {
                let mut stream = duration.key.stream(trial);
                drawn.ends.extend((0..n).map(|_| stream.uniform()));
                duration.law.quantiles(&mut drawn.ends[first..], &mut self.scratch.draws.tails);
                self.sum_plain(&compiled.effects.sized, &drawn.ends[first..]);
            }
            let (starts, ends) = (&drawn.starts[first..], &mut drawn.ends[first..]);
            if ends.iter().filter(|hours| **hours >= plain.limit).count() > 0 {
                for (j, (&start, &hours)) in (0..).zip(starts.iter().zip(&*ends)) {
                    if hours >= plain.limit {
                        self.promote(plan, risk, j, start, hours);
                    }
                }
            }
            for (start, end) in starts.iter().zip(ends) {
                let (alone, hours) = (*end < plain.limit, *end);
                let until = if start + hours > horizon { horizon } else { start + hours };
                *end = if alone { until } else { f64::INFINITY };
            }
        }
        drawn.others = (self.events.len(), self.interruptions.len());
        self.plain = drawn;
    }

    /// Adds lengths to the sums of their risk.
    #[expect(clippy::cast_precision_loss, reason = "outages of a trial")]
    fn sum_plain(&mut self, sized: &Sized, lengths: &[f64]) {
        if let [length] = &sized.list[..] {
            self.sizes[sized.happened] = lengths.len() as f64;
            // Several sums at once: they do not wait for each other.
            let mut sums = [0.0; 8];
            let limited = |hours: f64| if hours < length.limit { hours } else { length.limit };
            let (eights, rest) = lengths.as_chunks::<8>();
            for eight in eights {
                sums.iter_mut().zip(eight).for_each(|(sum, &hours)| *sum += limited(hours));
            }
            sums.iter_mut().zip(rest).for_each(|(sum, &hours)| *sum += limited(hours));
            self.sizes[sized.happened + 1] = sums.iter().sum();
        }
    }

    /// Makes an outage of so many hours an event with an interruption.
    pub(crate) fn promote(&mut self, plan: &Plan, of: &PlainRisk, counter: u64, start: f64, hours: f64) {
        let (risk, event) = (super::index(of.risk), super::index(self.events.len()));
        self.events.push(Event { risk, counter, tau: start, mark: 0.0, year: Clock::year(start) });
        let interruption = Interruption {
            by: Happening { event, occurrence: OWN },
            risk,
            start,
            end: (start + hours).min(plan.clock.horizon),
            leaves: of.leaves,
            length: hours,
            announced: start,
            access: false,
        };
        super::push_interruption(&mut self.interruptions, interruption);
    }

    /// Forgets which plain outages were made events for somebody's eyes.
    pub(crate) fn restore(&mut self) {
        self.events.truncate(self.plain.others.0);
        self.interruptions.truncate(self.plain.others.1);
    }
}
