//! Plain outages of one trial, column by column.

use std::ops::Range;

use fearless_simd::{Level, dispatch};

use crate::chance::abreast::{self, Pair};
use crate::chance::law::Law;
use crate::chance::math;
use crate::plan::curve::Curve;
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
    /// Streams of every plain risk.
    pairs: Vec<Pair>,
    /// How many lengths are drawn; log-normal laws of those that are uniforms yet: how many are of it, μ and σ.
    measured: usize,
    laws: Vec<(usize, f64, f64)>,
    /// How many may matter to somebody: the first.
    used: usize,
    /// Events and interruptions that there are without plain outages.
    others: (usize, usize),
}

impl Plain {
    /// The outages of plain risk `k`.
    pub(crate) fn of(&self, k: usize) -> Range<usize> {
        self.firsts[k]..self.firsts.get(k + 1).copied().unwrap_or(self.starts.len())
    }

    /// How long an outage lasts.
    #[inline]
    pub(crate) fn hours(&self, i: usize) -> f64 {
        self.ends[i] - self.starts[i]
    }

    /// Beginnings and ends of those that may matter to somebody.
    pub(crate) fn used(&self) -> (&[f64], &[f64]) {
        (&self.starts[..self.used], &self.ends[..self.used])
    }

    /// Beginnings of those that take nothing from anybody: what they strike matters to nobody, or they have no length.
    pub(crate) fn harmless(&self) -> impl Iterator<Item = f64> {
        let (starts, ends) = self.used();
        let without_length = starts.iter().zip(ends).filter(|(start, end)| end <= start).map(|(&start, _)| start);
        self.starts[self.used..].iter().copied().chain(without_length)
    }

    /// Makes the beginnings of the outages of plain risk `k`, and how long they last: left as uniforms, if their law is log-normal.
    fn measure(&mut self, k: usize, curve: &Curve, law: &Law, aside: &mut math::Aside) {
        let of = self.of(k);
        if !curve.is_flat() {
            self.starts[of.clone()].iter_mut().for_each(|start| *start = curve.inverse(*start));
        }
        if let Law::LogNormal { mu, sigma } = *law {
            self.laws.push((of.len(), mu, sigma));
            return;
        }
        self.draw_lengths(aside);
        self.measured = of.end;
        match law {
            Law::Constant(hours) => self.ends[of].fill(*hours),
            _ => law.quantiles(&mut self.ends[of], aside),
        }
    }

    /// Makes hours of the uniforms that were left, of all risks together.
    fn draw_lengths(&mut self, aside: &mut math::Aside) {
        let n: usize = self.laws.iter().map(|law| law.0).sum();
        let waiting = &mut self.ends[self.measured..self.measured + n];
        math::log_normal_quantiles(&self.laws, waiting, aside);
        self.measured += n;
        self.laws.clear();
    }
}

impl Interruption {
    /// An outage of a plain risk, at no time in particular.
    pub(crate) fn of_plain(risk: &PlainRisk) -> Self {
        Self {
            by: Happening { event: 0, occurrence: OWN },
            risk: super::index(risk.risk),
            start: 0.0,
            end: 0.0,
            leaves: risk.leaves,
            length: 0.0,
            announced: 0.0,
            access: false,
        }
    }
}

