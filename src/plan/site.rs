//! Which draws of a world may be tilted: each *site* is one quantity of one risk or factor, numbered in file order. The
//! draws of a site in one trial are independent and alike (MODEL section 9).

use super::factor::FactorPlan;
use super::risk::{ArrivalsPlan, EffectsPlan, LengthPlan, PathPlan, Quantity, RiskPlan};
use crate::scenario::{Risk, Scenario};

/// The number of what is never tilted.
pub(crate) const NOWHERE: usize = usize::MAX;

/// Up to this mean, the number of arrivals is a choice among 0, 1, 2 and more.
const FEW: f64 = 1.5;

/// A quantity whose draws may be tilted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Site {
    /// Index of its risk; none if it is a factor's.
    pub(crate) risk: Option<usize>,
    /// As in the address of its draws, `duration` or `ruling/injunction/cost`; a factor's with its name.
    pub(crate) quantity: String,
    pub(crate) kind: Kind,
}

impl Site {
    /// Whether a choice is one among numbers, in order from 0.
    pub(crate) fn is_count(&self) -> bool {
        self.quantity == "count" && matches!(&self.kind, Kind::Choice(pieces) if pieces[0].name == "0")
    }

    /// What came out of a choice that was made so often by piece, numbers above 0 being alike; none if it was not made, or is none.
    pub(crate) fn outcome(
        &self,
        mut pieces: impl ExactSizeIterator<Item = f64> + DoubleEndedIterator,
    ) -> Option<usize> {
        let last = pieces.rposition(|n| n > 0.0)?;
        Some(if self.is_count() { last.min(1) } else { last })
    }
}

/// How the draws of a site become what they stand for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A Poisson count, with a mean that may differ from trial to trial.
    Rate,
    /// One of several things, by the piece of (0, 1) in which a uniform lies.
    Choice(Vec<Piece>),
    /// A value by the quantile function of its law.
    Value,
    /// Independent standard normals, one a month.
    Steps,
}

/// What is chosen for uniforms in [`from`, `to`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) name: String,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// Numbers all that may be tilted.
pub(super) fn number(
    scenario: &Scenario,
    risks: &mut [RiskPlan],
    paths: &mut [PathPlan],
    factors: &mut [FactorPlan],
) -> Vec<Site> {
    let mut sites = Sites { list: Vec::new(), risk: None };
    for (r, (risk, plan)) in scenario.risks.iter().zip(risks).enumerate() {
        sites.risk = Some(r);
        sites.risk(scenario, risk, plan);
    }
    for path in paths.iter_mut().filter(|p| p.sigma > 0.0) {
        sites.risk = Some(path.risk);
        path.site = sites.add("path".to_owned(), Kind::Steps);
    }
    sites.risk = None;
    for (factor, plan) in scenario.factors.iter().zip(factors).filter(|(_, plan)| plan.followed) {
        plan.site = sites.add(format!("factor.{}", factor.id), Kind::Steps);
    }
    sites.list
}

struct Sites {
    list: Vec<Site>,
    risk: Option<usize>,
}

impl Sites {
    fn add(&mut self, quantity: String, kind: Kind) -> usize {
        self.list.push(Site { risk: self.risk, quantity, kind });
        self.list.len() - 1
    }

    fn risk(&mut self, scenario: &Scenario, risk: &Risk, plan: &mut RiskPlan) {
        match &plan.arrivals {
            ArrivalsPlan::Poisson { .. } | ArrivalsPlan::Driven { .. } => {
                plan.arrives = self.count(&plan.arrivals, plan.mean);
                plan.when = self.add("time".to_owned(), Kind::Value);
            }
            ArrivalsPlan::Once { probability, .. } => {
                plan.arrives = self.happens("count".to_owned(), *probability);
                plan.when = self.add("time".to_owned(), Kind::Value);
            }
            ArrivalsPlan::At { probability, .. } => plan.arrives = self.happens("count".to_owned(), *probability),
            ArrivalsPlan::Never | ArrivalsPlan::Every { .. } => {}
        }
        self.effects(scenario, "", &mut plan.effects);
        if let (Some(slip), Some(lasts)) = (&mut plan.slip, &mut plan.effects.lasts) {
            // Whether it slips looks at the same draw first.
            slip.site = lasts.site;
            lasts.again = true;
        }
        for (stage, compiled) in risk.stages.iter().zip(&mut plan.stages) {
            self.value(&format!("{}/after", stage.name), &mut compiled.after);
            let pieces = stage.outcomes.iter().zip(&compiled.outcomes).map(|(o, c)| (o.name.as_str(), c.to));
            compiled.site = self.choice(format!("{}/outcome", stage.name), pieces, "nothing");
            for (outcome, compiled) in stage.outcomes.iter().zip(&mut compiled.outcomes) {
                self.effects(scenario, &format!("{}/{}/", stage.name, outcome.name), &mut compiled.effects);
            }
        }
        if plan.raised.is_some() {
            plan.raises = self.add("raised".to_owned(), Kind::Rate);
        }
        let interrupts = plan.all_effects().any(|e| e.outage.is_some() || e.suspends.is_some());
        if interrupts && scenario.portfolios.iter().any(|p| p.migration.is_some()) {
            let vendors = plan.struck.iter().map(|&v| &scenario.nodes[scenario.vendor_node(v)].id);
            plan.leaving = vendors.map(|id| self.add(format!("leaving {id} takes"), Kind::Value)).collect();
        }
    }

