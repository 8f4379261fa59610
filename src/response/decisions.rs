//! What is decided for good in a trial, in order of time: migrations end, playbook entries act, migrations begin (MODEL
//! section 7.1). Depends on nothing that traffic does, so it is settled before any is swept.

use std::sync::Arc;

use super::migration::{Loss, Luck, UnderWay, losses};
use super::playbook::{Fired, Watch};
use super::{Cause, NEGLIGIBLE, Placement, Regime};
use crate::plan::Plan;
use crate::plan::portfolio::{Group, PortfolioPlan};
use crate::view::sight::Sight;

/// What a portfolio decided in one trial. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    /// Per group: its regimes in order of time; empty if its shares never changed.
    pub(crate) regimes: Vec<Vec<Regime>>,
    pub(crate) begun: Vec<Begun>,
    pub(crate) moves: Vec<Move>,
    pub(crate) exits: Vec<Exit>,
    /// Playbook entries that fired.
    pub(crate) fired: Vec<Fired>,
    watch: Watch,
    state: State,
    /// Per group: placements of earlier trials.
    known: Vec<Vec<Arc<Placement>>>,
    /// Lists of regimes that are not in use.
    spare: Vec<Vec<Regime>>,
}

/// Most placements that are kept for a group.
const KNOWN: usize = 256;

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

/// Shares that changed for good.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Move {
    pub(crate) at: f64,
    pub(crate) group: usize,
    pub(crate) cause: Cause,
    /// What each vendor gains or loses, as parts of all traffic.
    pub(crate) changes: Vec<(usize, f64)>,
}

/// The last traffic of all services left a vendor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Exit {
    pub(crate) at: f64,
    pub(crate) vendor: usize,
    pub(crate) cause: Cause,
}

/// Decisions in the making.
pub(super) struct Settler<'a> {
    pub(super) plan: &'a Plan,
    pub(super) portfolio: &'a PortfolioPlan,
    pub(super) losses: &'a [Loss<'a>],
    pub(super) state: State,
}

/// How far they are.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Per group and vendor.
    pub(super) shares: Vec<Vec<f64>>,
    pub(super) under_way: Vec<UnderWay>,
    /// Entries that fired and have not acted.
    pub(super) waiting: Vec<Fired>,
    /// Per vendor: whether it has lost its last traffic; and whether it had any before what is noted now.
    exited: Vec<bool>,
    served: Vec<bool>,
}

impl Decisions {
    /// Settles a trial for `portfolio`; cheap if no loss in it is long enough and no entry fires.
    pub(crate) fn settle(&mut self, sight: Sight, portfolio: &PortfolioPlan, luck: &impl Luck) {
        self.spare.append(&mut self.regimes);
        self.begun.clear();
        self.moves.clear();
        self.exits.clear();
        self.watch.fires(sight, portfolio, &mut self.fired);
        let losses = losses(sight.plan, portfolio, sight.view);
        if losses.is_empty() && self.fired.is_empty() {
            return;
        }
        let mut state = std::mem::take(&mut self.state);
        state.open(sight.plan, portfolio, &self.fired);
        let mut settler = Settler { plan: sight.plan, portfolio, losses: &losses, state };
        settler.run(luck, self);
        let mut state = settler.state;
        self.cut_regimes(sight.plan, portfolio, &mut state);
        self.state = state;
    }

    /// Regimes from the moves. Leaves `state` in disorder.
    fn cut_regimes(&mut self, plan: &Plan, portfolio: &PortfolioPlan, state: &mut State) {
        if self.moves.is_empty() {
            return;
        }
        self.known.resize_with(portfolio.groups.len(), Vec::new);
        for (g, group) in portfolio.groups.iter().enumerate() {
            let mut regimes = self.spare.pop().unwrap_or_default();
            regimes.clear();
            let known = &mut self.known[g];
            let mut regime = |shares: &[f64], during: (f64, f64)| {
                let place = known.iter().position(|p| p.shares == shares).unwrap_or_else(|| {
                    if known.len() == KNOWN {
                        known.clear();
                    }
                    known.push(Arc::new(Placement::new(plan, portfolio, group, shares.to_vec())));
                    known.len() - 1
                });
                let placement = Arc::clone(&known[place]);
                regimes.push(Regime::new(plan, placement, during));
            };
            let (mut start, shares) = (0.0, &mut state.shares[g]);
            shares.clone_from(&group.shares);
            for change in self.moves.iter().filter(|m| m.group == g) {
                if change.at > start {
                    regime(shares, (start, change.at));
                    start = change.at;
                }
                change.apply(shares);
            }
            regime(shares, (start, plan.clock.horizon));
            self.regimes.push(regimes);
        }
    }
}

