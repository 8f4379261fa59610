//! One trial: what happens. Events with their marks and everything they do, drawn at the highest rate any portfolio
//! could have. Knows no portfolio: nothing a firm decides can change what happens.

pub(crate) mod arrivals;
pub(crate) mod likelihood;
pub(crate) mod lineage;
mod paths;
pub(crate) mod plain;
pub(crate) mod ramp;
mod sizes;
#[cfg(test)]
pub(crate) mod tests;

use crate::chance::{Key, abreast, descendant_counter, event_counter, math};
use crate::plan::Plan;
use crate::plan::factor::FactorPath;
use crate::plan::risk::{EffectsPlan, LengthPlan, Quantity, RiskPlan, StagePlan};
use crate::scenario::ScalesWith;
use arrivals::{Addresses, Pace, Place, Setting, fill, uniforms};
use likelihood::{Leaving, Likelihood, Luck};
use lineage::{Lineage, Pending, Raising};
use plain::Plain;

/// Everything that happens in one trial. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) events: Vec<Event>,
    /// Outcomes of stages; those of one event stand in the order of its stages.
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) interruptions: Vec<Interruption>,
    pub(crate) prices: Vec<PriceChange>,
    pub(crate) revenues: Vec<RevenueChange>,
    pub(crate) capabilities: Vec<CapabilityChange>,
    pub(crate) stakes: Vec<StakeChange>,
    pub(crate) costs: Vec<CostDue>,
    /// Per price path of the plan: its index in each month.
    pub(crate) paths: Vec<Vec<f64>>,
    /// What events come of, where they may come of others.
    pub(crate) lineage: Lineage,
    /// Its number.
    pub(crate) trial: u64,
    /// Plain outages that are no events.
    pub(crate) plain: Plain,
    /// How often effects happen, and sums of their sizes, by the columns of the plan.
    pub(crate) sizes: Vec<f64>,
    /// How much more likely it is under the scenario than under the mixture that it was drawn by: in [0, 1/α], α being the
    /// mixture's plain part, a multiple of 2^-28. 1 without a mixture. Weighted means over trials are those of the scenario.
    pub(crate) weight: f64,
    pub(crate) likelihood: Likelihood,
    /// How long leaving a vendor takes, where that is tilted.
    leaving: Vec<Leaving>,
    /// Per factor of the plan: its path, if something follows it.
    factors: Vec<FactorPath>,
    /// Per risk: the uniform at the first counter of its count.
    counts: Vec<f64>,
    pace: Pace,
    scratch: Scratch,
}

/// An event. `counter` is its address among its risk's events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) risk: u32,
    pub(crate) counter: u64,
    pub(crate) tau: f64,
    pub(crate) mark: f64,
    /// The model year of `tau`; 0 before the start.
    pub(crate) year: u32,
}

/// Which happening an effect belongs to: the event itself, or one of its outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Happening {
    pub(crate) event: u32,
    /// Index in `occurrences`; [`OWN`] for the event's own effects.
    pub(crate) occurrence: u32,
}

/// The occurrence of an event's own effects.
pub(crate) const OWN: u32 = u32::MAX;

/// An outcome that is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occurrence {
    pub(crate) event: u32,
    /// Number of the outcome in the plan.
    pub(crate) outcome: u32,
    /// When it is drawn.
    pub(crate) tau: f64,
    pub(crate) mark: f64,
    pub(crate) ends: bool,
}

/// A time during which an event's nodes keep only a part: an outage or an access loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interruption {
    pub(crate) by: Happening,
    pub(crate) risk: u32,
    pub(crate) start: f64,
    /// Cut at the horizon.
    pub(crate) end: f64,
    pub(crate) leaves: f64,
    /// Drawn length, not cut; to the horizon if permanent.
    pub(crate) length: f64,
    /// When the firm learns of it; for an outage, its start.
    pub(crate) announced: f64,
    pub(crate) access: bool,
}

