//! Moves shares for good when a loss is long enough (MODEL section 7.1). Depends on announced and lasting losses alone,
//! so it is settled before any traffic is swept.

use super::{NEGLIGIBLE, Regime};
use crate::plan::Plan;
use crate::plan::portfolio::{Migration, PortfolioPlan};
use crate::view::View;
use crate::world::Interruption;

/// What a portfolio decided in one trial.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    /// Per group: its regimes in order of time; empty if its shares never changed.
    pub(crate) regimes: Vec<Vec<Regime>>,
    pub(crate) begun: Vec<Begun>,
    pub(crate) moves: Vec<Move>,
    pub(crate) exits: Vec<Exit>,
}

/// A migration that began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Begun {
    pub(crate) at: f64,
    pub(crate) group: usize,
    pub(crate) vendor: usize,
    pub(crate) event: u32,
    /// The share to be moved when it began.
    pub(crate) share: f64,
}

/// A share that moved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Move {
    pub(crate) at: f64,
    pub(crate) group: usize,
    pub(crate) event: u32,
    pub(crate) from: usize,
    pub(crate) share: f64,
    /// Who takes it, in parts of all traffic.
    pub(crate) to: Vec<(usize, f64)>,
}

/// The last traffic of all services left a vendor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Exit {
    pub(crate) at: f64,
    pub(crate) vendor: usize,
    pub(crate) event: u32,
}

/// Where chance enters: how long the migration off a vendor because of an event takes, in hours.
pub(crate) trait Luck {
    fn takes(&self, vendor: usize, event: u32) -> f64;
}

/// A loss that may begin migrations, and during which its vendors are not usable.
struct Loss<'a> {
    begins: f64,
    /// When it is over, the horizon at the latest.
    over: f64,
    interruption: &'a Interruption,
}

struct UnderWay {
    ends: f64,
    group: usize,
    vendor: usize,
    event: u32,
}

impl Decisions {
    /// Settles the trial of `view` for `portfolio`; cheap if no loss in it is long enough.
    pub(crate) fn settle(&mut self, plan: &Plan, portfolio: &PortfolioPlan, view: &View, luck: &impl Luck) {
        self.regimes.clear();
        self.begun.clear();
        self.moves.clear();
        self.exits.clear();
        let Some(policy) = &portfolio.migration else { return };
        let losses = losses(policy, view, plan.clock.horizon);
        if losses.is_empty() {
            return;
        }
        Settler {
            plan,
            policy,
            losses: &losses,
            shares: portfolio.groups.iter().map(|g| g.shares.clone()).collect(),
            under_way: Vec::new(),
            exited: vec![false; plan.vendors.len()],
        }
        .run(luck, self);
        self.cut_regimes(plan, portfolio);
    }

    /// Regimes from the moves.
    fn cut_regimes(&mut self, plan: &Plan, portfolio: &PortfolioPlan) {
        if self.moves.is_empty() {
            return;
        }
        for (g, group) in portfolio.groups.iter().enumerate() {
            let mut regimes = Vec::new();
            let (mut start, mut shares) = (0.0, group.shares.clone());
            for change in self.moves.iter().filter(|m| m.group == g) {
                if change.at > start {
                    regimes.push(Regime::new(portfolio, group, shares.clone(), start, change.at, false));
                    start = change.at;
                }
                change.apply(&mut shares);
            }
            regimes.push(Regime::new(portfolio, group, shares, start, plan.clock.horizon, true));
            self.regimes.push(regimes);
        }
    }
}

impl Move {
    fn apply(&self, shares: &mut [f64]) {
        shares[self.from] = 0.0;
        for &(v, share) in &self.to {
            shares[v] += share;
        }
    }
}

fn losses<'a>(policy: &Migration, view: &'a View, horizon: f64) -> Vec<Loss<'a>> {
    let mut losses: Vec<Loss> = (view.long.iter())
        .filter(|i| i.length >= policy.patience)
        .map(|i| {
            let begins = if i.access { i.announced } else { i.start + policy.patience };
            Loss { begins, over: i.end, interruption: i }
        })
        .filter(|l| l.begins < horizon)
        .collect();
    losses.sort_by(|a, b| a.begins.total_cmp(&b.begins).then(a.interruption.by.event.cmp(&b.interruption.by.event)));
    losses
}

