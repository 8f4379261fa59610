//! One trial of one portfolio told from beginning to end: what happened, who was available, where the traffic went, what the
//! firm decided, and every amount of the loss with its time and cause. Found by replaying the trial.

use crate::impact::ledger::Cause as Charged;
use crate::plan::Plan;
use crate::response::Regime;
use crate::results::Component;
use crate::scenario::Scenario;
use crate::simulate::{Verdict, replay};
use crate::view::View;
use crate::world::lineage;
use crate::world::{Happening, OWN};

/// A trial as one portfolio lived through it. Times are hours since the start, amounts present values in currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Number of the trial.
    pub trial: u64,
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Loss: total cost less plan.
    pub loss: f64,
    /// Total cost where nothing happens.
    pub plan: f64,
    /// The events that the portfolio sees, in order of time.
    pub events: Vec<Event>,
    /// The price paths, in file order.
    pub paths: Vec<Path>,
    /// Per vendor: when it is not fully available, in order of time.
    pub availability: Vec<Vec<Level>>,
    /// Per service: where its traffic is served, from the start to the end of the horizon.
    pub traffic: Vec<Vec<Served>>,
    /// What the firm decided for good, in order of time.
    pub decisions: Vec<Decision>,
    /// Every amount of the loss, in order of time. They sum to the loss.
    pub journal: Vec<Entry>,
}

/// An event and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Index of its risk.
    pub risk: usize,
    /// When it happens; before the start if it is below 0.
    pub at_hours: f64,
    /// What it comes of.
    pub origin: Origin,
    /// What it does, in order of time.
    pub effects: Vec<Effect>,
    /// Per service: hours that it leaves unserved.
    pub unserved_hours: Vec<f64>,
    /// What is moved to other vendors while it is at work, at most: service, vendor, part of the service's traffic.
    pub moved: Vec<(usize, usize, f64)>,
}

/// What an event comes of. Events are given by their place in [`Trace::events`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The risk's own arrivals.
    Arrival,
    /// A rate that is raised.
    Raised,
    /// An aftershock of an event.
    Aftershock(usize),
    /// An event that causes it.
    Caused(usize),
}

/// Something that an event does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Stage and outcome of the risk whose effect it is; none of the event itself.
    pub outcome: Option<(usize, usize)>,
    /// When it begins.
    pub from_hours: f64,
    /// When it ends, at the end of the horizon at the latest; when it begins, if it is due at once.
    pub to_hours: f64,
    /// What it is.
    pub what: What,
}

/// Kinds of effects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// The outcome itself.
    Outcome,
    /// The event's nodes keep only a part.
    Outage {
        /// The part.
        leaves: f64,
    },
    /// The event's nodes cannot be used.
    AccessLoss {
        /// When the firm learns of it.
        announced_hours: f64,
    },
    /// The price index of the struck vendors × (1 + change).
    Price {
        /// The change.
        change: f64,
    },
    /// The capability of the struck vendors × (1 + change).
    Capability {
        /// The change.
        change: f64,
        /// Reached over so many hours.
        over_hours: f64,
    },
    /// A service's revenue × (1 + change).
    Revenue {
        /// Index of the service.
        service: usize,
        /// The change.
        change: f64,
        /// Reached over so many hours.
        over_hours: f64,
    },
    /// The worth of stakes in the struck vendors × (1 + change).
    Stake {
        /// The change.
        change: f64,
    },
    /// An amount due, before the portfolio's part in it.
    Cost {
        /// Currency, nominal.
        amount: f64,
    },
    /// The rate of a risk × factor.
    Raises {
        /// Index of the risk.
        risk: usize,
        /// The factor.
        factor: f64,
    },
}

/// A price path as it ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Index of its risk.
    pub risk: usize,
    /// Its index in each month.
    pub index: Vec<f64>,
    /// The expected index in each month.
    pub expected: Vec<f64>,
}

/// A time of constant availability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Its beginning.
    pub from_hours: f64,
    /// Its end.
    pub to_hours: f64,
    /// Availability, below 1.
    pub available: f64,
}

