//! What formulas expect a run to count.

use super::flow::Flow;
use super::grid::{Grid, Lasts};
use super::risk::{self, Down};
use super::spread::{self, Begun};
use crate::chance::law::Law;
use crate::measure::checks::{Count, Expected};
use crate::plan::Plan;
use crate::plan::contagion::all_effects;
use crate::plan::tally::{Sized, Which};
use crate::scenario::{Aftershocks, Arrivals, Effects, Length, Outcome, Risk, Scenario, Stage};

/// Part of a figure that the grid may be off by.
const GRID: f64 = 2e-3;
/// The same of renewals, whose intervals add up.
const RENEWALS: f64 = 5e-3;
/// Part of the mean of a law that quadrature may be off by.
const QUADRATURE: f64 = 1e-5;
/// Renewals of which so many are expected are too close for the grid.
const CLOSE: f64 = 256.0;

/// What is known of losses that add up: their number, and the sums of the squares and cubes of their hours.
#[derive(Debug, Clone, Copy, Default)]
struct Losses {
    number: f64,
    squares: f64,
    cubes: f64,
}

/// What a risk leaves of its nodes.
struct Left {
    /// Mean in each cell.
    cells: Vec<f64>,
    losses: Losses,
    approximate: bool,
}

/// Everything that a run of `scenario` counts, in the order of the file: events, outcomes and sizes risk by risk, then hours
/// down of risks, then of nodes.
pub(crate) fn expected(scenario: &Scenario, plan: &Plan) -> Vec<Expected> {
    let grid = &Grid::new(scenario.horizon_hours);
    let mut begun = spread::begun(scenario, grid);
    for (risk, begun) in scenario.risks.iter().zip(&mut begun) {
        if let Some(aftershocks) = aftershocks(risk) {
            let after = Law::Exponential { mean: aftershocks.within_hours };
            begun.own = begun.own.settling(aftershocks.mean, &after, grid);
            begun.caused = begun.caused.settling(aftershocks.mean, &after, grid);
        }
    }
    let mixed = mixed(scenario);
    let (mut counts, mut down, mut outcomes) = (Vec::new(), Vec::new(), 0);
    let mut lefts = Vec::new();
    for (r, (risk, begun)) in scenario.risks.iter().zip(&begun).enumerate() {
        let of = OfRisk { scenario, grid, risk, begun, approximate: mixed[r] };
        of.counts(r, &mut outcomes, &mut counts);
        of.sizes(plan, r, &mut counts);
        let left = of.left();
        if let Some(left) = &left {
            let rare = plan.tally.rare.iter().position(|&rare| rare == r);
            let of = (risk.id.clone(), rare.map_or(Count::HoursByRisk(r), Count::HoursByRareRisk));
            down.push(hours(of, &left.cells, left.losses, left.approximate, grid));
        }
        lefts.push(left);
    }
    counts.append(&mut down);
    for (n, node) in scenario.nodes.iter().enumerate() {
        let risks = scenario.risks.iter().zip(&lefts).filter(|(risk, _)| risk.on.contains(&n));
        let mut here = risks.filter_map(|(_, left)| left.as_ref()).peekable();
        let Some(first) = here.peek() else { continue };
        let mut cells = vec![1.0; first.cells.len()];
        let (mut losses, mut approximate) = (Losses::default(), false);
        for left in here {
            cells.iter_mut().zip(&left.cells).for_each(|(all, one)| *all *= one);
            losses.add(left.losses);
            approximate |= left.approximate;
        }
        counts.push(hours((node.id.clone(), Count::HoursByNode(n)), &cells, losses, approximate, grid));
    }
    counts
}

fn hours(of: (String, Count), left: &[f64], losses: Losses, approximate: bool, grid: &Grid) -> Expected {
    let Losses { number, squares, cubes } = losses;
    Expected {
        what: of.1,
        item: of.0,
        of: String::new(),
        value: risk::lost(left, grid),
        approximate,
        accuracy: GRID,
        number,
        sd: (squares * (1.0 - number).max(0.0)).sqrt(),
        skewness: if squares > 0.0 { cubes / (squares * squares.sqrt()) } else { 0.0 },
    }
}

/// The aftershocks of its events, if they have any.
fn aftershocks(risk: &Risk) -> Option<&Aftershocks> {
    match &risk.arrivals {
        Some(Arrivals::Poisson { aftershocks: Some(aftershocks), .. }) if aftershocks.mean > 0.0 => Some(aftershocks),
        _ => None,
    }
}

