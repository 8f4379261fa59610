//! A risk compiled: when it comes, what it does, at which addresses its draws are, and which part of it a portfolio sees.

use libm::{log1p, pow};

use super::contagion::{AftershocksPlan, CausePlan, RaisePlan, RaisedPlan, all_effects, raises};
use super::curve::Curve;
use super::factor::FactorPath;
use super::graph::Graph;
use super::site::NOWHERE;
use super::tally::Sized;
use super::{Clock, Plan};
use crate::chance::law::Law;
use crate::chance::poisson::Poisson;
use crate::chance::{Key, name_hash};
use crate::scenario::{Arrivals, Conditions, Effects, Follows, Length, Risk, ScalesWith, Scenario, YEAR};

/// A risk ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct RiskPlan {
    /// Its name as a number, for addresses of what its events cause elsewhere.
    pub(crate) hash: u64,
    pub(crate) on: Vec<usize>,
    /// Address of how many arrivals there are, or of whether they come.
    pub(crate) count: Key,
    pub(crate) arrivals: ArrivalsPlan,
    /// Sites of the number of its arrivals, or of whether they come, and of their times.
    pub(crate) arrives: usize,
    pub(crate) when: usize,
    /// Site of the number of events that a raised rate adds.
    pub(crate) raises: usize,
    /// Expected number of Poisson arrivals, where no factor moves it.
    pub(crate) mean: f64,
    /// The slip of something due: no event where it is nothing.
    pub(crate) slip: Option<Quantity>,
    pub(crate) aftershocks: Option<AftershocksPlan>,
    pub(crate) raised: Option<RaisedPlan>,
    /// Marks are drawn only if somebody may not see an event.
    pub(crate) mark: Option<Key>,
    pub(crate) effects: EffectsPlan,
    pub(crate) stages: Vec<StagePlan>,
    /// Vendors any interruption of it can touch, with the exponent of what it leaves (0: not struck).
    pub(crate) reach: Vec<(usize, u32)>,
    /// Vendors it strikes.
    pub(crate) struck: Vec<usize>,
    /// For each of these: the site of how long leaving it takes; empty where nobody leaves because of this risk.
    pub(crate) leaving: Vec<usize>,
}

/// When its events come.
#[derive(Debug, Clone)]
pub(crate) enum ArrivalsPlan {
    Never,
    Poisson {
        time: Key,
        law: Poisson,
        curve: Curve,
        area: f64,
    },
    /// Poisson at a rate that follows factors: its mean differs from trial to trial.
    Driven {
        time: Key,
        per_hour: f64,
        curve: Curve,
        months: Vec<f64>,
        follows: Vec<Follows>,
    },
    Every {
        interval: Quantity,
    },
    Once {
        time: Key,
        probability: f64,
        from: f64,
        to: f64,
    },
    At {
        times: Vec<(f64, u64)>,
        probability: f64,
    },
}

/// A law with its address.
#[derive(Debug, Clone)]
pub(crate) struct Quantity {
    pub(crate) key: Key,
    pub(crate) law: Law,
    pub(crate) site: usize,
    /// Its draw has been looked at before, for whether something due slips.
    pub(crate) again: bool,
}

/// Effects with their addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct EffectsPlan {
    pub(crate) outage: Option<(Quantity, Quantity)>,
    pub(crate) suspends: Option<LengthPlan>,
    pub(crate) notice: Option<Quantity>,
    pub(crate) price_change: Option<Quantity>,
    pub(crate) capability_change: Option<Quantity>,
    pub(crate) revenue_change: Vec<(usize, Quantity)>,
    pub(crate) lasts: Option<Quantity>,
    pub(crate) over: Option<Quantity>,
    pub(crate) cost: Option<(Quantity, ScalesWith)>,
    pub(crate) stake_change: Option<Quantity>,
    pub(crate) raises: Vec<RaisePlan>,
    pub(crate) causes: Vec<CausePlan>,
    /// What of it is summed.
    pub(crate) sized: Sized,
}