    fn effects(&mut self, scenario: &Scenario, prefix: &str, effects: &mut EffectsPlan) {
        let EffectsPlan {
            outage,
            suspends,
            notice,
            price_change,
            capability_change,
            revenue_change,
            lasts,
            over,
            cost,
            stake_change,
            raises: _,
            causes,
            sized: _,
        } = effects;
        if let Some((duration, leaves)) = outage {
            self.value(&format!("{prefix}duration"), duration);
            self.value(&format!("{prefix}leaves"), leaves);
        }
        if let Some(LengthPlan::Hours(length)) = suspends {
            self.value(&format!("{prefix}suspends"), length);
        }
        let named = [
            ("notice", notice.as_mut()),
            ("price_change", price_change.as_mut()),
            ("capability_change", capability_change.as_mut()),
            ("for", lasts.as_mut()),
            ("over", over.as_mut()),
            ("cost", cost.as_mut().map(|c| &mut c.0)),
            ("stake_change", stake_change.as_mut()),
        ];
        for (name, quantity) in named {
            if let Some(quantity) = quantity {
                self.value(&format!("{prefix}{name}"), quantity);
            }
        }
        for (service, quantity) in revenue_change {
            self.value(&format!("{prefix}revenue_change.{}", scenario.services[*service].id), quantity);
        }
        for cause in causes {
            let name = format!("{prefix}causes.{}", scenario.risks[cause.risk].id);
            cause.site = self.happens(name.clone(), cause.probability);
            self.value(&format!("{name}.after"), &mut cause.after);
        }
    }

    fn value(&mut self, name: &str, quantity: &mut Quantity) {
        if quantity.law.is_constant().is_none() {
            quantity.site = self.add(name.to_owned(), Kind::Value);
        }
    }

    /// A count that is mostly 0 is a choice: the worst trials often have exactly one event where others have none, and no
    /// Poisson law does that.
    fn count(&mut self, arrivals: &ArrivalsPlan, mean: f64) -> usize {
        if matches!(arrivals, ArrivalsPlan::Driven { .. }) || mean > FEW {
            return self.add("count".to_owned(), Kind::Rate);
        }
        let none = libm::exp(-mean);
        let up_to = [("0", none), ("1", none * (1.0 + mean)), ("2", none * (1.0 + mean + mean * mean / 2.0))];
        self.choice("count".to_owned(), up_to.into_iter(), "more")
    }

    fn happens(&mut self, name: String, probability: f64) -> usize {
        self.choice(name, std::iter::once(("happens", probability)), "nothing")
    }

    /// `pieces`: name and end of each; `rest`: name of what is left.
    fn choice<'a>(&mut self, name: String, pieces: impl Iterator<Item = (&'a str, f64)>, rest: &'a str) -> usize {
        let mut from = 0.0;
        let mut list = Vec::new();
        for (name, to) in pieces.chain([(rest, 1.0)]) {
            // What would end above 1 by a rounding ends there.
            let to = f64::min(to, 1.0);
            if to > from {
                list.push(Piece { name: name.to_owned(), from, to });
                from = to;
            }
        }
        // A last piece of a rounding's width is none.
        if list.len() > 1 && list[list.len() - 1].to - list[list.len() - 1].from < 1e-12 {
            list.pop();
            list.last_mut().expect("one is left").to = 1.0;
        }
        if list.len() > 1 { self.add(name, Kind::Choice(list)) } else { NOWHERE }
    }
}
