//! One trial from world to books: the stages in their order, with the memory they keep between trials.

use super::Parts;
use super::observer::{Counts, Observer, Tally};
use crate::chance::event_counter;
use crate::impact::journal::Journal;
use crate::impact::ledger::Ledger;
use crate::impact::{Common, Judge, Lot};
use crate::plan::{Clock, Plan, ViewPlan};
use crate::response::Regime;
use crate::response::decisions::Decisions;
use crate::response::parting::Alone;
use crate::view::View;
use crate::view::sight::Sight;
use crate::world::World;

/// The stages' buffers.
pub(crate) struct Engine {
    world: World,
    observer: Observer,
    view: View,
    alone: Alone,
    common: Common,
    judge: Judge,
    ledger: Ledger,
    /// Per portfolio and group: where its traffic is placed while nothing is decided.
    regimes: Vec<Vec<Regime>>,
    /// Per portfolio: what it decided.
    decisions: Vec<Decisions>,
    /// Per portfolio: the table of a block, kept for its memory.
    pub(super) tables: Vec<Vec<f64>>,
}

/// What one portfolio suffered in one trial.
pub(crate) struct Verdict<'a> {
    pub(crate) portfolio: usize,
    pub(crate) world: &'a World,
    pub(crate) view: &'a View,
    pub(crate) ledger: &'a Ledger,
    pub(crate) seer: &'a ViewPlan,
    pub(crate) common: &'a Common,
    pub(crate) decisions: &'a Decisions,
    /// Where its traffic is placed while nothing is decided.
    pub(crate) regimes: &'a [Regime],
}

impl Engine {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            world: World::default(),
            observer: Observer::default(),
            view: View::default(),
            alone: Alone::default(),
            common: Common::default(),
            judge: Judge::default(),
            ledger: Ledger::default(),
            regimes: plan.portfolios.iter().map(|p| p.first_regimes(plan)).collect(),
            decisions: plan.portfolios.iter().map(|_| Decisions::default()).collect(),
            tables: Vec::new(),
        }
    }

    /// Runs `trial` for the portfolios that `wanted` names, and shows each of them to `visit`. Gives the number of its events.
    pub(crate) fn trial(
        &mut self,
        plan: &Plan,
        trial: u64,
        wanted: impl Fn(usize) -> bool,
        visit: impl FnMut(&Verdict),
    ) -> usize {
        self.world.draw(plan, trial);
        self.judge(plan, wanted, visit)
    }

    /// Runs `trial` for all portfolios, with what happens in it for a check.
    pub(super) fn observed(
        &mut self,
        plan: &Plan,
        trial: u64,
        (counts, tally): (&Counts, &mut Tally),
        visit: impl FnMut(&Verdict),
    ) -> usize {
        self.world.draw(plan, trial);
        self.observer.look(plan, counts, &self.world, tally);
        self.judge(plan, |_| true, visit)
    }

    /// Shows what was drawn to the portfolios that `wanted` names, and each of them to `visit`.
    fn judge(&mut self, plan: &Plan, wanted: impl Fn(usize) -> bool, mut visit: impl FnMut(&Verdict)) -> usize {
        let n_events = self.world.events.len() + self.world.plain.starts.len();
        for seer in plan.views.iter().filter(|v| v.portfolios.iter().any(|&p| wanted(p))) {
            self.see(plan, seer);
            self.common.prepare(plan, &self.view, &self.world);
            for &p in seer.portfolios.iter().filter(|&&p| wanted(p)) {
                let sight = Sight { plan, world: &self.world, view: &self.view, seer };
                let (regimes, decisions) = (&self.regimes[p], &self.decisions[p]);
                self.judge.judge(sight, p, regimes, decisions, (&self.common, &self.alone), &mut self.ledger);
                visit(&Verdict {
                    portfolio: p,
                    world: &self.world,
                    view: &self.view,
                    ledger: &self.ledger,
                    seer,
                    common: &self.common,
                    decisions,
                    regimes,
                });
            }
        }
        n_events
    }

    /// What some portfolios see, and what each decides for good. Where outages are plain, decisions come first: time is cut
    /// where they take hold.
    fn see(&mut self, plan: &Plan, seer: &ViewPlan) {
        let Self { world, view, alone, regimes, decisions, .. } = self;
        let decide = |world: &World, view: &View, decisions: &mut [Decisions]| {
            for &p in &seer.portfolios {
                let portfolio = &plan.portfolios[p];
                let sight = Sight { plan, world, view, seer };
                decisions[p].settle(sight, portfolio, &Lot { plan, portfolio, world });
            }
        };
        if plan.plain.is_none() {
            view.see(plan, seer, world);
            decide(world, view, decisions);
            return;
        }
        world.restore();
        view.look(plan, seer, world);
        decide(world, view, decisions);
        alone.part(plan, seer, world, view, |p, g| {
            decisions[p].regimes.get(g).map_or(&regimes[p][g..=g], Vec::as_slice)
        });
        view.fall(plan, seer, world);
    }

    /// Draws a trial in which everybody sees everything, for [`again`](Self::again).
    pub(crate) fn look(&mut self, plan: &Plan, trial: u64) {
        self.world.draw(plan, trial);
        self.see(plan, &plan.views[0]);
        self.common.prepare(plan, &self.view, &self.world);
    }

    /// Judges a portfolio in the world looked at, under the luck that it has in another trial.
    pub(crate) fn again(&mut self, plan: &Plan, p: usize, trial: u64) -> (&Ledger, &Decisions) {
        self.world.trial = trial;
        let (world, portfolio) = (&self.world, &plan.portfolios[p]);
        let sight = Sight { plan, world, view: &self.view, seer: &plan.views[0] };
        self.decisions[p].settle(sight, portfolio, &Lot { plan, portfolio, world });
        let (regimes, decisions) = (&self.regimes[p], &self.decisions[p]);
        self.judge.judge(sight, p, regimes, decisions, (&self.common, &self.alone), &mut self.ledger);
        (&self.ledger, decisions)
    }

    /// The address of what is drawn on behalf of others because of the first event.
    pub(crate) fn counter(&self, plan: &Plan) -> u64 {
        let event = &self.world.events[0];
        event_counter(plan.risks[event.risk as usize].hash, event.counter)
    }

    /// From now on keeps a journal of every trial.
    pub(crate) fn keep_journal(&mut self) {
        self.ledger.journal = Some(Box::new(Journal::new()));
    }

    /// The divided loss of one portfolio in `trial`.
    pub(crate) fn parts(&mut self, plan: &Plan, trial: u64, portfolio: usize) -> Parts {
        let mut parts = Parts::default();
        self.trial(
            plan,
            trial,
            |p| p == portfolio,
            |verdict| {
                let mut risks = vec![0.0; plan.risks.len()];
                let mut nodes = vec![0.0; plan.n_nodes];
                verdict.by_risk(plan, &mut risks);
                by_node(plan, &risks, &mut nodes);
                let ledger = verdict.ledger;
                parts = Parts {
                    trial,
                    loss: ledger.loss(),
                    components: ledger.components.to_vec(),
                    risks,
                    nodes,
                    services: ledger.services.clone(),
                };
            },
        );
        parts
    }
}