impl State {
    /// Nothing is decided yet.
    fn open(&mut self, plan: &Plan, portfolio: &PortfolioPlan, fired: &[Fired]) {
        self.shares.resize_with(portfolio.groups.len(), Vec::new);
        self.shares.iter_mut().zip(&portfolio.groups).for_each(|(shares, group)| shares.clone_from(&group.shares));
        self.under_way.clear();
        self.waiting.clear();
        self.waiting.extend_from_slice(fired);
        self.exited.clear();
        self.exited.resize(plan.vendors.len(), false);
    }

    fn has_traffic(&self, vendor: usize) -> bool {
        self.shares.iter().any(|shares| shares[vendor] > NEGLIGIBLE)
    }

    /// Takes note of which vendors have traffic.
    fn look(&mut self) {
        let mut served = std::mem::take(&mut self.served);
        served.clear();
        served.extend((0..self.exited.len()).map(|v| self.has_traffic(v)));
        self.served = served;
    }
}

impl Move {
    pub(super) fn apply(&self, shares: &mut [f64]) {
        for &(v, change) in &self.changes {
            shares[v] += change;
            if shares[v] <= NEGLIGIBLE {
                shares[v] = 0.0;
            }
        }
    }
}

impl Settler<'_> {
    /// In order of time; at one instant, migrations end before entries act, and those before migrations begin.
    fn run(&mut self, luck: &impl Luck, out: &mut Decisions) {
        let (mut next, mut now) = (0, 0.0);
        loop {
            let begins = self.losses.get(next).map_or(f64::INFINITY, |l| l.begins);
            let ends = self.state.under_way.iter().fold(f64::INFINITY, |m, u| m.min(u.ends));
            let acts = if self.state.under_way.is_empty() { self.acts().max(now) } else { f64::INFINITY };
            now = ends.min(acts).min(begins);
            if now >= self.plan.clock.horizon {
                return;
            }
            if ends <= now {
                // The first to begin among those that end now.
                if let Some(i) = self.state.under_way.iter().position(|u| u.ends <= ends) {
                    let done = self.state.under_way.remove(i);
                    self.end(&done, out);
                }
            } else if acts <= now {
                self.act(now, out);
            } else {
                self.begin(&self.losses[next], luck, out);
                next += 1;
            }
        }
    }

    /// Takes note of shares that have changed, and of the vendors without traffic since.
    pub(super) fn note(&mut self, moves: impl IntoIterator<Item = Move>, out: &mut Decisions) {
        let state = &mut self.state;
        state.look();
        let before = out.moves.len();
        out.moves.extend(moves);
        let moves = &out.moves[before..];
        for change in moves {
            change.apply(&mut state.shares[change.group]);
        }
        if let Some(&Move { at, cause, .. }) = moves.first() {
            for vendor in 0..state.served.len() {
                if state.served[vendor] && !state.has_traffic(vendor) && !state.exited[vendor] {
                    state.exited[vendor] = true;
                    out.exits.push(Exit { at, vendor, cause });
                }
            }
        }
    }

    /// Usable: not struck by a loss that makes the firm move and is not over.
    pub(super) fn usable(&self, vendor: usize, t: f64) -> bool {
        let strikes = |l: &Loss| self.plan.risks[l.interruption.risk as usize].struck.contains(&vendor);
        !self.losses.iter().any(|l| l.begins <= t && t < l.over && strikes(l))
    }
}

impl PortfolioPlan {
    /// The regime in which nothing has been decided.
    pub(crate) fn first_regimes(&self, plan: &Plan) -> Vec<Regime> {
        let always = (0.0, plan.clock.horizon);
        let placement = |g: &Group| Arc::new(Placement::new(plan, self, g, g.shares.clone()));
        self.groups.iter().map(|g| Regime::new(plan, placement(g), always)).collect()
    }
}
