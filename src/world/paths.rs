//! Price paths of one trial.

use super::{Draws, World};
use crate::chance::math;
use crate::plan::Plan;
use crate::plan::risk::PathPlan;

impl World {
    /// The index of every price path, month by month. All are drawn at once. `wanted`: of which risks.
    pub(super) fn draw_paths(&mut self, plan: &Plan, trial: u64, wanted: impl Fn(usize) -> bool) {
        let mixture = plan.mixture.as_ref();
        let Draws { aside, steps, .. } = &mut self.scratch.draws;
        // Nobody pays by some. Where they are tilted they are drawn all the same, for the weights.
        let seen = self.likelihood.seen.is_some();
        let tells = |path: &PathPlan| mixture.is_some_and(|mixture| seen || mixture.tilts(path.risk));
        let is_drawn = |path: &PathPlan| {
            let matters = tells(path) || path.vendors.iter().any(|&v| plan.minded[v]);
            path.sigma > 0.0 && matters && wanted(path.risk)
        };
        steps.clear();
        plan.paths.iter().filter(|path| is_drawn(path)).for_each(|path| path.draw(trial, steps));
        math::normal_quantiles(steps, aside);
        let n_steps = plan.clock.n_months() - 1;
        let mut rest = &mut steps[..];
        for path in plan.paths.iter().filter(|path| is_drawn(path)) {
            let (own, others) = rest.split_at_mut(n_steps);
            self.likelihood.luck(mixture).steps(path.site, own);
            path.walk(&self.factors, own);
            rest = others;
        }
        math::exps(steps);
        let mut rest = &steps[..];
        for (path, index) in plan.paths.iter().zip(&mut self.paths) {
            index.clear();
            if is_drawn(path) {
                let (own, others) = rest.split_at(n_steps);
                index.push(1.0);
                index.extend_from_slice(own);
                rest = others;
            } else {
                index.extend_from_slice(&path.expected);
            }
        }
    }
}