/// How long an access loss lasts.
#[derive(Debug, Clone)]
pub(crate) enum LengthPlan {
    Hours(Quantity),
    Permanent,
}

/// A stage with its addresses.
#[derive(Debug, Clone)]
pub(crate) struct StagePlan {
    pub(crate) after: Quantity,
    pub(crate) choice: Key,
    /// The site of the choice.
    pub(crate) site: usize,
    pub(crate) mark: Key,
    pub(crate) outcomes: Vec<OutcomePlan>,
}

/// An outcome at its highest probability.
#[derive(Debug, Clone)]
pub(crate) struct OutcomePlan {
    /// Number over all risks.
    pub(crate) id: usize,
    /// It happens for uniforms in [from, to).
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) effects: EffectsPlan,
    pub(crate) ends: bool,
}

/// A price path with its address and expectation.
#[derive(Debug, Clone)]
pub(crate) struct PathPlan {
    pub(crate) risk: usize,
    pub(crate) vendors: Vec<usize>,
    pub(crate) key: Key,
    pub(crate) site: usize,
    /// Drift and volatility of the log index per month.
    pub(crate) step: f64,
    pub(crate) sigma: f64,
    /// Factors that its steps follow, and the part of a step's normal that is its own.
    follows: Vec<Follows>,
    own: f64,
    /// E I per month.
    pub(crate) expected: Vec<f64>,
}

/// How many outcomes, causes and columns of sizes there are so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) outcomes: usize,
    pub(crate) causes: usize,
    pub(crate) sizes: usize,
}

impl RiskPlan {
    /// `least_factor`: the least that something puts on its rate, if anything does.
    pub(crate) fn new(
        risk: &Risk,
        scenario: &Scenario,
        graph: &Graph,
        seed: u64,
        clock: &Clock,
        least_factor: Option<f64>,
        counted: &mut Counted,
    ) -> Self {
        let namer = Namer { scenario, seed, risk: format!("risk.{}", risk.id) };
        let mut effects = namer.effects("", &risk.effects, counted);
        let slip = if let Some(Arrivals::Due { .. }) = risk.arrivals { effects.lasts.clone() } else { None };
        if let Some(slip) = &slip {
            effects.sized.given_that_it_lasts(&slip.law);
        }
        let (arrivals, mean) = namer.arrivals(risk, clock);
        let reach = reach(&risk.on, scenario, graph);
        let stages = (risk.stages.iter())
            .map(|stage| {
                let mut top = 0.0;
                let outcomes = (stage.outcomes.iter())
                    .map(|outcome| {
                        let from = top;
                        top += highest_probability(outcome.probability, &outcome.conditions);
                        counted.outcomes += 1;
                        let prefix = format!("{}/{}/", stage.name, outcome.name);
                        OutcomePlan {
                            id: counted.outcomes - 1,
                            from,
                            to: top,
                            effects: namer.effects(&prefix, &outcome.effects, counted),
                            ends: outcome.ends,
                        }
                    })
                    .collect();
                StagePlan {
                    after: namer.quantity(&format!("{}/after", stage.name), &stage.after),
                    choice: namer.key(&format!("{}/outcome", stage.name)),
                    site: NOWHERE,
                    mark: namer.key(&format!("{}/mark", stage.name)),
                    outcomes,
                }
            })
            .collect();
        Self {
            hash: name_hash(&namer.risk),
            on: risk.on.clone(),
            count: namer.key("count"),
            arrivals,
            arrives: NOWHERE,
            when: NOWHERE,
            raises: NOWHERE,
            mean,
            slip,
            aftershocks: namer.aftershocks(risk),
            raised: least_factor.map(|_| namer.raised(risk)),
            mark: (!risk.conditions.list.is_empty() || least_factor.is_some_and(|f| f < 1.0))
                .then(|| namer.key("mark")),
            effects,
            stages,
            struck: reach.iter().filter(|r| r.1 > 0).map(|r| r.0).collect(),
            reach,
            leaving: Vec::new(),
        }
    }