/// A time during which a service's traffic stays where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Its beginning.
    pub from_hours: f64,
    /// Its end.
    pub to_hours: f64,
    /// Part of the traffic that each vendor serves.
    pub by_vendor: Vec<f64>,
    /// Part that nobody serves.
    pub unserved: f64,
}

/// Something decided for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// When.
    pub at_hours: f64,
    /// What it answers to.
    pub cause: Cause,
    /// The services concerned; none of what concerns the firm.
    pub services: Vec<usize>,
    /// What it is.
    pub action: Action,
}

/// Kinds of decisions.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A migration off a vendor begins, of a part of all traffic.
    MigrationBegins {
        /// The vendor that is left.
        vendor: usize,
        /// Its share.
        share: f64,
    },
    /// Shares change: what each vendor gains or loses.
    SharesMove(Vec<(usize, f64)>),
    /// The last traffic leaves a vendor.
    Exit {
        /// The vendor.
        vendor: usize,
    },
    /// A playbook entry fires.
    Playbook {
        /// Its number in the portfolio's playbook.
        entry: usize,
    },
}

/// What an amount or a decision is charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// An event, by its place in [`Trace::events`].
    Event(usize),
    /// A price path, by its place in [`Trace::paths`].
    Path(usize),
}

/// An amount of loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// When it begins to flow.
    pub from_hours: f64,
    /// When it ends; when it begins, if it falls due at once.
    pub to_hours: f64,
    /// Component of the loss.
    pub component: Component,
    /// Index of the service; none if it is firm-wide.
    pub service: Option<usize>,
    /// Index of the vendor whose account it is on, or whose traffic is lost; none where there is no one vendor.
    pub vendor: Option<usize>,
    /// What it is charged to.
    pub cause: Cause,
    /// Currency, present value; below 0 a gain.
    pub amount: f64,
}

/// Replays a trial.
///
/// `plan`: of `scenario`. `portfolio`: its index.
#[must_use]
pub fn trace(scenario: &Scenario, plan: &Plan, portfolio: usize, trial: u64) -> Trace {
    replay(plan, portfolio, trial, |verdict| Teller::new(scenario, plan, verdict).tell(trial))
}

impl Trace {
    /// What an event or path costs, by component in the order of [`crate::results::COMPONENTS`].
    #[must_use]
    pub fn charged(&self, cause: Cause) -> [f64; 10] {
        components(self.journal.iter().filter(|e| e.cause == cause))
    }

    /// The loss by component, in the order of [`crate::results::COMPONENTS`].
    #[must_use]
    pub fn components(&self) -> [f64; 10] {
        components(&self.journal)
    }

    /// Per service: hours unserved, a partial loss in part.
    #[must_use]
    pub fn unserved_hours(&self) -> Vec<f64> {
        let of = |traffic: &Vec<Served>| traffic.iter().map(|t| t.unserved * (t.to_hours - t.from_hours)).sum();
        self.traffic.iter().map(of).collect()
    }

    /// The same over all services, each by its part of revenue.
    #[must_use]
    pub fn unserved_hours_by_revenue(&self, scenario: &Scenario) -> f64 {
        self.unserved_hours().iter().zip(parts_of_revenue(scenario)).map(|(hours, part)| hours * part).sum()
    }

    /// The longest time during which something of a service was unserved, over all services; hours.
    #[must_use]
    pub fn longest_interruption(&self) -> f64 {
        let mut longest: f64 = 0.0;
        for traffic in &self.traffic {
            let mut since = None;
            for t in traffic {
                since = if t.unserved > 0.0 { since.or(Some(t.from_hours)) } else { None };
                longest = longest.max(since.map_or(0.0, |since| t.to_hours - since));
            }
        }
        longest
    }

    /// The loss that has flowed or fallen due by each of some moments, in order of time. What flows does so evenly.
    #[must_use]
    pub fn cumulated(&self, moments: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; moments.len()];
        for e in &self.journal {
            let first = moments.partition_point(|&t| t < e.from_hours);
            for (sum, &t) in sums.iter_mut().zip(moments).skip(first) {
                *sum += if t < e.to_hours { e.amount * e.part(e.from_hours, t) } else { e.amount };
            }
        }
        sums
    }
}