impl Verdict<'_> {
    /// Loss by risk: of its events, and of its price path. `risks`: overwritten.
    pub(crate) fn by_risk(&self, plan: &Plan, risks: &mut [f64]) {
        risks.fill(0.0);
        for (path, charge) in plan.paths.iter().zip(self.ledger.path_charges()) {
            risks[path.risk] += charge;
        }
        for (event, charge) in self.world.events.iter().zip(self.ledger.event_charges()) {
            risks[event.risk as usize] += charge;
        }
        risks.iter_mut().zip(self.ledger.plain_charges()).for_each(|(risk, charge)| *risk += charge);
    }

    /// The largest loss charged to one event with τ in each full year; 0 if none has. `years`: overwritten.
    pub(crate) fn largest_by_year(&self, years: &mut [f64]) {
        years.copy_from_slice(self.ledger.plain_largest());
        for (event, &charge) in self.world.events.iter().zip(self.ledger.event_charges()) {
            if let Some(largest) = years.get_mut(event.year as usize) {
                *largest = largest.max(charge);
            }
        }
        for (year, largest) in (0..).zip(years).filter(|(_, largest)| **largest < 0.0) {
            // An outage that takes nothing takes more than a gain.
            if largest.is_infinite() || self.world.plain.harmless().any(|start| Clock::year(start) == year) {
                *largest = 0.0;
            }
        }
    }
}

/// A risk on a list counts in equal parts on its nodes. `nodes`: overwritten.
pub(crate) fn by_node(plan: &Plan, risks: &[f64], nodes: &mut [f64]) {
    nodes.fill(0.0);
    for &(risk, node, n) in &plan.struck {
        nodes[node] += risks[risk] / n;
    }
}