/// A vendor's price index × (1 + change) over [start, end).
#[derive(Debug, Clone, Copy)]
pub(crate) struct PriceChange {
    pub(crate) by: Happening,
    pub(crate) risk: u32,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) change: f64,
}

/// A service's revenue × (1 + change) over [start, end), reached linearly over `over` hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RevenueChange {
    pub(crate) by: Happening,
    pub(crate) service: usize,
    pub(crate) start: f64,
    pub(crate) over: f64,
    pub(crate) end: f64,
    pub(crate) change: f64,
}

/// A vendor's capability × (1 + change) over [start, end), reached linearly over `over` hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CapabilityChange {
    pub(crate) by: Happening,
    pub(crate) risk: u32,
    pub(crate) start: f64,
    pub(crate) over: f64,
    pub(crate) end: f64,
    pub(crate) change: f64,
}

/// The worth of the stakes in the struck vendors × (1 + change) from `tau` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StakeChange {
    pub(crate) by: Happening,
    pub(crate) risk: u32,
    pub(crate) tau: f64,
    pub(crate) change: f64,
}

/// An amount due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CostDue {
    pub(crate) by: Happening,
    pub(crate) risk: u32,
    pub(crate) tau: f64,
    pub(crate) amount: f64,
    pub(crate) scales_with: ScalesWith,
}

#[derive(Debug, Default)]
struct Scratch {
    keys: Vec<Key>,
    times: Vec<f64>,
    after: Vec<f64>,
    choice: Vec<f64>,
    mark: Vec<f64>,
    hit: Vec<(u32, Happening, f64)>,
    draws: Draws,
}

/// The values of each quantity of a set of effects, one per event of the risk.
#[derive(Debug, Default)]
struct Draws {
    duration: Vec<f64>,
    leaves: Vec<f64>,
    suspends: Vec<f64>,
    notice: Vec<f64>,
    price: Vec<f64>,
    capability: Vec<f64>,
    lasts: Vec<f64>,
    over: Vec<f64>,
    cost: Vec<f64>,
    stake: Vec<f64>,
    revenue: Vec<Vec<f64>>,
    /// Of each cause: the uniform that decides, and how long after.
    causes: Vec<(Vec<f64>, Vec<f64>)>,
    aside: math::Aside,
    /// Steps of the price paths.
    steps: Vec<f64>,
}

impl World {
    /// Draws trial `trial`.
    pub(crate) fn draw(&mut self, plan: &Plan, trial: u64) {
        self.draw_tilted(plan, trial);
        self.draw_plain(plan, trial);
    }

    /// Draws all of a trial that may be tilted, and weighs it; plain outages are left as they were.
    pub(crate) fn draw_tilted(&mut self, plan: &Plan, trial: u64) {
        self.draw_some(plan, trial, |_| true);
    }

    /// Weighs a trial, for which nothing is drawn of what is tilted nowhere.
    pub(crate) fn weigh(&mut self, plan: &Plan, trial: u64) -> f64 {
        match &plan.mixture {
            Some(mixture) if !plan.chained => self.draw_some(plan, trial, |risk| mixture.tilts(risk)),
            _ => self.draw_tilted(plan, trial),
        }
        self.weight
    }