struct Settler<'a> {
    plan: &'a Plan,
    policy: &'a Migration,
    losses: &'a [Loss<'a>],
    /// Per group and vendor.
    shares: Vec<Vec<f64>>,
    under_way: Vec<UnderWay>,
    exited: Vec<bool>,
}

impl Settler<'_> {
    /// In order of time; at one instant, migrations end before others begin.
    fn run(&mut self, luck: &impl Luck, out: &mut Decisions) {
        let mut next = 0;
        loop {
            let begins = self.losses.get(next).map_or(f64::INFINITY, |l| l.begins);
            let ends = self.under_way.iter().fold(f64::INFINITY, |m, u| m.min(u.ends));
            if ends.min(begins) >= self.plan.clock.horizon {
                return;
            }
            if ends <= begins {
                // The first to begin among those that end now.
                if let Some(i) = self.under_way.iter().position(|u| u.ends <= ends) {
                    let done = self.under_way.remove(i);
                    self.end(&done, out);
                }
            } else {
                self.begin(&self.losses[next], luck, out);
                next += 1;
            }
        }
    }

    fn begin(&mut self, loss: &Loss, luck: &impl Luck, out: &mut Decisions) {
        let event = loss.interruption.by.event;
        for &vendor in &self.plan.risks[loss.interruption.risk as usize].struck {
            for group in 0..self.shares.len() {
                let share = self.shares[group][vendor];
                let busy = self.under_way.iter().any(|u| u.group == group && u.vendor == vendor);
                if share <= NEGLIGIBLE || busy || self.takers(group, vendor, loss.begins).is_empty() {
                    continue;
                }
                out.begun.push(Begun { at: loss.begins, group, vendor, event, share });
                self.under_way.push(UnderWay { ends: loss.begins + luck.takes(vendor, event), group, vendor, event });
            }
        }
    }

    fn end(&mut self, done: &UnderWay, out: &mut Decisions) {
        let takers = self.takers(done.group, done.vendor, done.ends);
        let share = self.shares[done.group][done.vendor];
        if takers.is_empty() || share <= NEGLIGIBLE {
            return;
        }
        let to = takers.into_iter().map(|(v, part)| (v, part * share)).collect();
        let change = Move { at: done.ends, group: done.group, event: done.event, from: done.vendor, share, to };
        change.apply(&mut self.shares[done.group]);
        out.moves.push(change);
        let left: f64 = self.shares.iter().map(|s| s[done.vendor]).sum();
        if left <= NEGLIGIBLE && !self.exited[done.vendor] {
            self.exited[done.vendor] = true;
            out.exits.push(Exit { at: done.ends, vendor: done.vendor, event: done.event });
        }
    }

    /// Who would take what part of a vendor's share at `t`.
    fn takers(&self, group: usize, vendor: usize, t: f64) -> Vec<(usize, f64)> {
        let usable = |v: &usize| *v != vendor && self.usable(*v, t);
        let shares = &self.shares[group];
        let weights: Vec<(usize, f64)> = if self.policy.to.is_empty() {
            (0..shares.len()).filter(|&v| shares[v] > NEGLIGIBLE).filter(usable).map(|v| (v, shares[v])).collect()
        } else {
            self.policy.to.iter().copied().filter(usable).map(|v| (v, 1.0)).collect()
        };
        let total: f64 = weights.iter().map(|w| w.1).sum();
        weights.into_iter().map(|(v, w)| (v, w / total)).collect()
    }

    fn usable(&self, vendor: usize, t: f64) -> bool {
        let strikes = |l: &Loss| self.plan.risks[l.interruption.risk as usize].struck.contains(&vendor);
        !self.losses.iter().any(|l| l.begins <= t && t < l.over && strikes(l))
    }
}

impl PortfolioPlan {
    /// The regime in which nothing has been decided.
    pub(crate) fn first_regimes(&self, horizon: f64) -> Vec<Regime> {
        self.groups.iter().map(|g| Regime::new(self, g, g.shares.clone(), 0.0, horizon, true)).collect()
    }
}
