//! Outages about which nothing is special, so that those that are alone in time can be settled together: what they do to
//! whom, and where their areas are cut.

use super::Plan;
use super::graph::power;
use super::risk::{ArrivalsPlan, EffectsPlan, RiskPlan};
use crate::chance::law::Law;
use crate::scenario::{Scenario, Trigger};

/// Outages longer than this are settled one by one: they may make a firm move, or meet many others.
const LONGEST: f64 = 240.0;

/// Most kinds of outages that are settled together where they overlap: of more there are too many ways to do so.
const KINDS: usize = 12;

/// What all plain risks have in common.
#[derive(Debug, Clone)]
pub(crate) struct PlainPlan {
    /// Those that are idle stand last.
    pub(crate) risks: Vec<PlainRisk>,
    /// Per risk of the plan: whether it is plain.
    pub(crate) is: Vec<bool>,
    /// An outage as long as this, or longer, is settled one by one.
    pub(crate) limit: f64,
    /// Hours after an outage has begun at which it may begin to cost more or less; ascending, the first is 0.
    pub(crate) offsets: Vec<f64>,
    /// Services whose present-value curve is not flat.
    pub(crate) curves: Vec<usize>,
    /// The least probability that failover works, over portfolios.
    pub(crate) works: f64,
}

/// A risk of outages that anybody sees, that leave a constant part, and that nothing comes of.
#[derive(Debug, Clone)]
pub(crate) struct PlainRisk {
    /// Its number in the plan.
    pub(crate) risk: usize,
    pub(crate) leaves: f64,
    /// What it takes, alone, of each vendor that it strikes.
    pub(crate) takes: Vec<(usize, f64)>,
    /// The first plain risk whose outages do the same.
    pub(crate) kind: usize,
    /// The vendors that it strikes, a bit each; none if its outages are not settled together with others.
    pub(crate) strikes: Option<u64>,
    /// It matters to nobody: it is drawn for the checks of the run, and looked at no further.
    pub(crate) idle: bool,
}

impl PlainPlan {
    /// The plain risks of a compiled scenario; none where anything needs every outage by itself.
    pub(crate) fn new(scenario: &Scenario, plan: &Plan) -> Option<Self> {
        let counts_hours = |trigger: Trigger| matches!(trigger, Trigger::DownHoursAbove(_));
        let special = plan.services.iter().any(|s| s.sensitivity > 0.0)
            || plan.portfolios.iter().any(|p| p.counts_bills() || p.playbook.iter().any(|e| counts_hours(e.trigger)));
        if special {
            return None;
        }
        let caused =
            |r: usize| plan.risks.iter().any(|risk| risk.all_effects().any(|e| e.causes.iter().any(|c| c.risk == r)));
        let mut risks: Vec<PlainRisk> =
            (0..plan.risks.len()).filter(|&r| !caused(r)).filter_map(|r| PlainRisk::new(r, plan)).collect();
        risks.sort_by_key(|risk| risk.idle);
        if risks.is_empty() {
            return None;
        }
        let works =
            plan.portfolios.iter().filter_map(|p| p.failover.as_ref()).fold(1.0, |least, f| f64::min(least, f.works));
        number_kinds(&mut risks, &plan.risks);
        let kinds = risks.iter().enumerate().filter(|(k, risk)| !risk.idle && risk.kind == *k).count();
        // Where failover may not work, it is up to each outage; and vendors must fit into 64 bits, risks into 16.
        if works < 1.0 || kinds > KINDS || plan.vendors.len() > 64 || risks.len() >= usize::from(u16::MAX) {
            for risk in &mut risks {
                risk.strikes = None;
            }
        }
        let harmless = plan.portfolios.iter().flat_map(|p| &p.harmless);
        Some(Self {
            is: (0..plan.risks.len()).map(|r| risks.iter().any(|p| p.risk == r)).collect(),
            risks,
            limit: harmless.fold(LONGEST.min(plan.least_patience), |least, &hours| least.min(hours)),
            offsets: offsets(scenario, plan),
            curves: (0..plan.services.len()).filter(|&s| !plan.services[s].present.is_flat()).collect(),
            works,
        })
    }