    /// Draws of a trial what comes of some risks, and weighs it. `wanted`: whether a risk is one of them.
    fn draw_some(&mut self, plan: &Plan, trial: u64, wanted: impl Fn(usize) -> bool) {
        self.clear();
        self.sizes.clear();
        self.sizes.resize(plan.tally.sizes.len(), 0.0);
        self.trial = trial;
        let mixture = plan.mixture.as_ref();
        self.likelihood.begin(mixture, trial);
        self.lineage.clear(if plan.chained { plan.risks.len() } else { 0 });
        self.factors.resize_with(plan.factors.len(), FactorPath::default);
        for (factor, path) in plan.factors.iter().zip(&mut self.factors).filter(|(f, _)| f.followed) {
            factor.draw(&plan.clock, trial, path, &mut self.scratch.draws.aside, |steps| {
                self.likelihood.luck(mixture).steps(factor.site, steps);
            });
        }
        let keys = &mut self.scratch.keys;
        keys.clear();
        keys.extend(plan.risks.iter().map(|risk| risk.count));
        abreast::uniforms(keys, trial, &mut self.counts);
        if let Some(groups) = &plan.groups {
            for group in groups {
                for &r in group {
                    self.arrive(plan, r, trial);
                }
                self.caused(plan, group, trial);
            }
        } else {
            for r in (0..plan.risks.len()).filter(|&r| wanted(r)) {
                self.arrive(plan, r, trial);
            }
        }
        if plan.chained {
            self.put_in_order();
        }
        self.paths.resize_with(plan.paths.len(), Vec::new);
        self.draw_paths(plan, trial, wanted);
        self.leave(plan);
        self.weight = self.likelihood.weight(mixture);
    }

    fn clear(&mut self) {
        self.events.clear();
        self.occurrences.clear();
        self.interruptions.clear();
        self.prices.clear();
        self.revenues.clear();
        self.capabilities.clear();
        self.stakes.clear();
        self.costs.clear();
    }

    /// The arrivals of risk `r`, and what comes of them.
    fn arrive(&mut self, plan: &Plan, r: usize, trial: u64) {
        if plan.plain.as_ref().is_some_and(|plain| plain.is[r]) {
            return;
        }
        let risk = &plan.risks[r];
        let first = self.events.len();
        let luck = &mut self.likelihood.luck(plan.mixture.as_ref());
        let setting = Setting { plan, trial, factors: &self.factors, counts: &self.counts };
        let addresses = arrivals::draw(setting, index(r), &mut self.pace, luck, &mut self.events);
        if self.events.len() > first {
            if let Some(key) = risk.mark {
                let mark = &mut self.scratch.mark;
                uniforms(key, Place { trial, addresses, events: &self.events[first..] }, mark);
                self.events[first..].iter_mut().zip(mark).for_each(|(event, mark)| event.mark = *mark);
            }
            self.consequences(plan, risk, trial, addresses, first);
        }
        if plan.chained {
            self.extend(plan, r, trial, first);
        }
    }

    /// Own effects and stages of the events from `first` on.
    fn consequences(&mut self, plan: &Plan, risk: &RiskPlan, trial: u64, addresses: Addresses, first: usize) {
        if !risk.effects.is_empty() {
            let hit = &mut self.scratch.hit;
            hit.clear();
            // What an event before the start did itself is past; what comes after the end is left out.
            hit.extend(
                (0u32..)
                    .zip(&self.events[first..])
                    .filter(|(_, e)| e.tau >= 0.0 && e.tau < plan.clock.horizon)
                    .map(|(j, e)| (j, Happening { event: index(first) + j, occurrence: OWN }, e.tau)),
            );
            self.effects(plan, &risk.effects, trial, addresses, first);
        }
        if !risk.stages.is_empty() {
            self.scratch.times.clear();
            self.scratch.times.extend(self.events[first..].iter().map(|e| e.tau));
            for (i, stage) in risk.stages.iter().enumerate() {
                self.stage(plan, stage, i == 0, trial, addresses, first);
            }
        }
    }

