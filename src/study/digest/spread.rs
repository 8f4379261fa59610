//! What risks add to each other's events: rates raised and events caused, conditions left out.

use super::flow::Flow;
use super::grid::{self, Grid, Lasts};
use crate::scenario::{Arrivals, Effects, Risk, Scenario};

/// Rounds of one risk adding to another; circles of `causes` fade out sooner.
const ROUNDS: usize = 40;
/// A round that adds less than this part changes nothing.
const SETTLED: f64 = 1e-6;

/// The events of one risk.
#[derive(Debug, Clone, Default)]
pub(super) struct Begun {
    /// Those that would come without others.
    pub(super) plain: Flow,
    /// Those that come without others, at a rate that others may raise.
    pub(super) own: Flow,
    /// Those that others cause, with their aftershocks.
    pub(super) caused: Flow,
}

impl Begun {
    pub(super) fn all(&self) -> Flow {
        self.own.and(&self.caused)
    }

    /// What reaches each stage in turn, those in which the process ended left out.
    pub(super) fn stages(&self, risk: &Risk, grid: &Grid) -> Vec<Flow> {
        let mut reached: Vec<Flow> = Vec::new();
        for (n, stage) in risk.stages.iter().enumerate() {
            let before = n.checked_sub(1).map(|n| &risk.stages[n]);
            let ends: f64 = before.iter().flat_map(|b| &b.outcomes).filter(|o| o.ends).map(|o| o.probability).sum();
            reached.push(match reached.last() {
                None => {
                    let own = self.own.first_stage(risk.arrivals.as_ref(), &stage.after, grid);
                    own.and(&self.caused.delayed(&stage.after, grid))
                }
                Some(last) => last.thinned((1.0 - ends).max(0.0)).delayed(&stage.after, grid),
            });
        }
        reached
    }
}

/// The events of every risk.
pub(super) fn begun(scenario: &Scenario, grid: &Grid) -> Vec<Begun> {
    let plain: Vec<Flow> = scenario.risks.iter().map(|risk| own(risk, scenario, grid)).collect();
    let mut begun: Vec<Begun> =
        plain.iter().map(|own| Begun { plain: own.clone(), own: own.clone(), caused: Flow::default() }).collect();
    if !scenario
        .risks
        .iter()
        .any(|risk| effects(risk).any(|effects| !effects.raises.is_empty() || !effects.causes.is_empty()))
    {
        return begun;
    }
    let mut expected = 0.0;
    for _ in 0..ROUNDS {
        let mut added = Added::none(scenario.risks.len());
        for (risk, begun) in scenario.risks.iter().zip(&begun) {
            added.by(risk, begun, grid);
        }
        begun = added.to(&plain, scenario);
        let now: f64 = begun.iter().map(|begun| begun.all().expected()).sum();
        if (now - expected).abs() <= SETTLED * now {
            break;
        }
        expected = now;
    }
    begun
}

/// Events that come without others. Of a delay: none where it draws 0.
fn own(risk: &Risk, scenario: &Scenario, grid: &Grid) -> Flow {
    let Some(arrivals) = &risk.arrivals else {
        return Flow::default();
    };
    let flow = Flow::of(arrivals, scenario, grid);
    if matches!(arrivals, Arrivals::Due { .. }) { flow.thinned(slips(risk)) } else { flow }
}

/// Probability that a release slips at all.
pub(super) fn slips(risk: &Risk) -> f64 {
    risk.effects.lasts.as_ref().map_or(1.0, |law| law.survival(0.0))
}

fn effects(risk: &Risk) -> impl Iterator<Item = &Effects> {
    let outcomes = risk.stages.iter().flat_map(|stage| &stage.outcomes).map(|outcome| &outcome.effects);
    std::iter::once(&risk.effects).chain(outcomes)
}

/// Per risk: what its rate is multiplied by in each cell, and the events that others cause; empty if nothing does.
struct Added {
    factors: Vec<Vec<f64>>,
    caused: Vec<Vec<f64>>,
}

impl Added {
    fn none(n_risks: usize) -> Self {
        Self { factors: vec![Vec::new(); n_risks], caused: vec![Vec::new(); n_risks] }
    }

    fn by(&mut self, risk: &Risk, begun: &Begun, grid: &Grid) {
        if effects(risk).all(|effects| effects.raises.is_empty() && effects.causes.is_empty()) {
            return;
        }
        self.by_effects(&risk.effects, &begun.all(), grid);
        for (stage, reached) in risk.stages.iter().zip(begun.stages(risk, grid)) {
            for outcome in &stage.outcomes {
                self.by_effects(&outcome.effects, &reached.thinned(outcome.probability), grid);
            }
        }
    }

    fn by_effects(&mut self, effects: &Effects, flow: &Flow, grid: &Grid) {
        if effects.raises.is_empty() && effects.causes.is_empty() {
            return;
        }
        let flow = effects.notice.as_ref().map_or_else(|| flow.clone(), |notice| flow.delayed(notice, grid));
        let lasts = effects.lasts.as_ref().map_or(Lasts::ToTheEnd, Lasts::Hours);
        for raise in &effects.raises {
            let raised = flow.raised(&flow.under_way(&lasts, grid), raise.factor);
            let factors = &mut self.factors[raise.risk];
            if factors.is_empty() {
                *factors = raised;
            } else {
                factors.iter_mut().zip(raised).for_each(|(factor, raised)| *factor *= raised);
            }
        }
        for cause in &effects.causes {
            let caused = &mut self.caused[cause.risk];
            if caused.is_empty() {
                *caused = grid::empty();
            }
            flow.delayed(&cause.after, grid).add_to(caused, cause.probability);
        }
    }

    /// The events of every risk, with what others add.
    fn to(self, plain: &[Flow], scenario: &Scenario) -> Vec<Begun> {
        let added = self.factors.into_iter().zip(self.caused);
        let all = scenario.risks.iter().zip(plain).zip(added);
        all.map(|((risk, plain), (factors, caused))| Begun {
            plain: plain.clone(),
            own: if factors.is_empty() { plain.clone() } else { plain.times(&factors) },
            caused: if caused.is_empty() { Flow::default() } else { follows(risk, caused) },
        })
        .collect()
    }
}

/// Caused events with their aftershocks.
fn follows(risk: &Risk, mut caused: Vec<f64>) -> Flow {
    let mean = match &risk.arrivals {
        Some(Arrivals::Poisson { aftershocks: Some(aftershocks), .. }) => aftershocks.mean,
        _ => 0.0,
    };
    for mass in &mut caused {
        *mass /= 1.0 - mean;
    }
    let flow = Flow::clusters(mean, caused);
    if risk.kind == "delay" { flow.thinned(slips(risk)) } else { flow }
}