    /// The event's own effects, then those of its outcomes.
    pub(crate) fn all_effects(&self) -> impl Iterator<Item = &EffectsPlan> {
        let outcomes = self.stages.iter().flat_map(|s| &s.outcomes).map(|o| &o.effects);
        std::iter::once(&self.effects).chain(outcomes)
    }
}

/// Vendors an interruption on `on` can touch, alone or with others.
fn reach(on: &[usize], scenario: &Scenario, graph: &Graph) -> Vec<(usize, u32)> {
    let mut scratch = vec![0; scenario.nodes.len()];
    (0..scenario.vendors.len())
        .filter(|&v| graph.beneath(v).iter().any(|n| on.contains(n)))
        .map(|v| (v, graph.exponent(v, on, &mut scratch)))
        .collect()
}

/// Makes addresses within one risk.
struct Namer<'a> {
    scenario: &'a Scenario,
    seed: u64,
    risk: String,
}

impl Namer<'_> {
    fn key(&self, quantity: &str) -> Key {
        Key::new(self.seed, &self.risk, quantity)
    }

    fn quantity(&self, name: &str, law: &Law) -> Quantity {
        Quantity { key: self.key(name), law: law.clone(), site: NOWHERE, again: false }
    }

    fn effects(&self, prefix: &str, effects: &Effects, counted: &mut Counted) -> EffectsPlan {
        let named = |name: &str, law: &Law| self.quantity(&format!("{prefix}{name}"), law);
        EffectsPlan {
            outage: effects.outage.as_ref().map(|o| (named("duration", &o.duration), named("leaves", &o.leaves))),
            suspends: effects.suspends.as_ref().map(|s| match s {
                Length::Hours(law) => LengthPlan::Hours(named("suspends", law)),
                Length::Permanent => LengthPlan::Permanent,
            }),
            notice: effects.notice.as_ref().map(|law| named("notice", law)),
            price_change: effects.price_change.as_ref().map(|law| named("price_change", law)),
            capability_change: effects.capability_change.as_ref().map(|law| named("capability_change", law)),
            revenue_change: effects
                .revenue_change
                .iter()
                .map(|(s, law)| (*s, named(&format!("revenue_change.{}", self.scenario.services[*s].id), law)))
                .collect(),
            lasts: effects.lasts.as_ref().map(|law| named("for", law)),
            over: effects.over.as_ref().map(|law| named("over", law)),
            cost: effects.cost.as_ref().map(|c| (named("cost", &c.amount), c.scales_with)),
            stake_change: effects.stake_change.as_ref().map(|law| named("stake_change", law)),
            raises: (effects.raises.iter())
                .filter(|raise| raises(self.scenario, raise.risk, raise.factor))
                .map(|raise| RaisePlan {
                    risk: raise.risk,
                    factor: raise.factor,
                    name: name_hash(&format!("{prefix}raises.{}", self.scenario.risks[raise.risk].id)),
                })
                .collect(),
            causes: (effects.causes.iter())
                .map(|cause| {
                    let caused = &self.scenario.risks[cause.risk];
                    let name = format!("{prefix}causes.{}", caused.id);
                    counted.causes += 1;
                    CausePlan {
                        link: counted.causes - 1,
                        risk: cause.risk,
                        happens: self.key(&name),
                        site: NOWHERE,
                        probability: highest_probability(cause.probability, &caused.conditions),
                        after: self.quantity(&format!("{name}.after"), &cause.after),
                        name: name_hash(&name),
                    }
                })
                .collect(),
            sized: Sized::new(effects, &mut counted.sizes),
        }
    }

    fn aftershocks(&self, risk: &Risk) -> Option<AftershocksPlan> {
        let Some(Arrivals::Poisson { aftershocks: Some(aftershocks), .. }) = &risk.arrivals else { return None };
        (aftershocks.mean > 0.0).then(|| AftershocksPlan {
            number: self.key("aftershocks"),
            law: Poisson::new(aftershocks.mean),
            delay: self.key("aftershocks.within"),
            within: aftershocks.within_hours,
            name: name_hash("aftershock"),
        })
    }

    fn raised(&self, risk: &Risk) -> RaisedPlan {
        let per_hour = match &risk.arrivals {
            Some(Arrivals::Poisson { per_hour, .. }) => per_hour * highest(&risk.conditions) * first_events(risk),
            _ => 0.0,
        };
        RaisedPlan {
            count: self.key("raised"),
            time: self.key("raised.time"),
            mark: self.key("mark"),
            per_hour,
            name: name_hash("raised"),
        }
    }

    /// When it comes, and how many Poisson arrivals are expected where no factor moves their rate.
    fn arrivals(&self, risk: &Risk, clock: &Clock) -> (ArrivalsPlan, f64) {
        let conditions = &risk.conditions;
        let mut mean = 0.0;
        let arrivals = match &risk.arrivals {
            None => ArrivalsPlan::Never,
            Some(Arrivals::Poisson { per_hour, trend, calendar, follows, .. }) => {
                let curve =
                    Curve::new(log1p(*trend) / YEAR, calendar.as_ref(), self.scenario.start_unix, clock.horizon);
                let time = self.key("time");
                if follows.is_empty() {
                    let area = curve.integral(clock.horizon);
                    mean = per_hour * area * highest(conditions) * first_events(risk);
                    let law = Poisson::new(mean);
                    ArrivalsPlan::Poisson { time, law, curve, area }
                } else {
                    let months = clock.months.iter().map(|&t| curve.integral(t)).collect();
                    let per_hour = per_hour * highest(conditions) * first_events(risk);
                    ArrivalsPlan::Driven { time, per_hour, curve, months, follows: follows.clone() }
                }
            }
            Some(Arrivals::Every(law)) => ArrivalsPlan::Every { interval: self.quantity("interval", law) },
            Some(Arrivals::Once { probability, from_hours, to_hours }) => ArrivalsPlan::Once {
                time: self.key("time"),
                probability: highest_probability(*probability, conditions),
                from: *from_hours,
                to: *to_hours,
            },
            Some(Arrivals::Due { due_hours }) => ArrivalsPlan::At {
                times: vec![(*due_hours, date_address(*due_hours, self.scenario.start_unix))],
                probability: 1.0,
            },
            Some(Arrivals::At { times_hours, probability }) => ArrivalsPlan::At {
                times: times_hours.iter().map(|&t| (t, date_address(t, self.scenario.start_unix))).collect(),
                probability: highest_probability(*probability, conditions),
            },
        };
        (arrivals, mean)
    }
}

