//! MODEL section 7 once more, sentence by sentence and slowly: time is cut wherever anything could change, and in each
//! piece everything is worked out afresh. Shares with the engine the world, what is drawn, and the curves of revenue.

use std::collections::{BTreeMap, BTreeSet};

use super::beyond::{Credited, Run};
use super::charges::Books;
use crate::chance::event_counter;
use crate::plan::curve::Curve;
use crate::plan::{Plan, ViewPlan};
use crate::results::Component;
use crate::scenario::{MONTH, Portfolio, RunsOn, ScalesWith, Scenario, YEAR};
use crate::world::{CapabilityChange, Happening, Interruption, OWN, World};

/// Total cost by component; per service hours unserved, and of the longest interruption.
pub(super) struct Opinion {
    pub(super) components: [f64; 10],
    pub(super) hours: Vec<(f64, f64)>,
    /// Loss by cause.
    pub(super) charges: BTreeMap<Cause, f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Path(usize),
    Event(u32),
}

impl Opinion {
    pub(super) fn charge(&mut self, cause: Cause, amount: f64) {
        *self.charges.entry(cause).or_default() += amount;
    }

    /// Loss by risk.
    pub(super) fn by_risk(&self, plan: &Plan, world: &World) -> Vec<f64> {
        let mut risks = vec![0.0; plan.risks.len()];
        for (cause, amount) in &self.charges {
            let risk = match cause {
                Cause::Path(path) => plan.paths[*path].risk,
                Cause::Event(event) => world.events[*event as usize].risk as usize,
            };
            risks[risk] += amount;
        }
        risks
    }
}

pub(super) struct Case<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) plan: &'a Plan,
    pub(super) portfolio: &'a Portfolio,
    pub(super) world: &'a World,
    pub(super) trial: u64,
    pub(super) horizon: f64,
    /// What the portfolio sees.
    pub(super) interruptions: Vec<Interruption>,
    seen: Vec<bool>,
    events: &'a [f64],
}

pub(super) fn judge(scenario: &Scenario, plan: &Plan, p: usize, world: &World, trial: u64) -> Opinion {
    let seer = plan.views.iter().find(|v| v.portfolios.contains(&p)).expect("somebody sees for it");
    let mut case = Case {
        scenario,
        plan,
        portfolio: &scenario.portfolios[p],
        world,
        trial,
        horizon: scenario.horizon_hours,
        interruptions: vec![],
        seen: outcomes_seen(seer, world),
        events: &seer.events,
    };
    case.interruptions = world.interruptions.iter().filter(|i| case.sees(i.by)).copied().collect();
    let mut opinion = Opinion { components: [0.0; 10], hours: vec![], charges: BTreeMap::new() };
    let moves = case.migrations(&mut opinion);
    case.traffic(&moves, &mut opinion);
    case.market(&mut opinion);
    case.one_off(&mut opinion);
    case.stakes(&mut opinion);
    case.overhead(&mut opinion);
    opinion
}

fn event_seen(parts: &[f64], world: &World, event: u32) -> bool {
    let event = &world.events[event as usize];
    event.mark < parts[event.risk as usize]
}

fn outcomes_seen(seer: &ViewPlan, world: &World) -> Vec<bool> {
    let mut ended = BTreeSet::new();
    (world.occurrences.iter())
        .map(|o| {
            let seen = event_seen(&seer.events, world, o.event)
                && !ended.contains(&o.event)
                && o.mark < seer.outcomes[o.outcome as usize];
            if seen && o.ends {
                ended.insert(o.event);
            }
            seen
        })
        .collect()
}

/// Shares per service and vendor, from a moment on.
pub(super) struct Placed {
    pub(super) from: f64,
    pub(super) shares: Vec<Vec<f64>>,
    /// By what.
    pub(super) by: Option<Cause>,
}

struct UnderWay {
    ends: f64,
    vendor: usize,
    service: usize,
    event: u32,
}