/// Risks whose number of events is no closed form: raised rates, and what comes of these, or of aftershocks.
fn mixed(scenario: &Scenario) -> Vec<bool> {
    let mut mixed = vec![false; scenario.risks.len()];
    for raise in scenario.risks.iter().flat_map(all_effects).flat_map(|e| &e.raises) {
        mixed[raise.risk] = true;
    }
    for _ in &scenario.risks {
        for (r, risk) in scenario.risks.iter().enumerate() {
            for cause in all_effects(risk).flat_map(|e| &e.causes) {
                mixed[cause.risk] |= mixed[r] || aftershocks(risk).is_some();
            }
        }
    }
    mixed
}

/// One risk, with its events on the grid.
struct OfRisk<'a> {
    scenario: &'a Scenario,
    grid: &'a Grid,
    risk: &'a Risk,
    begun: &'a Begun,
    approximate: bool,
}

impl OfRisk<'_> {
    fn is_caused(&self) -> bool {
        self.begun.caused.expected() > 0.0
    }

    /// Events, then outcomes; `outcomes`: how many there are of risks before.
    fn counts(&self, r: usize, outcomes: &mut usize, counts: &mut Vec<Expected>) {
        let Self { scenario, grid, risk, begun, approximate } = *self;
        let close = matches!(&risk.arrivals, Some(Arrivals::Every(_))) && begun.all().expected() > CLOSE;
        let accuracy = match &risk.arrivals {
            Some(Arrivals::Every(law)) if law.is_constant().is_none() => RENEWALS,
            _ if self.is_caused() || aftershocks(risk).is_some() => GRID,
            _ => 1e-9,
        };
        let mut push = |what: Count, item: String, value: f64, accuracy: f64| {
            counts.push(Expected {
                what,
                item,
                of: String::new(),
                value,
                approximate: approximate || close,
                accuracy,
                number: value,
                sd: (value * (1.0 - value).max(0.0)).sqrt(),
                skewness: if value > 0.0 { self.clusters() / value.sqrt() + self.skewness_of_factors() } else { 0.0 },
            });
        };
        if let Some(events) = risk::events(risk, begun, grid, scenario) {
            let expected = if aftershocks(risk).is_some() { begun.all().expected() } else { events.expected };
            push(Count::Events(r), risk.id.clone(), expected, accuracy);
        }
        let mut accuracy = accuracy;
        for (stage, reached) in risk.stages.iter().zip(begun.stages(risk, grid)) {
            if stage.after.is_constant() != Some(0.0) {
                accuracy = accuracy.max(GRID);
            }
            for outcome in &stage.outcomes {
                let value = reached.thinned(outcome.probability).expected();
                push(Count::Outcomes(*outcomes), name(risk, stage, outcome), value, accuracy);
                *outcomes += 1;
            }
        }
    }

    /// By how much clusters make a number more skewed. Source: Consul and Jain, "A generalization of the Poisson
    /// distribution", 1973.
    fn clusters(&self) -> f64 {
        let mean = aftershocks(self.risk).map_or(0.0, |aftershocks| aftershocks.mean);
        (1.0 + 2.0 * mean) / (1.0 - mean)
    }

    /// Skewness of a rate's multiplier, as if a factor stayed where it is for the whole trial.
    fn skewness_of_factors(&self) -> f64 {
        let Some(Arrivals::Poisson { follows, .. }) = &self.risk.arrivals else { return 0.0 };
        let spread = libm::expm1(follows.iter().map(|f| f.beta * f.beta).sum());
        (spread + 3.0) * spread.sqrt()
    }

    fn sizes(&self, plan: &Plan, r: usize, counts: &mut Vec<Expected>) {
        let outcomes = self.risk.stages.iter().flat_map(|s| s.outcomes.iter().map(move |o| name(self.risk, s, o)));
        let names = std::iter::once(self.risk.id.clone()).chain(outcomes);
        for (item, effects) in names.zip(plan.risks[r].all_effects()) {
            let Sized { happened, list } = &effects.sized;
            for (k, size) in list.iter().enumerate() {
                counts.push(Expected {
                    what: Count::Sizes { happened: *happened, sum: happened + 1 + k, expected: size.expected },
                    item: item.clone(),
                    of: self.quantity(size.which),
                    value: size.expected,
                    approximate: false,
                    accuracy: QUADRATURE,
                    number: 0.0,
                    sd: 0.0,
                    skewness: size.skewness,
                });
            }
        }
    }

    /// As the file calls it.
    fn quantity(&self, which: Which) -> String {
        let name = match which {
            Which::Duration => "duration",
            Which::Leaves => "leaves",
            Which::Suspends => "suspends",
            Which::Notice => "notice",
            Which::Price => "price_change",
            Which::Capability => "capability_change",
            Which::Revenue(_, service) => return format!("revenue_change.{}", self.scenario.services[service].id),
            Which::Lasts => "for",
            Which::Over => "over",
            Which::Cost => "cost",
            Which::Stake => "stake_change",
        };
        name.to_owned()
    }

    /// What its interruptions leave; none if it has none.
    fn left(&self) -> Option<Left> {
        let Self { scenario, grid, risk, begun, .. } = *self;
        risk::events(risk, begun, grid, scenario)?;
        let all = begun.all();
        let (mut down, mut losses) = (Down::default(), Losses::default());
        let mut sets = usize::from(self.add(&all, &risk.effects, &mut down, &mut losses));
        for (stage, reached) in risk.stages.iter().zip(begun.stages(risk, grid)) {
            let mut any = false;
            for outcome in &stage.outcomes {
                let flow = reached.thinned(outcome.probability);
                any |= self.add(&flow, &outcome.effects, &mut down, &mut losses);
            }
            sets += usize::from(any);
        }
        let twice = all_effects(risk).any(|e| e.outage.is_some() && e.suspends.is_some());
        let approximate = self.approximate || self.is_caused() || self.is_dependent() || sets > 1 || twice;
        Some(Left { cells: down.left(&all)?, losses, approximate })
    }

    /// Whether events are dependent so that what they leave together has no closed form.
    fn is_dependent(&self) -> bool {
        match &self.risk.arrivals {
            Some(Arrivals::Poisson { follows, .. }) => !follows.is_empty() || aftershocks(self.risk).is_some(),
            Some(Arrivals::Every(_)) => true,
            Some(Arrivals::At { times_hours, .. }) => times_hours.len() > Flow::MOST_SOURCES,
            Some(Arrivals::Once { .. } | Arrivals::Due { .. }) | None => false,
        }
    }

    /// Adds what a set of effects takes; says whether it takes anything.
    fn add(&self, flow: &Flow, effects: &Effects, down: &mut Down, losses: &mut Losses) -> bool {
        down.add(flow, effects, self.grid);
        let horizon = self.scenario.horizon_hours;
        let number = flow.expected();
        if let Some(outage) = &effects.outage {
            let taken = 1.0 - outage.leaves.mean().unwrap_or(0.0);
            losses.add(Losses::of(number, taken, &Lasts::Hours(&outage.duration), horizon));
        }
        match &effects.suspends {
            Some(Length::Hours(law)) => losses.add(Losses::of(number, 1.0, &Lasts::Hours(law), horizon)),
            Some(Length::Permanent) => losses.add(Losses::of(number, 1.0, &Lasts::ToTheEnd, horizon)),
            None => {}
        }
        effects.outage.is_some() || effects.suspends.is_some()
    }
}

impl Losses {
    fn of(number: f64, taken: f64, lasts: &Lasts, horizon: f64) -> Self {
        let to_the_end = Law::Constant(horizon);
        let law = match lasts {
            Lasts::Hours(law) => law,
            Lasts::ToTheEnd => &to_the_end,
        };
        let hours = law.limited(horizon);
        let (mean, sd) = (hours.mean, hours.variance.sqrt());
        let squares = hours.variance + mean * mean;
        let cubes = hours.skewness * sd * sd * sd + mean * (3.0 * hours.variance + mean * mean);
        Self { number, squares: number * taken * taken * squares, cubes: number * taken * taken * taken * cubes }
    }

    fn add(&mut self, other: Self) {
        self.number += other.number;
        self.squares += other.squares;
        self.cubes += other.cubes;
    }
}

/// `RISK/STAGE/OUTCOME`; what a stage or outcome without a name lacks is left out.
fn name(risk: &Risk, stage: &Stage, outcome: &Outcome) -> String {
    let parts = [risk.id.as_str(), stage.name.as_str(), outcome.name.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}