/// A date names its event by the moment it stands for, so that another date in the list changes nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any bits will do for an address")]
fn date_address(hours: f64, start_unix: i64) -> u64 {
    (start_unix + libm::round(hours * 3600.0) as i64) as u64
}

/// The part of a rate that first events have, the rest being aftershocks.
fn first_events(risk: &Risk) -> f64 {
    match &risk.arrivals {
        Some(Arrivals::Poisson { aftershocks: Some(aftershocks), .. }) => 1.0 - aftershocks.mean,
        _ => 1.0,
    }
}

/// The largest multiplier any portfolio could have.
fn highest(conditions: &Conditions) -> f64 {
    conditions.list.iter().map(|c| c.times.max(c.otherwise).max(1.0)).product()
}

fn highest_probability(probability: f64, conditions: &Conditions) -> f64 {
    (probability * highest(conditions)).min(1.0)
}

/// The multiplier of a portfolio with these planned shares of all traffic.
pub(crate) fn multiplier(conditions: &Conditions, plan: &Plan, planned: &[f64]) -> f64 {
    let mut scratch = vec![0; plan.n_nodes];
    (conditions.list.iter())
        .map(|c| {
            let share: f64 = (0..planned.len())
                .filter(|&v| plan.graph.exponent(v, &[c.uses], &mut scratch) > 0)
                .map(|v| planned[v])
                .sum();
            // A share that is a sum of parts may fall short by a rounding.
            if share >= c.at_least - 1e-9 { c.times } else { c.otherwise }
        })
        .product()
}