impl Entry {
    /// The part of it that flows, or falls due, during [`from`, `to`).
    #[must_use]
    pub fn part(&self, from: f64, to: f64) -> f64 {
        if self.to_hours <= self.from_hours {
            return f64::from(u8::from(self.from_hours >= from && self.from_hours < to));
        }
        let (a, b) = (self.from_hours.max(from), self.to_hours.min(to));
        ((b - a) / (self.to_hours - self.from_hours)).clamp(0.0, 1.0)
    }
}

/// What part of all revenue at start each service has; equal parts if there is none.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a handful of services")]
pub fn parts_of_revenue(scenario: &Scenario) -> Vec<f64> {
    let all: f64 = scenario.services.iter().map(|s| s.revenue_per_hour).sum();
    let equal = 1.0 / scenario.services.len().max(1) as f64;
    scenario.services.iter().map(|s| if all > 0.0 { s.revenue_per_hour / all } else { equal }).collect()
}

fn components<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> [f64; 10] {
    let mut sums = [0.0; 10];
    entries.into_iter().for_each(|e| sums[e.component as usize] += e.amount);
    sums
}

/// Makes a trace of a verdict.
struct Teller<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    verdict: &'a Verdict<'a>,
    /// Events of the world that are seen and matter, in order of time.
    order: Vec<usize>,
    /// Of each event of the world, its place in that order.
    places: Vec<Option<usize>>,
    /// Risk, stage and number in it of every outcome of the plan.
    outcomes: Vec<(usize, usize)>,
}

impl<'a> Teller<'a> {
    fn new(scenario: &'a Scenario, plan: &'a Plan, verdict: &'a Verdict<'a>) -> Self {
        let Verdict { world, view, seer, .. } = *verdict;
        let happened = |&e: &usize| {
            let own = Happening { event: number(e), occurrence: OWN };
            world.events[e].tau < plan.clock.horizon && view.sees(seer, world, own)
        };
        let mut order: Vec<usize> = (0..world.events.len()).filter(happened).collect();
        order.sort_by(|&a, &b| world.events[a].tau.total_cmp(&world.events[b].tau).then(a.cmp(&b)));
        let mut places = vec![None; world.events.len()];
        order.iter().enumerate().for_each(|(place, &e)| places[e] = Some(place));
        let stages = |risk: &'a crate::scenario::Risk| risk.stages.iter().enumerate();
        let outcomes = (scenario.risks.iter().flat_map(stages))
            .flat_map(|(s, stage)| (0..stage.outcomes.len()).map(move |o| (s, o)))
            .collect();
        Self { scenario, plan, verdict, order, places, outcomes }
    }

    fn tell(&self, trial: u64) -> Trace {
        let Verdict { portfolio, world, view, ledger, .. } = *self.verdict;
        let path = |(path, index): (&crate::plan::risk::PathPlan, &Vec<f64>)| Path {
            risk: path.risk,
            index: index.clone(),
            expected: path.expected.clone(),
        };
        Trace {
            trial,
            portfolio,
            loss: ledger.loss(),
            plan: self.plan.portfolios[portfolio].plan.iter().sum(),
            events: self.events(),
            paths: self.plan.paths.iter().zip(&world.paths).map(path).collect(),
            availability: (0..self.plan.vendors.len()).map(|v| levels(view, v)).collect(),
            traffic: self.traffic(),
            decisions: self.decisions(),
            journal: self.journal(),
        }
    }

    fn cause(&self, cause: Charged) -> Option<Cause> {
        match cause {
            Charged::Event(event) => self.places[event as usize].map(Cause::Event),
            Charged::Path(path) => Some(Cause::Path(path as usize)),
        }
    }

