//! What leads from one event to others, compiled: aftershocks, raised rates and caused events; and an order in which
//! risks can be drawn (MODEL sections 5.1, 5.2, 6).

use super::risk::Quantity;
use crate::chance::Key;
use crate::chance::poisson::Poisson;
use crate::scenario::{Arrivals, Effects, Risk, Scenario};

/// What each event of a risk begets.
#[derive(Debug, Clone)]
pub(crate) struct AftershocksPlan {
    pub(crate) number: Key,
    pub(crate) law: Poisson,
    pub(crate) delay: Key,
    pub(crate) within: f64,
    /// Its name as a number, for the addresses of children.
    pub(crate) name: u64,
}

/// A risk whose rate a happening raises or lowers.
#[derive(Debug, Clone)]
pub(crate) struct RaisePlan {
    pub(crate) risk: usize,
    pub(crate) factor: f64,
    pub(crate) name: u64,
}

/// A risk of which a happening may cause an event, at its highest probability.
#[derive(Debug, Clone)]
pub(crate) struct CausePlan {
    /// Number over all risks.
    pub(crate) link: usize,
    pub(crate) risk: usize,
    pub(crate) happens: Key,
    /// The site of whether it acts.
    pub(crate) site: usize,
    pub(crate) probability: f64,
    pub(crate) after: Quantity,
    pub(crate) name: u64,
}

/// What a risk draws where something raises its rate.
#[derive(Debug, Clone)]
pub(crate) struct RaisedPlan {
    pub(crate) count: Key,
    pub(crate) time: Key,
    pub(crate) mark: Key,
    /// Its highest rate of first events as long as nothing raises it.
    pub(crate) per_hour: f64,
    pub(crate) name: u64,
}

/// All effects of a risk: the event's own, then those of its outcomes, stage by stage.
pub(crate) fn all_effects(risk: &Risk) -> impl Iterator<Item = &Effects> {
    let outcomes = risk.stages.iter().flat_map(|s| &s.outcomes).map(|o| &o.effects);
    std::iter::once(&risk.effects).chain(outcomes)
}

/// The factor, if it changes anything: rates are those of Poisson arrivals.
pub(crate) fn raises(scenario: &Scenario, risk: usize, factor: f64) -> bool {
    matches!(scenario.risks[risk].arrivals, Some(Arrivals::Poisson { .. })) && (factor - 1.0).abs() > 0.0
}

/// Per risk: the least factor that something puts on its rate, if anything does.
pub(crate) fn least_factors(scenario: &Scenario) -> Vec<Option<f64>> {
    let mut least: Vec<Option<f64>> = vec![None; scenario.risks.len()];
    for raise in scenario.risks.iter().flat_map(all_effects).flat_map(|e| &e.raises) {
        if raises(scenario, raise.risk, raise.factor) {
            let least = &mut least[raise.risk];
            *least = Some(least.map_or(raise.factor, |l: f64| l.min(raise.factor)));
        }
    }
    least
}

/// Groups of risks, each after those that raise or cause any of it; risks of one group cause each other in a circle.
/// `None` where no risk leads to another, so that any order will do.
pub(crate) fn groups(scenario: &Scenario) -> Option<Vec<Vec<usize>>> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); scenario.risks.len()];
    for (r, risk) in scenario.risks.iter().enumerate() {
        for effects in all_effects(risk) {
            let raised = effects.raises.iter().filter(|x| raises(scenario, x.risk, x.factor)).map(|x| x.risk);
            for reached in raised.chain(effects.causes.iter().map(|c| c.risk)) {
                before[reached].push(r);
            }
        }
    }
    if before.iter().all(Vec::is_empty) {
        return None;
    }
    let n = before.len();
    let mut walk =
        Walk { before: &before, number: vec![0; n], low: vec![0; n], next: 0, stack: vec![], groups: vec![] };
    for r in 0..n {
        if walk.number[r] == 0 {
            walk.visit(r);
        }
    }
    Some(walk.groups)
}

/// Tarjan's algorithm for strongly connected components (1972): those that nothing leads to come out first.
struct Walk<'a> {
    before: &'a [Vec<usize>],
    /// In which order risks were met, from 1; of a risk whose group is complete, the largest number.
    number: Vec<usize>,
    low: Vec<usize>,
    next: usize,
    stack: Vec<usize>,
    groups: Vec<Vec<usize>>,
}

impl Walk<'_> {
    fn visit(&mut self, r: usize) {
        self.next += 1;
        (self.number[r], self.low[r]) = (self.next, self.next);
        let depth = self.stack.len();
        self.stack.push(r);
        let before = self.before;
        for &b in &before[r] {
            if self.number[b] == 0 {
                self.visit(b);
                self.low[r] = self.low[r].min(self.low[b]);
            } else {
                self.low[r] = self.low[r].min(self.number[b]);
            }
        }
        if self.low[r] == self.number[r] {
            let mut group = self.stack.split_off(depth);
            group.sort_unstable();
            for &g in &group {
                self.number[g] = usize::MAX;
            }
            self.groups.push(group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(n: usize, before: &[(usize, usize)]) -> Vec<Vec<usize>> {
        let mut lists = vec![Vec::new(); n];
        before.iter().for_each(|&(earlier, later)| lists[later].push(earlier));
        let mut walk =
            Walk { before: &lists, number: vec![0; n], low: vec![0; n], next: 0, stack: vec![], groups: vec![] };
        for r in 0..n {
            if walk.number[r] == 0 {
                walk.visit(r);
            }
        }
        walk.groups
    }

    #[test]
    fn what_leads_somewhere_comes_before_it() {
        assert_eq!(order(3, &[]), [[0], [1], [2]]);
        assert_eq!(order(4, &[(3, 0), (2, 3), (2, 1)]), [[2], [3], [0], [1]]);
        assert_eq!(order(2, &[(1, 1)]), [[0], [1]]);
    }

    #[test]
    fn a_circle_is_one_group() {
        // 4 leads into the circle 0 → 2 → 3 → 0, which leads to 1.
        assert_eq!(order(5, &[(0, 2), (2, 3), (3, 0), (4, 2), (3, 1)]), vec![vec![4], vec![0, 2, 3], vec![1]]);
        // Two circles that share a risk.
        assert_eq!(order(3, &[(0, 1), (1, 0), (1, 2), (2, 1)]), [[0, 1, 2]]);
    }
}