    /// Leaves out some risks of the plan. `of`: all of them.
    pub(super) fn leave_out(&mut self, risks: &[usize], of: &[RiskPlan]) {
        self.risks.retain(|plain| !risks.contains(&plain.risk));
        for &r in risks {
            self.is[r] = false;
        }
        number_kinds(&mut self.risks, of);
    }

    /// How many risks may matter to somebody: the first.
    pub(crate) fn n_used(&self) -> usize {
        self.risks.partition_point(|risk| !risk.idle)
    }

    /// Hours after which a loss costs what it will cost from then on.
    pub(crate) fn settles(&self) -> f64 {
        self.offsets[self.offsets.len() - 1]
    }

    /// Number of an offset.
    pub(crate) fn offset(&self, hours: f64) -> usize {
        self.offsets.partition_point(|&offset| offset < hours)
    }

    /// Number of the curve by which a service's money flows; 0 is that of hours.
    pub(crate) fn curve(&self, service: usize) -> usize {
        self.curves.iter().position(|&s| s == service).map_or(0, |c| c + 1)
    }
}

impl PlainRisk {
    fn new(r: usize, plan: &Plan) -> Option<Self> {
        let risk = &plan.risks[r];
        let ArrivalsPlan::Poisson { .. } = risk.arrivals else { return None };
        let EffectsPlan {
            outage: Some((_, leaves)),
            suspends: None,
            notice: None,
            price_change: None,
            capability_change: None,
            revenue_change,
            lasts: None,
            over: None,
            cost: None,
            stake_change: None,
            raises,
            causes,
            sized: _,
        } = &risk.effects
        else {
            return None;
        };
        let Law::Constant(leaves) = leaves.law else { return None };
        let alone = risk.mark.is_none()
            && risk.aftershocks.is_none()
            && risk.raised.is_none()
            && risk.slip.is_none()
            && risk.stages.is_empty()
            && revenue_change.is_empty()
            && raises.is_empty()
            && causes.is_empty();
        let taken = |&(v, exponent): &(usize, u32)| (v, 1.0 - power(leaves, exponent));
        alone.then(|| {
            let takes: Vec<(usize, f64)> = risk.reach.iter().map(taken).filter(|t| t.1 > 0.0).collect();
            // A vendor that stands while only one of several things fails may fall when two do.
            let strikes = (takes.len() == risk.reach.len()).then(|| strikes(takes.iter().map(|t| t.0)));
            Self { risk: r, leaves, takes, kind: 0, strikes, idle: plan.idle[r] }
        })
    }
}

/// Notes of each which is the first that does the same. `of`: all risks of the plan.
fn number_kinds(risks: &mut [PlainRisk], of: &[RiskPlan]) {
    let like =
        |a: &PlainRisk, b: &PlainRisk| of[a.risk].on == of[b.risk].on && a.leaves.to_bits() == b.leaves.to_bits();
    for k in 0..risks.len() {
        risks[k].kind = (0..k).find(|&first| like(&risks[first], &risks[k])).unwrap_or(k);
    }
}

/// A bit for each of the first 64 vendors among these.
pub(crate) fn strikes(vendors: impl Iterator<Item = usize>) -> u64 {
    vendors.filter(|v| *v < 64).fold(0, |all, v| all | 1 << v)
}

/// When traffic may move, when standbys are up, and when an interruption begins to count.
fn offsets(scenario: &Scenario, plan: &Plan) -> Vec<f64> {
    let mut offsets = vec![0.0];
    for portfolio in &plan.portfolios {
        if let Some(failover) = &portfolio.failover {
            let opens = portfolio.standby.iter().map(|s| failover.detect_hours + s.starts);
            offsets.extend(opens.chain([failover.detect_hours]));
        }
    }
    let tolerances: Vec<f64> = scenario.services.iter().map(|s| s.tolerance_hours).collect();
    let later: Vec<f64> = offsets.iter().flat_map(|&o| tolerances.iter().map(move |&t| o.max(t))).collect();
    offsets.extend(later);
    offsets.sort_unstable_by(f64::total_cmp);
    offsets.dedup();
    offsets
}