impl Case<'_> {
    pub(super) fn sees(&self, by: Happening) -> bool {
        if by.occurrence == OWN {
            event_seen(self.events, self.world, by.event)
        } else {
            self.seen[by.occurrence as usize]
        }
    }

    pub(super) fn n_vendors(&self) -> usize {
        self.scenario.vendors.len()
    }

    /// A of a vendor, given that of each node alone.
    pub(super) fn available(&self, vendor: usize, own: &dyn Fn(usize) -> f64) -> f64 {
        self.node_available(self.scenario.vendor_node(vendor), own)
    }

    fn node_available(&self, node: usize, own: &dyn Fn(usize) -> f64) -> f64 {
        let of = |n: &usize| self.node_available(*n, own);
        own(node)
            * match &self.scenario.nodes[node].runs_on {
                RunsOn::All(needed) => needed.iter().map(of).product::<f64>(),
                RunsOn::AnyOf(any) => any.iter().map(of).fold(0.0, f64::max),
            }
    }

    pub(super) fn on(&self, risk: u32) -> &[usize] {
        &self.scenario.risks[risk as usize].on
    }

    pub(super) fn strikes(&self, risk: u32, vendor: usize) -> bool {
        self.available(vendor, &|n| f64::from(u8::from(!self.on(risk).contains(&n)))) == 0.0
    }

    pub(super) fn available_at(&self, vendor: usize, t: f64) -> f64 {
        self.available_by(vendor, t, |_| true)
    }

    /// A of a vendor by those interruptions that count.
    pub(super) fn available_by(&self, vendor: usize, t: f64, counts: impl Fn(&Interruption) -> bool) -> f64 {
        let active = |i: &&Interruption| i.start <= t && t < i.end && counts(i);
        self.available(vendor, &|n| {
            self.interruptions
                .iter()
                .filter(active)
                .filter(|i| self.on(i.risk).contains(&n))
                .map(|i| i.leaves)
                .product()
        })
    }

    pub(super) fn discount(&self, t: f64) -> f64 {
        libm::pow(1.0 + self.scenario.discount_rate, -t / YEAR)
    }

    pub(super) fn planned(&self) -> Vec<Vec<f64>> {
        let dense = |list: &Vec<(usize, f64)>| {
            let mut shares = vec![0.0; self.n_vendors()];
            list.iter().for_each(|&(v, w)| shares[v] = w);
            shares
        };
        self.portfolio.shares.iter().map(dense).collect()
    }

    fn part(&self, service: usize) -> f64 {
        self.scenario.services[service].revenue_per_hour
            / self.scenario.services.iter().map(|s| s.revenue_per_hour).sum::<f64>()
    }

    fn planned_share(&self, vendor: usize) -> f64 {
        self.planned().iter().enumerate().map(|(s, w)| self.part(s) * w[vendor]).sum()
    }

    pub(super) fn binds(&self, vendor: usize) -> bool {
        self.planned().iter().any(|w| w[vendor] > 0.0)
    }

    pub(super) fn counter(&self, event: u32) -> u64 {
        let event = &self.world.events[event as usize];
        event_counter(self.plan.risks[event.risk as usize].hash, event.counter)
    }

    /// When a loss makes the firm move; never if too short or beyond the horizon.
    fn moves_at(&self, i: &Interruption) -> Option<f64> {
        let patience = self.portfolio.migration.as_ref()?.patience_hours;
        let at = if i.access { i.announced } else { i.start + patience };
        (i.length >= patience && at < self.horizon).then_some(at)
    }

    fn usable(&self, vendor: usize, t: f64) -> bool {
        !self
            .interruptions
            .iter()
            .any(|i| self.moves_at(i).is_some_and(|at| at <= t) && t < i.end && self.strikes(i.risk, vendor))
    }

    /// Who would take a vendor's share at `t`, in parts of it.
    fn takers(&self, shares: &[f64], vendor: usize, t: f64) -> Vec<(usize, f64)> {
        let to = &self.portfolio.migration.as_ref().expect("a policy").to;
        let weight = |v: usize| if to.is_empty() { shares[v] } else { f64::from(u8::from(to.contains(&v))) };
        let all: Vec<(usize, f64)> = (0..self.n_vendors())
            .filter(|&v| v != vendor && weight(v) > 0.0 && self.usable(v, t))
            .map(|v| (v, weight(v)))
            .collect();
        let total: f64 = all.iter().map(|w| w.1).sum();
        all.into_iter().map(|(v, w)| (v, w / total)).collect()
    }

    /// Migrations and playbook entries, in order of time: ends, entries, beginnings.
    fn migrations(&self, opinion: &mut Opinion) -> Vec<Placed> {
        let mut placed = vec![Placed { from: 0.0, shares: self.planned(), by: None }];
        let mut shares = self.planned();
        let mut losses: Vec<(f64, &Interruption)> =
            self.interruptions.iter().filter_map(|i| Some((self.moves_at(i)?, i))).collect();
        losses.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.by.event.cmp(&b.1.by.event)));
        let mut waiting = self.fired();
        for &(at, play, cause) in &waiting {
            let costs = self.portfolio.playbook[play].costs * self.discount(at);
            opinion.components[Component::Migration as usize] += costs;
            opinion.charge(cause, costs);
        }
        let mut under_way: Vec<UnderWay> = vec![];
        let mut left = BTreeSet::new();
        let mut losses = losses.into_iter().peekable();
        let mut now = 0.0_f64;
        loop {
            let begins = losses.peek().map_or(f64::INFINITY, |l| l.0);
            let ends = under_way.iter().map(|u| u.ends).fold(f64::INFINITY, f64::min);
            let due = |w: &(f64, usize, Cause)| w.0 + self.portfolio.playbook[w.1].takes_hours;
            let acts = if under_way.is_empty() {
                waiting.iter().map(due).fold(f64::INFINITY, f64::min)
            } else {
                f64::INFINITY
            };
            now = now.max(begins.min(ends).min(acts));
            if now >= self.horizon {
                return placed;
            }
            let before = shares.clone();
            let cause = if ends <= now {
                let done = under_way.remove(under_way.iter().position(|u| u.ends <= ends).expect("one ends"));
                let takers = self.takers(&shares[done.service], done.vendor, ends);
                if takers.is_empty() || shares[done.service][done.vendor] == 0.0 {
                    continue;
                }
                let share = std::mem::take(&mut shares[done.service][done.vendor]);
                takers.iter().for_each(|&(v, part)| shares[done.service][v] += part * share);
                Cause::Event(done.event)
            } else if acts <= now {
                let first = (0..waiting.len()).find(|&w| due(&waiting[w]) <= acts).expect("one acts");
                let (_, play, cause) = waiting.remove(first);
                self.place_anew(play, now, &mut shares);
                cause
            } else {
                let (at, loss) = losses.next().expect("one begins");
                self.begin(at, loss, &shares, &mut under_way, opinion);
                continue;
            };
            for v in 0..self.n_vendors() {
                let leaves = before.iter().any(|w| w[v] > 0.0) && shares.iter().all(|w| w[v] == 0.0);
                if leaves && self.binds(v) && left.insert(v) {
                    let fee = self.portfolio.contracts[v].exit_fee.unwrap_or(0.0) * self.discount(now);
                    opinion.components[Component::Migration as usize] += fee;
                    opinion.charge(cause, fee);
                }
            }
            placed.push(Placed { from: now, shares: shares.clone(), by: Some(cause) });
        }
    }

    /// Migrations off the vendors that a loss strikes.
    fn begin(
        &self,
        at: f64,
        loss: &Interruption,
        shares: &[Vec<f64>],
        under_way: &mut Vec<UnderWay>,
        opinion: &mut Opinion,
    ) {
        let policy = self.portfolio.migration.as_ref().expect("a policy");
        for vendor in (0..self.n_vendors()).filter(|&v| self.strikes(loss.risk, v)) {
            let luck = |key: crate::chance::Key| key.uniform(self.trial, self.counter(loss.by.event));
            let takes = policy.takes.quantile(luck(self.plan.vendors[vendor].migration_takes));
            let costs = policy.costs.quantile(luck(self.plan.vendors[vendor].migration_costs));
            for service in 0..shares.len() {
                let share = shares[service][vendor];
                let busy = under_way.iter().any(|u| u.vendor == vendor && u.service == service);
                if share == 0.0 || busy || self.takers(&shares[service], vendor, at).is_empty() {
                    continue;
                }
                under_way.push(UnderWay { ends: at + takes, vendor, service, event: loss.by.event });
                let cost = costs * share * self.part(service) * self.discount(at);
                opinion.components[Component::Migration as usize] += cost;
                opinion.charge(Cause::Event(loss.by.event), cost);
            }
        }
    }

    /// An entry of the playbook acts.
    fn place_anew(&self, play: usize, t: f64, shares: &mut [Vec<f64>]) {
        for (s, list) in self.portfolio.playbook[play].shares.iter().enumerate() {
            let usable: Vec<&(usize, f64)> = list.iter().filter(|l| self.usable(l.0, t)).collect();
            let total: f64 = usable.iter().map(|l| l.1).sum();
            if total > 0.0 {
                shares[s].fill(0.0);
                usable.iter().for_each(|l| shares[s][l.0] = l.1 / total);
            }
        }
    }

    /// Every moment at which anything could change.
    fn moments(&self, placed: &[Placed]) -> Vec<f64> {
        let detect = self.portfolio.failover.as_ref().map_or(0.0, |f| f.detect_hours);
        let mut moments: Vec<f64> =
            self.interruptions.iter().flat_map(|i| [i.start, i.end, i.start + detect]).collect();
        moments.extend(placed.iter().map(|p| p.from));
        for standby in &self.portfolio.standby {
            let later: Vec<f64> = moments.iter().map(|t| t + standby.starts_hours).collect();
            moments.extend(later);
        }
        moments.extend(self.world.prices.iter().flat_map(|c| [c.start, c.end]));
        moments.extend(self.world.revenues.iter().flat_map(|c| [c.start, c.start + c.over, c.end]));
        moments.extend(self.world.capabilities.iter().flat_map(|c| [c.start, c.start + c.over, c.end]));
        moments.extend((0..1200).map(|k| f64::from(k) * 730.5));
        moments.extend([0.0, self.horizon]);
        moments.retain(|t| (0.0..=self.horizon).contains(t));
        moments.sort_by(f64::total_cmp);
        moments.dedup();
        moments
    }

    /// The price index of a vendor, by those changes that count.
    fn index(&self, vendor: usize, t: f64, counts: impl Fn(usize) -> bool) -> f64 {
        let month = (t / MONTH) as usize;
        let paths = self
            .plan
            .paths
            .iter()
            .zip(&self.world.paths)
            .filter(|(path, _)| self.strikes(u32::try_from(path.risk).expect("few"), vendor))
            .map(|(_, index)| index[month]);
        let changes = (self.world.prices.iter().enumerate())
            .filter(|(n, c)| counts(*n) && self.sees(c.by) && self.strikes(c.risk, vendor) && c.start <= t && t < c.end)
            .map(|(_, c)| 1.0 + c.change);
        paths.product::<f64>() * changes.product::<f64>()
    }

    /// The billed index.
    pub(super) fn billed(&self, vendor: usize, t: f64) -> f64 {
        self.billed_with(vendor, t, |_| true)
    }

    /// The billed index by those changes that count.
    pub(super) fn billed_with(&self, vendor: usize, t: f64, counts: impl Fn(usize) -> bool + Copy) -> f64 {
        let Some(cap) = self.portfolio.contracts[vendor].price_cap.filter(|_| self.binds(vendor)) else {
            return self.index(vendor, t, counts);
        };
        let mut base = 1.0;
        for year in 1..=(t / YEAR) as u32 {
            base = f64::min(self.index(vendor, f64::from(year) * YEAR, counts), (1.0 + cap) * base);
        }
        f64::min(self.index(vendor, t, counts), (1.0 + cap) * base)
    }

    /// Π F of a service.
    pub(super) fn factor(&self, service: usize, t: f64) -> f64 {
        let one = |c: &crate::world::RevenueChange| {
            1.0 + c.change * if t < c.start + c.over { (t - c.start) / c.over } else { 1.0 }
        };
        self.world
            .revenues
            .iter()
            .filter(|c| c.service == service && self.sees(c.by) && c.start <= t && t < c.end)
            .map(one)
            .product()
    }

    /// ∫ of a curve × a weight that is smooth between moments.
    pub(super) fn integral(curve: &Curve, a: f64, b: f64, weight: impl Fn(f64) -> f64) -> f64 {
        let (mut sum, mut from) = (0.0, a);
        while from < b {
            let to = curve.next_jump(from).min(from + 24.0).min(b);
            let (middle, half) = (f64::midpoint(from, to), (to - from) / 2.0);
            let at = |x: f64| curve.rate(middle + half * x) * weight(middle + half * x);
            let away = 0.6_f64.sqrt();
            sum += half * (5.0 * at(-away) + 8.0 * at(0.0) + 5.0 * at(away)) / 9.0;
            from = to;
        }
        sum
    }

    fn market(&self, opinion: &mut Opinion) {
        let moments = self.moments(&[]);
        for (s, service) in self
            .scenario
            .services
            .iter()
            .enumerate()
            .filter(|(s, _)| self.world.revenues.iter().any(|c| c.service == *s))
        {
            let curve = &self.plan.services[s].present;
            let lost: f64 =
                moments.windows(2).map(|w| Self::integral(curve, w[0], w[1], |t| 1.0 - self.factor(s, t))).sum();
            opinion.components[Component::Market as usize] += service.margin * service.revenue_per_hour * lost;
            self.charge_market(s, &moments, opinion);
        }
    }

    fn one_off(&self, opinion: &mut Opinion) {
        for cost in self.world.costs.iter().filter(|c| self.sees(c.by)) {
            let share: f64 =
                (0..self.n_vendors()).filter(|&v| self.strikes(cost.risk, v)).map(|v| self.planned_share(v)).sum();
            let part = match cost.scales_with {
                ScalesWith::Share => share,
                ScalesWith::Use => f64::from(u8::from(share > 0.0)),
            };
            let amount = part * cost.amount * self.discount(cost.tau);
            opinion.components[Component::OneOff as usize] += amount;
            opinion.charge(Cause::Event(cost.by.event), amount);
        }
    }

    /// Changes of a vendor's capability, in order of their beginning.
    pub(super) fn capability_changes(&self, vendor: usize) -> Vec<&CapabilityChange> {
        let mut changes: Vec<&CapabilityChange> =
            self.world.capabilities.iter().filter(|c| self.sees(c.by) && self.strikes(c.risk, vendor)).collect();
        changes.sort_by(|a, b| a.start.total_cmp(&b.start));
        changes
    }

    /// K of a vendor.
    pub(super) fn capability(&self, vendor: usize, t: f64) -> f64 {
        let factors = self.capability_changes(vendor).into_iter().map(|c| c.factor(t));
        self.scenario.vendors[vendor].capability * factors.product::<f64>()
    }

    fn stakes(&self, opinion: &mut Opinion) {
        let mut changes: Vec<_> = self.world.stakes.iter().filter(|c| self.sees(c.by)).collect();
        changes.sort_by(|a, b| a.tau.total_cmp(&b.tau));
        for (v, vendor) in self.scenario.vendors.iter().enumerate() {
            let mut worth = vendor.stake;
            for change in changes.iter().filter(|c| self.strikes(c.risk, v)) {
                let loss = -worth * change.change * self.discount(change.tau);
                opinion.components[Component::Stake as usize] += loss;
                opinion.charge(Cause::Event(change.by.event), loss);
                worth *= 1.0 + change.change;
            }
        }
    }

    fn overhead(&self, opinion: &mut Opinion) {
        let portfolio = self.portfolio;
        let standbys: f64 = portfolio.standby.iter().map(|s| s.costs_per_hour).sum();
        let premiums: f64 = portfolio.covers.iter().map(|&c| self.scenario.covers[c].premium_per_hour).sum();
        let n = 100_000;
        let step = self.horizon / f64::from(n);
        let hours: f64 = (0..n).map(|i| step * self.discount((f64::from(i) + 0.5) * step)).sum();
        opinion.components[Component::Overhead as usize] +=
            portfolio.setup + (portfolio.overhead_per_hour + standbys + premiums) * hours;
    }

    fn traffic(&self, placed: &[Placed], opinion: &mut Opinion) {
        let moments = self.moments(placed);
        let n = self.n_vendors();
        let n_years = (self.horizon / YEAR).ceil() as usize;
        let n_months = (self.horizon / MONTH).ceil() as usize;
        // Per vendor and month: the nominal bill.
        let mut bills = vec![vec![0.0; n_months]; n];
        let mut books = Books::new(self, placed, n_years);
        let mut credited = Credited::default();
        let mut states: Vec<State> = self.scenario.services.iter().map(|_| State::new(n)).collect();
        for w in moments.windows(2) {
            let (a, b) = (w[0], w[1]);
            let middle = f64::midpoint(a, b);
            let available: Vec<f64> = (0..n).map(|v| self.available_at(v, middle)).collect();
            let billed: Vec<f64> = (0..n).map(|v| self.billed(v, middle)).collect();
            let shares = &placed.iter().rfind(|p| p.from <= a).expect("the planned ones").shares;
            credited.note(self, &books, (a, b));
            for (s, service) in self.scenario.services.iter().enumerate() {
                let state = &mut states[s];
                state.fall(self, &available, a);
                let response = self.respond(state, s, &shares[s], &available, a);
                let (served, unserved) = (&response.served, response.unserved);
                let curves = &self.plan.services[s];
                state.interrupted(unserved, a, b);
                let mut interruption = 0.0;
                if unserved > 0.0 {
                    let since = state.runs.last().expect("one is under way").since;
                    let from = a.max(since + service.tolerance_hours);
                    let revenue =
                        if from < b { Self::integral(&curves.present, from, b, |t| self.factor(s, t)) } else { 0.0 };
                    interruption = service.margin * service.revenue_per_hour * unserved * revenue;
                    opinion.components[Component::Interruption as usize] += interruption;
                    books.unserved(s, &response, (a, b), state.runs.last_mut().expect("one is under way"));
                }
                let usage = service.usage_per_hour.unwrap_or(0.0);
                let (present, nominal) =
                    (Self::integral(&curves.present, a, b, |_| 1.0), Self::integral(&curves.nominal, a, b, |_| 1.0));
                books.traffic(&response, middle, interruption, [usage * present, usage * nominal], opinion);
                if service.sensitivity > 0.0 {
                    books.capability(s, &response, (a, b), present, opinion);
                }
                for v in 0..n {
                    let rate = usage * served[v] * self.scenario.vendors[v].price.unwrap_or(0.0) * billed[v];
                    opinion.components[Component::Spend as usize] += rate * present;
                    bills[v][(middle / MONTH) as usize] += rate * nominal;
                }
            }
        }
        books.moves(&moments, opinion);
        books.claims(opinion);
        for (s, state) in states.iter().enumerate() {
            self.churn(s, &state.runs, &moments, opinion);
        }
        for v in (0..n).filter(|&v| self.binds(v)) {
            for (year, months) in bills[v].chunks(12).enumerate() {
                books.settle(v, year, months.iter().sum(), opinion);
            }
            credited.settle(self, v, &bills[v], opinion);
        }
        opinion.hours = states.iter().map(|s| (s.unserved_hours, s.longest)).collect();
    }

    /// What each vendor serves, and what nobody does, as parts of a service's traffic.
    fn respond(&self, state: &mut State, s: usize, shares: &[f64], available: &[f64], t: f64) -> Response {
        let missing: Vec<f64> = shares.iter().zip(available).map(|(w, a)| w * (1.0 - a)).collect();
        let mut served: Vec<f64> = shares.iter().zip(available).map(|(w, a)| w * a).collect();
        let total: f64 = missing.iter().sum();
        let settled = |u: f64| if u > 1e-9 { u } else { 0.0 };
        let unmoved = |served: Vec<f64>| Response {
            served,
            unserved: settled(total),
            missing: missing.clone(),
            moved_from: vec![0.0; shares.len()],
            moved_to: vec![0.0; shares.len()],
        };
        let Some(failover) = &self.portfolio.failover else { return unmoved(served) };
        let mut movable: Vec<f64> = (missing.iter().enumerate())
            .map(|(v, d)| {
                let Some((since, event, announced)) = state.falls[v] else { return 0.0 };
                let works = self.plan.vendors[v].failover.uniform(self.trial, self.counter(event)) < failover.works;
                if works && (announced || t >= since + failover.detect_hours) { *d } else { 0.0 }
            })
            .collect();
        if movable.iter().all(|&d| d == 0.0) {
            state.movable_since = None;
            return unmoved(served);
        }
        let since = *state.movable_since.get_or_insert(t);
        let mut order: Vec<usize> = self.portfolio.shares[s].iter().map(|l| l.0).filter(|&v| shares[v] > 0.0).collect();
        order.extend(
            (0..shares.len()).filter(|&v| shares[v] > 0.0 && !self.portfolio.shares[s].iter().any(|l| l.0 == v)),
        );
        order.extend(self.portfolio.standby.iter().map(|b| b.vendor).filter(|&v| shares[v] == 0.0));
        let mut unserved = total;
        let (before, mut moved_to) = (movable.clone(), vec![0.0; shares.len()]);
        for room in failover.order.clone().unwrap_or(order) {
            let holds = if shares[room] > 0.0 {
                failover.headroom * shares[room] * available[room]
            } else {
                match self.portfolio.standby.iter().find(|b| b.vendor == room) {
                    Some(b) if t >= since + b.starts_hours => b.capacity * available[room],
                    _ => 0.0,
                }
            };
            let others: f64 = movable.iter().enumerate().filter(|(v, _)| *v != room).map(|(_, d)| d).sum();
            let taken = holds.min(others);
            if taken <= 0.0 {
                continue;
            }
            for (_, d) in movable.iter_mut().enumerate().filter(|(v, _)| *v != room) {
                *d -= taken * *d / others;
            }
            served[room] += taken;
            moved_to[room] += taken;
            unserved -= taken;
        }
        let moved_from = before.iter().zip(&movable).map(|(b, m)| b - m).collect();
        Response { served, unserved: settled(unserved), missing, moved_from, moved_to }
    }
}