impl World {
    /// Draws the plain outages; those that are too long become events at once.
    pub(super) fn draw_plain(&mut self, plan: &Plan, trial: u64) {
        let Some(plain) = &plan.plain else { return };
        let mut drawn = std::mem::take(&mut self.plain);
        drawn.firsts.clear();
        drawn.pairs.clear();
        drawn.laws.clear();
        drawn.measured = 0;
        let aside = &mut self.scratch.draws.aside;
        let mut n_drawn = 0;
        for risk in &plain.risks {
            drawn.firsts.push(n_drawn);
            let compiled = &plan.risks[risk.risk];
            if let (ArrivalsPlan::Poisson { time, law, area, .. }, Some((duration, _))) =
                (&compiled.arrivals, &compiled.effects.outage)
            {
                let n = law.quantile(self.counts[risk.risk]);
                drawn.pairs.push(Pair { keys: [*time, duration.key], n, times: *area });
                n_drawn += n;
            }
        }
        drawn.starts.resize(n_drawn, 0.0);
        drawn.ends.resize(n_drawn, 0.0);
        abreast::streams(&drawn.pairs, trial, &mut drawn.starts, &mut drawn.ends);
        for (k, risk) in plain.risks.iter().enumerate() {
            let compiled = &plan.risks[risk.risk];
            if let (ArrivalsPlan::Poisson { curve, .. }, Some((duration, _))) =
                (&compiled.arrivals, &compiled.effects.outage)
            {
                drawn.measure(k, curve, &duration.law, aside);
            }
        }
        drawn.draw_lengths(aside);
        let horizon = plan.clock.horizon;
        for (k, risk) in plain.risks.iter().enumerate() {
            let of = drawn.of(k);
            let longest = self.sum_plain(&plan.risks[risk.risk].effects.sized, &drawn.ends[of.clone()]);
            if longest >= plain.limit {
                for (j, i) in (0..).zip(of) {
                    if drawn.ends[i] >= plain.limit {
                        self.promote(plan, risk, j, drawn.starts[i].min(horizon), drawn.ends[i]);
                    }
                }
            }
        }
        dispatch!(Level::new(), _ => for (start, end) in drawn.starts.iter_mut().zip(&mut drawn.ends) {
            // Rounding may reach the horizon itself.
            let begins = if *start < horizon { *start } else { horizon };
            let until = if begins + *end > horizon { horizon } else { begins + *end };
            (*start, *end) = (begins, if *end < plain.limit { until } else { f64::INFINITY });
        });
        drawn.used = drawn.firsts.get(plain.n_used()).copied().unwrap_or(drawn.starts.len());
        drawn.others = (self.events.len(), self.interruptions.len());
        self.plain = drawn;
    }

    /// Adds lengths to the sums of their risk, if they are not all alike, and gives the longest.
    fn sum_plain(&mut self, sized: &Sized, lengths: &[f64]) -> f64 {
        let limit = sized.list.first().map_or(f64::INFINITY, |length| length.limit);
        let (sum, longest) = dispatch!(Level::new(), _ => sum_and_longest(lengths, limit));
        if !sized.list.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "outages of a trial")]
            let happened = lengths.len() as f64;
            self.sizes[sized.happened] = happened;
            self.sizes[sized.happened + 1] = sum;
        }
        longest
    }

    /// Makes an outage of so many hours an event with an interruption.
    pub(crate) fn promote(&mut self, plan: &Plan, of: &PlainRisk, counter: u64, start: f64, hours: f64) {
        let (risk, event) = (super::index(of.risk), super::index(self.events.len()));
        self.events.push(Event { risk, counter, tau: start, mark: 0.0, year: Clock::year(start) });
        let interruption = Interruption {
            by: Happening { event, occurrence: OWN },
            start,
            end: (start + hours).min(plan.clock.horizon),
            length: hours,
            announced: start,
            ..Interruption::of_plain(of)
        };
        super::push_interruption(&mut self.interruptions, interruption);
    }

    /// Plain outages that were made events for somebody's eyes.
    pub(crate) fn promoted(&self) -> &[Interruption] {
        &self.interruptions[self.plain.others.1..]
    }

    /// Forgets which plain outages were made events for somebody's eyes.
    pub(crate) fn restore(&mut self) {
        self.events.truncate(self.plain.others.0);
        self.interruptions.truncate(self.plain.others.1);
    }
}

/// The sum of lengths, each counted up to `limit`, and the longest of them.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn sum_and_longest(lengths: &[f64], limit: f64) -> (f64, f64) {
    // Several of each at once: they do not wait for each other.
    let (mut sums, mut longest) = ([0.0; 8], [0.0; 8]);
    let (eights, rest) = lengths.as_chunks::<8>();
    let mut last = [0.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    for eight in eights.iter().chain([&last]) {
        for ((sum, longest), &hours) in sums.iter_mut().zip(&mut longest).zip(eight) {
            *sum += if hours < limit { hours } else { limit };
            *longest = if hours > *longest { hours } else { *longest };
        }
    }
    (sums.iter().sum(), longest.into_iter().fold(0.0, f64::max))
}
