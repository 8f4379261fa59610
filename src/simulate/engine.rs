//! One trial from world to books: the stages in their order, with the memory they keep between trials.

use super::Parts;
use crate::impact::journal::Journal;
use crate::impact::ledger::Ledger;
use crate::impact::{Common, Judge};
use crate::plan::{Plan, ViewPlan};
use crate::response::Regime;
use crate::response::decisions::Decisions;
use crate::view::View;
use crate::view::sight::Sight;
use crate::world::World;

/// The stages' buffers.
pub(crate) struct Engine {
    world: World,
    view: View,
    common: Common,
    judge: Judge,
    ledger: Ledger,
    /// Per portfolio and group: where its traffic is placed while nothing is decided.
    regimes: Vec<Vec<Regime>>,
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
            view: View::default(),
            common: Common::default(),
            judge: Judge::default(),
            ledger: Ledger::default(),
            regimes: plan.portfolios.iter().map(|p| p.first_regimes(plan.clock.horizon)).collect(),
        }
    }

    /// Runs `trial` for the portfolios that `wanted` names, and shows each of them to `visit`.
    pub(crate) fn trial(
        &mut self,
        plan: &Plan,
        trial: u64,
        wanted: impl Fn(usize) -> bool,
        mut visit: impl FnMut(&Verdict),
    ) {
        self.world.draw(plan, trial);
        for seer in plan.views.iter().filter(|v| v.portfolios.iter().any(|&p| wanted(p))) {
            self.view.see(plan, seer, &self.world);
            self.common.prepare(plan, &self.view, &self.world);
            for &p in seer.portfolios.iter().filter(|&&p| wanted(p)) {
                let sight = Sight { plan, world: &self.world, view: &self.view, seer };
                self.judge.judge(sight, p, &self.regimes[p], &self.common, trial, &mut self.ledger);
                visit(&Verdict {
                    portfolio: p,
                    world: &self.world,
                    view: &self.view,
                    ledger: &self.ledger,
                    seer,
                    common: &self.common,
                    decisions: self.judge.decisions(),
                    regimes: &self.regimes[p],
                });
            }
        }
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
    }

    /// The largest loss charged to one event with τ in each full year; 0 if none has. `years`: overwritten.
    pub(crate) fn largest_by_year(&self, years: &mut [f64]) {
        years.fill(f64::NEG_INFINITY);
        for (event, &charge) in self.world.events.iter().zip(self.ledger.event_charges()) {
            if let Some(largest) = years.get_mut(event.year as usize) {
                *largest = largest.max(charge);
            }
        }
        years.iter_mut().filter(|y| y.is_infinite()).for_each(|y| *y = 0.0);
    }
}

/// A risk on a list counts in equal parts on its nodes. `nodes`: overwritten.
pub(crate) fn by_node(plan: &Plan, risks: &[f64], nodes: &mut [f64]) {
    nodes.fill(0.0);
    for (risk, &charge) in plan.risks.iter().zip(risks) {
        #[expect(clippy::cast_precision_loss, reason = "a handful of nodes")]
        let part = charge / risk.on.len() as f64;
        for &node in &risk.on {
            nodes[node] += part;
        }
    }
}