/// Traffic of a service in one piece of time, as parts of all of it, per vendor.
pub(super) struct Response {
    pub(super) served: Vec<f64>,
    pub(super) unserved: f64,
    pub(super) missing: Vec<f64>,
    pub(super) moved_from: Vec<f64>,
    pub(super) moved_to: Vec<f64>,
}

/// What must be remembered of a service's past.
struct State {
    /// Per vendor: since when its availability is below 1, by which event, and whether an announced loss began it.
    falls: Vec<Option<(f64, u32, bool)>>,
    movable_since: Option<f64>,
    runs: Vec<Run>,
    unserved_hours: f64,
    longest: f64,
}

impl State {
    fn new(n: usize) -> Self {
        Self { falls: vec![None; n], movable_since: None, runs: vec![], unserved_hours: 0.0, longest: 0.0 }
    }

    fn fall(&mut self, case: &Case, available: &[f64], t: f64) {
        for (v, a) in available.iter().enumerate() {
            if *a >= 1.0 {
                self.falls[v] = None;
            } else if self.falls[v].is_none() {
                let beneath = |i: &&Interruption| {
                    case.available(v, &|n| if case.on(i.risk).contains(&n) { 0.5 } else { 1.0 }) < 1.0
                        || case.plan.risks[i.risk as usize].reach.iter().any(|r| r.0 == v)
                };
                let begun: Vec<&Interruption> =
                    case.interruptions.iter().filter(|i| i.start == t).filter(beneath).collect();
                let event = begun.iter().map(|i| i.by.event).min().expect("something begins a fall");
                self.falls[v] = Some((t, event, begun.iter().any(|i| i.access && i.start > i.announced)));
            }
        }
    }

    fn interrupted(&mut self, unserved: f64, a: f64, b: f64) {
        if unserved > 0.0 {
            if self.runs.last().is_none_or(|r| r.until != a) {
                self.runs.push(Run::new(a));
            }
            let run = self.runs.last_mut().expect("one is under way");
            run.until = b;
            self.unserved_hours += unserved * (b - a);
            self.longest = self.longest.max(b - run.since);
        }
    }
}