    /// One stage of all events from `first` on; `self.scratch.times`: when each reached the stage before.
    fn stage(
        &mut self,
        plan: &Plan,
        stage: &StagePlan,
        is_first: bool,
        trial: u64,
        addresses: Addresses,
        first: usize,
    ) {
        let (events, scratch) = (&self.events[first..], &mut self.scratch);
        let place = Place { trial, addresses, events };
        let luck = &mut self.likelihood.luck(plan.mixture.as_ref());
        let begun = |j: &usize| !(is_first && events[*j].tau < 0.0);
        let used = (0..events.len()).filter(begun);
        fill(&stage.after, place, used, luck, &mut scratch.after, &mut scratch.draws.aside);
        if is_first {
            for (event, after) in events.iter().zip(&mut scratch.after).filter(|(e, _)| e.tau < 0.0) {
                // Given that it has not ended before the start.
                let passed = stage.after.law.cdf(-event.tau);
                let u = luck.value(stage.after.site, stage.after.key.uniform(trial, event.counter), false);
                *after = stage.after.law.quantile(passed + u * (1.0 - passed)).max(-event.tau);
            }
        }
        for (time, after) in scratch.times.iter_mut().zip(&scratch.after) {
            *time += after;
        }
        uniforms(stage.choice, place, &mut scratch.choice);
        for (u, _) in scratch.choice.iter_mut().zip(&scratch.times).filter(|(_, tau)| **tau < plan.clock.horizon) {
            *u = luck.choice(stage.site, *u);
        }
        uniforms(stage.mark, place, &mut scratch.mark);
        for outcome in &stage.outcomes {
            let scratch = &mut self.scratch;
            scratch.hit.clear();
            for j in 0..scratch.times.len() {
                let (u, tau) = (scratch.choice[j], scratch.times[j]);
                if u >= outcome.from && u < outcome.to && tau < plan.clock.horizon {
                    let by = Happening { event: index(first + j), occurrence: index(self.occurrences.len()) };
                    self.occurrences.push(Occurrence {
                        event: by.event,
                        outcome: index(outcome.id),
                        tau,
                        mark: scratch.mark[j],
                        ends: outcome.ends,
                    });
                    scratch.hit.push((index(j), by, tau));
                }
            }
            if !scratch.hit.is_empty() {
                self.effects(plan, &outcome.effects, trial, addresses, first);
            }
        }
    }

    /// The effects of the happenings in `self.scratch.hit`: number among the risk's events, happening, time.
    fn effects(&mut self, plan: &Plan, effects: &EffectsPlan, trial: u64, addresses: Addresses, first: usize) {
        let events = &self.events[first..];
        let risk = events[0].risk;
        let horizon = plan.clock.horizon;
        let Scratch { draws, hit, .. } = &mut self.scratch;
        let luck = &mut self.likelihood.luck(plan.mixture.as_ref());
        draws.fill(effects, Place { trial, addresses, events }, hit, luck);
        draws.add_to(&mut self.sizes, &effects.sized, hit);
        for &(j, by, tau) in &*hit {
            let j = j as usize;
            let notice = if effects.notice.is_some() { draws.notice[j] } else { 0.0 };
            let begins = tau + notice;
            if effects.outage.is_some() {
                let length = draws.duration[j];
                push_interruption(
                    &mut self.interruptions,
                    Interruption {
                        by,
                        risk,
                        start: tau,
                        end: (tau + length).min(horizon),
                        leaves: draws.leaves[j],
                        length,
                        announced: tau,
                        access: false,
                    },
                );
            }
            if let Some(drawn) = &effects.suspends {
                let length = match drawn {
                    LengthPlan::Hours(_) => draws.suspends[j],
                    LengthPlan::Permanent => horizon - begins,
                };
                push_interruption(
                    &mut self.interruptions,
                    Interruption {
                        by,
                        risk,
                        start: begins,
                        end: (begins + length).min(horizon),
                        leaves: 0.0,
                        length,
                        announced: tau,
                        access: true,
                    },
                );
            }
            if let Some((_, scales_with)) = &effects.cost {
                self.costs.push(CostDue { by, risk, tau, amount: draws.cost[j], scales_with: *scales_with });
            }
            if effects.stake_change.is_some() {
                self.stakes.push(StakeChange { by, risk, tau, change: draws.stake[j] });
            }
            let counter = |name: u64| {
                let event = events[j].counter;
                descendant_counter(event_counter(plan.risks[risk as usize].hash, event), name, 0)
            };
            for (cause, (happens, after)) in effects.causes.iter().zip(&draws.causes) {
                let tau = begins + after[j];
                if happens[j] < cause.probability && tau < horizon {
                    let (link, counter) = (index(cause.link), counter(cause.name));
                    self.lineage.pending.push(Pending { risk: cause.risk, by, link, tau, counter });
                }
            }
            let end = if effects.lasts.is_some() { (begins + draws.lasts[j]).min(horizon) } else { horizon };
            if begins >= end {
                continue;
            }
            if effects.price_change.is_some() {
                self.prices.push(PriceChange { by, risk, start: begins, end, change: draws.price[j] });
            }
            for raise in &effects.raises {
                let (factor, counter) = (raise.factor, counter(raise.name));
                self.lineage.raisings[raise.risk].push(Raising { by, start: begins, end, factor, counter });
            }
            let over = if effects.over.is_some() { draws.over[j] } else { 0.0 };
            if effects.capability_change.is_some() {
                let change = draws.capability[j];
                self.capabilities.push(CapabilityChange { by, risk, start: begins, over, end, change });
            }
            for ((service, _), change) in effects.revenue_change.iter().zip(&draws.revenue) {
                self.revenues.push(RevenueChange {
                    by,
                    service: *service,
                    start: begins,
                    over,
                    end,
                    change: change[j],
                });
            }
        }
    }
}