    fn events(&self) -> Vec<Event> {
        let Verdict { world, .. } = *self.verdict;
        let n_services = self.scenario.services.len();
        let mut events: Vec<Event> = (self.order.iter())
            .map(|&e| Event {
                risk: world.events[e].risk as usize,
                at_hours: world.events[e].tau,
                origin: self.origin(e),
                effects: Vec::new(),
                unserved_hours: vec![0.0; n_services],
                moved: Vec::new(),
            })
            .collect();
        self.effects(&mut events);
        for missing in self.verdict.ledger.journal.iter().flat_map(|j| &j.missing) {
            for &(event, unserved) in &missing.takers {
                let Some(place) = self.places[event as usize] else { continue };
                events[place].unserved_hours[missing.service] += unserved * (missing.end - missing.start);
                for &(vendor, part) in &missing.moved {
                    events[place].moves(missing.service, vendor, part);
                }
            }
        }
        events
    }

    fn origin(&self, event: usize) -> Origin {
        let place = |e: u32| self.places[e as usize];
        match self.verdict.world.lineage.origins.get(event) {
            None | Some(lineage::Origin::First) => Origin::Arrival,
            Some(lineage::Origin::Raised) => Origin::Raised,
            Some(lineage::Origin::Aftershock { of }) => place(*of).map_or(Origin::Arrival, Origin::Aftershock),
            Some(lineage::Origin::Caused { by, .. }) => place(by.event).map_or(Origin::Arrival, Origin::Caused),
        }
    }

    fn effects(&self, events: &mut [Event]) {
        let Verdict { world, view, seer, .. } = *self.verdict;
        let horizon = self.plan.clock.horizon;
        let mut add = |by: Happening, from_hours: f64, to_hours: f64, what: What| {
            if let Some(place) = self.places[by.event as usize].filter(|_| view.sees(seer, world, by)) {
                let number = (by.occurrence != OWN).then(|| world.occurrences[by.occurrence as usize].outcome);
                let outcome = number.map(|n| self.outcomes[n as usize]);
                events[place].effects.push(Effect { outcome, from_hours, to_hours, what });
            }
        };
        for (n, occurrence) in world.occurrences.iter().enumerate().filter(|(_, o)| o.tau < horizon) {
            let by = Happening { event: occurrence.event, occurrence: number(n) };
            add(by, occurrence.tau, occurrence.tau, What::Outcome);
        }
        for i in &world.interruptions {
            let what = if i.access {
                What::AccessLoss { announced_hours: i.announced }
            } else {
                What::Outage { leaves: i.leaves }
            };
            add(i.by, i.start, i.end, what);
        }
        for c in &world.prices {
            add(c.by, c.start, c.end, What::Price { change: c.change });
        }
        for c in &world.capabilities {
            add(c.by, c.start, c.end, What::Capability { change: c.change, over_hours: c.over });
        }
        for c in &world.revenues {
            add(c.by, c.start, c.end, What::Revenue { service: c.service, change: c.change, over_hours: c.over });
        }
        for c in &world.stakes {
            add(c.by, c.tau, c.tau, What::Stake { change: c.change });
        }
        for c in &world.costs {
            add(c.by, c.tau, c.tau, What::Cost { amount: c.amount });
        }
        for (risk, raisings) in world.lineage.raisings.iter().enumerate() {
            for r in raisings {
                add(r.by, r.start, r.end, What::Raises { risk, factor: r.factor });
            }
        }
        for event in events {
            // What an outcome does stands behind it.
            event.effects.sort_by(|a, b| a.from_hours.total_cmp(&b.from_hours));
        }
    }

    fn traffic(&self) -> Vec<Vec<Served>> {
        let Verdict { portfolio, decisions, regimes, .. } = *self.verdict;
        let mut traffic = vec![Vec::new(); self.scenario.services.len()];
        for (g, group) in self.plan.portfolios[portfolio].groups.iter().enumerate() {
            let regimes = decisions.regimes.get(g).map_or(&regimes[g..=g], Vec::as_slice);
            for &s in &group.services {
                traffic[s] = self.served(s, regimes);
            }
        }
        traffic
    }