/// Which part a portfolio sees of each risk's first events, of each outcome, and of what each cause leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parts {
    pub(crate) events: Vec<f64>,
    pub(crate) outcomes: Vec<f64>,
    pub(crate) causes: Vec<f64>,
}

/// What a portfolio with these planned shares sees.
pub(crate) fn seen(scenario: &Scenario, plan: &Plan, planned: &[f64]) -> Parts {
    parts(scenario, |conditions| multiplier(conditions, plan, planned))
}

/// What somebody sees whose `times` these are.
pub(crate) fn parts(scenario: &Scenario, times: impl Fn(&Conditions) -> f64) -> Parts {
    let ratio = |own: f64, highest: f64| if highest > 0.0 { own / highest } else { 0.0 };
    let part = |conditions: &Conditions, probability: Option<f64>| {
        let times = times(conditions);
        match probability {
            Some(p) => ratio((p * times).min(1.0), highest_probability(p, conditions)),
            None => ratio(times, highest(conditions)),
        }
    };
    let events = (scenario.risks.iter())
        .map(|risk| {
            let probability = match risk.arrivals {
                Some(Arrivals::Once { probability, .. } | Arrivals::At { probability, .. }) => Some(probability),
                Some(Arrivals::Due { .. }) => Some(1.0),
                Some(Arrivals::Poisson { .. } | Arrivals::Every(_)) | None => None,
            };
            part(&risk.conditions, probability)
        })
        .collect();
    let outcomes = (scenario.risks.iter().flat_map(|r| &r.stages).flat_map(|s| &s.outcomes))
        .map(|outcome| part(&outcome.conditions, Some(outcome.probability)))
        .collect();
    let causes = (scenario.risks.iter().flat_map(all_effects).flat_map(|e| &e.causes))
        .map(|cause| part(&scenario.risks[cause.risk].conditions, Some(cause.probability)))
        .collect();
    Parts { events, outcomes, causes }
}

/// The price paths of all risks, in file order.
pub(crate) fn paths(scenario: &Scenario, risks: &[RiskPlan], seed: u64, clock: &Clock) -> Vec<PathPlan> {
    (scenario.risks.iter().enumerate())
        .filter_map(|(r, risk)| {
            let path = risk.path.as_ref()?;
            let mu = log1p(path.drift);
            let sigma = path.volatility;
            #[expect(clippy::cast_precision_loss, reason = "at most 1200 months")]
            let expected = (0..clock.n_months()).map(|k| pow(1.0 + path.drift, k as f64 / 12.0)).collect();
            Some(PathPlan {
                risk: r,
                vendors: risks[r].struck.clone(),
                key: Key::new(seed, &format!("risk.{}", risk.id), "path"),
                site: NOWHERE,
                step: (mu - sigma * sigma / 2.0) / 12.0,
                sigma: sigma / libm::sqrt(12.0),
                follows: path.follows.clone(),
                own: (1.0 - path.follows.iter().map(|f| f.beta * f.beta).sum::<f64>()).max(0.0).sqrt(),
                expected,
            })
        })
        .collect()
}

impl PathPlan {
    /// Adds the uniforms of the path's steps in `trial`, one for each month but the first.
    pub(crate) fn draw(&self, trial: u64, steps: &mut Vec<f64>) {
        let mut stream = self.key.stream(trial);
        steps.extend(self.expected[1..].iter().map(|_| stream.uniform()));
    }

    /// Makes the logarithm of the index, from the second month on, of as many normal scores.
    pub(crate) fn walk(&self, factors: &[FactorPath], steps: &mut [f64]) {
        if !self.follows.is_empty() {
            for (month, step) in (1..).zip(&mut *steps) {
                let common = |f: &Follows| f.beta * factors[f.factor].innovations[month];
                *step = self.follows.iter().map(common).sum::<f64>() + self.own * *step;
            }
        }
        let mut log_index = 0.0;
        for step in steps {
            log_index += self.step + self.sigma * *step;
            *step = log_index;
        }
    }
}