fn push_interruption(list: &mut Vec<Interruption>, interruption: Interruption) {
    if interruption.start < interruption.end {
        list.push(interruption);
    }
}

impl Draws {
    /// `hit`: for which of the events the effects happen, at the beginning of each entry.
    fn fill(&mut self, effects: &EffectsPlan, place: Place, hit: &[(u32, Happening, f64)], luck: &mut Luck) {
        let aside = &mut self.aside;
        let hits = || hit.iter().map(|&(j, ..)| j as usize);
        let mut draw = |quantity: Option<&Quantity>, out: &mut Vec<f64>| {
            if let Some(quantity) = quantity {
                fill(quantity, place, hits(), luck, out, aside);
            }
        };
        draw(effects.outage.as_ref().map(|o| &o.0), &mut self.duration);
        draw(effects.outage.as_ref().map(|o| &o.1), &mut self.leaves);
        if let Some(LengthPlan::Hours(length)) = &effects.suspends {
            draw(Some(length), &mut self.suspends);
        }
        draw(effects.notice.as_ref(), &mut self.notice);
        draw(effects.price_change.as_ref(), &mut self.price);
        draw(effects.capability_change.as_ref(), &mut self.capability);
        draw(effects.lasts.as_ref(), &mut self.lasts);
        draw(effects.over.as_ref(), &mut self.over);
        draw(effects.cost.as_ref().map(|c| &c.0), &mut self.cost);
        draw(effects.stake_change.as_ref(), &mut self.stake);
        self.revenue.resize_with(effects.revenue_change.len().max(self.revenue.len()), Vec::new);
        for ((_, quantity), out) in effects.revenue_change.iter().zip(&mut self.revenue) {
            draw(Some(quantity), out);
        }
        self.causes.resize_with(effects.causes.len().max(self.causes.len()), Default::default);
        for (cause, (happens, after)) in effects.causes.iter().zip(&mut self.causes) {
            uniforms(cause.happens, place, happens);
            hits().for_each(|j| happens[j] = luck.choice(cause.site, happens[j]));
            let acts = hits().filter(|&j| happens[j] < cause.probability);
            fill(&cause.after, place, acts, luck, after, aside);
        }
    }
}

impl EffectsPlan {
    fn is_empty(&self) -> bool {
        self.outage.is_none()
            && self.suspends.is_none()
            && self.price_change.is_none()
            && self.capability_change.is_none()
            && self.revenue_change.is_empty()
            && self.cost.is_none()
            && self.stake_change.is_none()
            && self.raises.is_empty()
            && self.causes.is_empty()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a trial has fewer than 2^32 of anything: the reader bounds its events at a million"
)]
fn index(i: usize) -> u32 {
    i as u32
}