    /// Where a service's traffic is: as placed, but for the times during which some is missing.
    fn served(&self, service: usize, regimes: &[Regime]) -> Vec<Served> {
        let journal = self.verdict.ledger.journal.iter();
        let mut missing: Vec<_> = journal.flat_map(|j| &j.missing).filter(|m| m.service == service).collect();
        missing.sort_by(|a, b| a.start.total_cmp(&b.start));
        let mut missing = missing.into_iter().peekable();
        let mut out = Vec::new();
        for regime in regimes {
            let mut t = regime.start;
            let whole = |from: f64, to: f64| Served {
                from_hours: from,
                to_hours: to,
                by_vendor: regime.shares.clone(),
                unserved: 0.0,
            };
            while let Some(piece) = missing.next_if(|m| m.start < regime.end) {
                if piece.start > t {
                    out.push(whole(t, piece.start));
                }
                let mut served = Served { unserved: piece.unserved, ..whole(piece.start, piece.end) };
                for &(v, part) in &piece.lost {
                    served.by_vendor[v] = (served.by_vendor[v] - part).max(0.0);
                }
                piece.moved.iter().for_each(|&(v, part)| served.by_vendor[v] += part);
                out.push(served);
                t = piece.end;
            }
            if t < regime.end {
                out.push(whole(t, regime.end));
            }
        }
        out
    }

    fn decisions(&self) -> Vec<Decision> {
        let Verdict { portfolio, decisions, .. } = *self.verdict;
        let services = |group: usize| self.plan.portfolios[portfolio].groups[group].services.clone();
        let mut all = Vec::new();
        let mut add = |at_hours: f64, cause: Charged, services: Vec<usize>, action: Action| {
            if let Some(cause) = self.cause(cause) {
                all.push(Decision { at_hours, cause, services, action });
            }
        };
        for m in &decisions.moves {
            add(m.at, m.cause, services(m.group), Action::SharesMove(m.changes.clone()));
        }
        for e in &decisions.exits {
            add(e.at, e.cause, Vec::new(), Action::Exit { vendor: e.vendor });
        }
        for f in &decisions.fired {
            add(f.at, f.cause, Vec::new(), Action::Playbook { entry: f.play });
        }
        for b in &decisions.begun {
            let action = Action::MigrationBegins { vendor: b.vendor, share: b.share };
            add(b.at, Charged::Event(b.event), services(b.group), action);
        }
        // At one instant in the order of MODEL section 7.1: migrations end, playbooks act, migrations begin.
        all.sort_by(|a, b| a.at_hours.total_cmp(&b.at_hours));
        all
    }

    fn journal(&self) -> Vec<Entry> {
        let entries = self.verdict.ledger.journal.iter().flat_map(|j| &j.entries);
        let n_services = self.scenario.services.len();
        let mut journal: Vec<Entry> = entries
            .filter_map(|e| {
                Some(Entry {
                    from_hours: e.from,
                    to_hours: e.to,
                    component: e.component,
                    service: Some(e.service).filter(|&s| s < n_services),
                    vendor: e.vendor,
                    cause: self.cause(e.cause)?,
                    amount: e.amount,
                })
            })
            .collect();
        journal.sort_by(|a, b| a.from_hours.total_cmp(&b.from_hours).then(a.to_hours.total_cmp(&b.to_hours)));
        journal
    }
}

impl Event {
    fn moves(&mut self, service: usize, vendor: usize, part: f64) {
        match self.moved.iter_mut().find(|m| (m.0, m.1) == (service, vendor)) {
            Some(moved) => moved.2 = moved.2.max(part),
            None => self.moved.push((service, vendor, part)),
        }
    }
}

/// When a vendor is not fully available.
pub(super) fn levels(view: &View, vendor: usize) -> Vec<Level> {
    let lone = view.alone_on(vendor).map(|l| Level { from_hours: l.start, to_hours: l.end, available: l.available });
    let falls = view.falls.iter().filter(|f| f.vendor == vendor);
    let steps = falls.flat_map(|f| &view.steps[f.first..f.last]);
    let steps = steps.map(|s| Level { from_hours: s.start, to_hours: s.end, available: s.available });
    let mut levels: Vec<Level> = lone.chain(steps).collect();
    levels.sort_by(|a, b| a.from_hours.total_cmp(&b.from_hours));
    levels
}

#[expect(clippy::cast_possible_truncation, reason = "a trial has fewer than 2^32 of anything")]
fn number(i: usize) -> u32 {
    i as u32
}

#[cfg(test)]
mod tests;
