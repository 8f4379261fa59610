//! Events planted on given dates, everything else switched off or left on, and what each portfolio makes of them day by
//! day.
//!
//! Nothing is left to chance in a planted event: every quantity is taken at one percentile of its law, the median unless
//! another is asked for; of quantities that hurt the more the smaller they are (what an outage leaves, notice, delays,
//! changes of capability, revenue and stakes) at 100 less the percentile. What has a probability happens if its uniform at
//! that percentile says so; of each stage the likeliest outcome is taken, "nothing" being one, unless another is asked for.

use toml::value::Datetime;

use super::digest::Quantity as OfEvent;
use super::trace::{Action, Trace, What, trace};
use crate::chance::law::Law;
use crate::plan::Plan;
use crate::quantity::unix_seconds;
use crate::results::Component;
use crate::scenario::{Arrivals, Conditions, DAY, Effects, Length, Outcome, PricePath, Risk, Scenario, Stage};
use crate::source::{listed, suggest};

/// An event to be planted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planted {
    /// Index of its risk.
    pub risk: usize,
    /// When, hours since the start; within the horizon.
    pub at_hours: f64,
    /// A stage, and the outcome that it has to have: its number, or none for "nothing".
    pub outcome: Option<(usize, Option<usize>)>,
}

/// How a stress test is run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Whether all else is left on, as it is drawn in a trial.
    pub keep: bool,
    /// Percentile at which quantities are taken, as a fraction in (0, 1).
    pub percentile: f64,
    /// The trial in which all else is left on.
    pub trial: u64,
}

/// What came of a stress test.
#[derive(Debug, Clone, PartialEq)]
pub struct Stress {
    /// The scenario that was run: each planted event is a risk of its own, behind those of the file.
    pub scenario: Scenario,
    /// Index of the first planted risk in it.
    pub first_planted: usize,
    /// What was decided about stages, of planted events and of those that they may cause.
    pub choices: Vec<Choice>,
    /// Quantities that the file leaves to chance, as they were taken.
    pub taken: Vec<Taken>,
    /// One per portfolio.
    pub traces: Vec<Trace>,
    /// Per portfolio: the loss of the trial in which all else is left on, without what is planted; 0 where it is switched off.
    pub without: Vec<f64>,
}

/// The outcome that a stage was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Place of the planted event; none of a risk that a planted one may cause.
    pub planted: Option<usize>,
    /// Id of the risk.
    pub risk: String,
    /// Name of the stage; empty for the outcomes of an event without stages.
    pub stage: String,
    /// Name of the outcome; none for "nothing".
    pub outcome: Option<String>,
    /// Its probability in the file, before conditions.
    pub probability: f64,
    /// It was asked for; else it is the likeliest.
    pub is_asked: bool,
}

/// A quantity that the file leaves to chance, as it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Whose it is: a risk, a stage or an outcome of it, a portfolio or a service.
    pub whose: String,
    /// What it is.
    pub quantity: Quantity,
    /// Its value, in the engine's units; 1 or 0 of what happens or does not.
    pub value: f64,
}

/// Quantities that may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A quantity of an event or outcome.
    Effect(OfEvent),
    /// Hours from the stage before, or from the event, to this stage.
    StageAfter,
    /// Whether failover works.
    FailoverWorks,
    /// Hours that a migration takes.
    MigrationTakes,
    /// What it costs for all traffic, currency.
    MigrationCosts,
    /// The part of customers that leave after a long interruption.
    ChurnLoses,
}

/// Reads `RISK=DATE`, `RISK/OUTCOME=DATE` or `RISK/STAGE/OUTCOME=DATE`; the outcome may be `nothing`.
///
/// # Errors
///
/// What is wrong, and what to write instead, on one line.
pub fn parse(scenario: &Scenario, text: &str) -> Result<Planted, String> {
    let example = || scenario.risks.iter().find(|r| r.arrivals.is_some()).map_or("RISK", |r| &r.id);
    let Some((what, date)) = text.rsplit_once('=') else {
        let date = scenario.date(0.0);
        return Err(format!("`{text}` names no date: write RISK=DATE, such as {}={}", example(), &date[..10]));
    };
    let mut parts = what.split('/').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let known: Vec<&str> = scenario.risks.iter().filter(|r| r.arrivals.is_some()).map(|r| r.id.as_str()).collect();
    let Some(risk) = scenario.risks.iter().position(|r| r.id == name) else {
        return Err(with_help(format!("there is no risk `{name}`"), suggest(name, &known, "those with events")));
    };
    if scenario.risks[risk].arrivals.is_none() {
        let help = suggest("", &known, "those with events");
        return Err(with_help(format!("`{name}` is a price path without events"), help));
    }
    let outcome = outcome(&scenario.risks[risk], &parts.collect::<Vec<_>>())?;
    Ok(Planted { risk, at_hours: moment(scenario, date.trim())?, outcome })
}

fn with_help(message: String, help: Option<String>) -> String {
    match help {
        Some(help) => format!("{message}; {help}"),
        None => message,
    }
}

fn moment(scenario: &Scenario, text: &str) -> Result<f64, String> {
    let datetime: Result<Datetime, _> = text.parse();
    let unix = datetime.ok().and_then(|d| unix_seconds(&d).ok()).ok_or_else(|| {
        format!("`{text}` is not a date: write a date, or a date and a time: 2025-06-01, 2025-06-01T08:30:00Z")
    })?;
    #[expect(clippy::cast_precision_loss, reason = "seconds have twelve digits")]
    let hours = (unix - scenario.start_unix as f64) / 3600.0;
    if !(hours >= 0.0 && hours < scenario.horizon_hours) {
        let (first, end) = (scenario.date(0.0), scenario.date(scenario.horizon_hours));
        return Err(format!("{text} is outside the horizon: it runs from {first} to before {end}"));
    }
    Ok(hours)
}

/// Names of stages: of outcomes without stages, none.
fn outcome(risk: &Risk, parts: &[&str]) -> Result<Option<(usize, Option<usize>)>, String> {
    let (stage, name) = match parts {
        [] => return Ok(None),
        [outcome] => (stage_of(risk, outcome)?, *outcome),
        [stage, outcome] => {
            let known: Vec<&str> = risk.stages.iter().map(|s| s.name.as_str()).filter(|n| !n.is_empty()).collect();
            let found = risk.stages.iter().position(|s| s.name == *stage);
            let none = || {
                if risk.stages.is_empty() {
                    format!("`{}` has no outcomes: write {}=DATE", risk.id, risk.id)
                } else if known.is_empty() {
                    format!("`{}` has no stages: write {}/{outcome}=DATE", risk.id, risk.id)
                } else {
                    with_help(format!("`{}` has no stage `{stage}`", risk.id), suggest(stage, &known, "its stages"))
                }
            };
            (found.ok_or_else(none)?, *outcome)
        }
        _ => {
            return Err(format!("`{}/{}` has too many parts: write RISK/STAGE/OUTCOME=DATE", risk.id, parts.join("/")));
        }
    };
    let outcomes = &risk.stages[stage].outcomes;
    let found = outcomes.iter().position(|o| o.name == name);
    if found.is_none() && name != NOTHING {
        let known: Vec<&str> = outcomes.iter().map(|o| o.name.as_str()).chain([NOTHING]).collect();
        return Err(with_help(format!("`{}` has no outcome `{name}`", risk.id), suggest(name, &known, "its outcomes")));
    }
    Ok(Some((stage, found)))
}

/// The outcome that is none.
const NOTHING: &str = "nothing";

/// The stage that an outcome given without one is of.
fn stage_of(risk: &Risk, outcome: &str) -> Result<usize, String> {
    let has = |s: &&Stage| outcome == NOTHING || s.outcomes.iter().any(|o| o.name == outcome);
    let stages: Vec<&str> = risk.stages.iter().filter(has).map(|s| s.name.as_str()).collect();
    match stages[..] {
        [only] => Ok(risk.stages.iter().position(|s| s.name == only).unwrap_or(0)),
        [] if risk.stages.is_empty() => Err(format!("`{}` has no outcomes: write {}=DATE", risk.id, risk.id)),
        [] => {
            let all = risk.stages.iter().flat_map(|s| &s.outcomes).map(|o| o.name.as_str());
            let known: Vec<&str> = all.chain([NOTHING]).collect();
            Err(with_help(
                format!("`{}` has no outcome `{outcome}`", risk.id),
                suggest(outcome, &known, "its outcomes"),
            ))
        }
        _ => Err(format!(
            "`{}` has an outcome `{outcome}` in {}: write {}/STAGE/{outcome}=DATE",
            risk.id,
            listed(&stages, "and"),
            risk.id
        )),
    }
}

/// Plants `events` and replays the one trial that there is, or the trial in which all else is left on, for every portfolio.
#[must_use]
pub fn stress(scenario: &Scenario, events: &[Planted], options: &Options) -> Stress {
    let mut planter = Planter { u: options.percentile, choices: Vec::new(), taken: Vec::new() };
    let mut planted = scenario.clone();
    let mut reached = vec![false; scenario.risks.len()];
    for (n, event) in events.iter().enumerate() {
        let risk = planter.plant(scenario, n, event);
        for cover in planted.covers.iter_mut().filter(|c| c.risks.contains(&event.risk)) {
            cover.risks.push(planted.risks.len());
        }
        reach(&risk, &scenario.risks, options, &mut reached);
        planted.risks.push(risk);
    }
    if !options.keep {
        for (r, risk) in planted.risks[..scenario.risks.len()].iter_mut().enumerate() {
            planter.switch_off(risk, reached[r]);
        }
        planter.settle_firm(&mut planted);
    }
    planter.forget_repeats();
    let plan = Plan::new(&planted, scenario.seed);
    let trial = if options.keep { options.trial } else { 0 };
    let n = planted.portfolios.len();
    let traces: Vec<Trace> = (0..n).map(|p| trace(&planted, &plan, p, trial)).collect();
    planter.taken.retain(|t| mattered(scenario, t, &traces));
    let without = if options.keep {
        let plan = Plan::new(scenario, scenario.seed);
        (0..n).map(|p| trace(scenario, &plan, p, trial).loss).collect()
    } else {
        vec![0.0; n]
    };
    let first_planted = scenario.risks.len();
    Stress { scenario: planted, first_planted, choices: planter.choices, taken: planter.taken, traces, without }
}

/// Whether luck of the firm came into play: what a migration would have taken says nothing where none began.
fn mattered(scenario: &Scenario, taken: &Taken, traces: &[Trace]) -> bool {
    match taken.quantity {
        Quantity::MigrationTakes | Quantity::MigrationCosts => {
            let own = |t: &&Trace| scenario.portfolios[t.portfolio].id == taken.whose;
            let begins = |a: &Action| matches!(a, Action::MigrationBegins { .. });
            traces.iter().filter(own).any(|t| t.decisions.iter().any(|d| begins(&d.action)))
        }
        Quantity::ChurnLoses => traces.iter().flat_map(|t| &t.journal).any(|e| {
            e.component == Component::Churn && e.service.is_some_and(|s| scenario.services[s].id == taken.whose)
        }),
        Quantity::FailoverWorks | Quantity::Effect(_) | Quantity::StageAfter => true,
    }
}

/// Notes the risks that a risk may cause, directly or not; a planted one, whose chances are settled, those that it does.
fn reach(risk: &Risk, risks: &[Risk], options: &Options, reached: &mut [bool]) {
    let outcomes = risk.stages.iter().flat_map(|s| &s.outcomes).map(|o| &o.effects);
    for cause in std::iter::once(&risk.effects).chain(outcomes).flat_map(|e| &e.causes) {
        let acts = 1.0 - options.percentile < cause.probability;
        if acts && !std::mem::replace(&mut reached[cause.risk], true) {
            reach(&risks[cause.risk], risks, options, reached);
        }
    }
}

/// Takes chance out of a scenario.
struct Planter {
    /// The uniform at which quantities are taken.
    u: f64,
    choices: Vec<Choice>,
    taken: Vec<Taken>,
}

impl Planter {
    /// A risk that happens once, on a date.
    fn plant(&mut self, scenario: &Scenario, n: usize, event: &Planted) -> Risk {
        let mut risk = scenario.risks[event.risk].clone();
        risk.arrivals = Some(Arrivals::At { times_hours: vec![event.at_hours], probability: 1.0 });
        risk.path = None;
        self.fix(&mut risk, Some(n), event.outcome);
        risk
    }

    /// A risk of the file that does not happen of itself, and whose price runs as expected. `told`: it may be caused.
    fn switch_off(&mut self, risk: &mut Risk, told: bool) {
        risk.arrivals = None;
        if let Some(PricePath { volatility, follows, .. }) = &mut risk.path {
            *volatility = 0.0;
            follows.clear();
        }
        let (n_choices, n_taken) = (self.choices.len(), self.taken.len());
        self.fix(risk, None, None);
        if !told {
            self.choices.truncate(n_choices);
            self.taken.truncate(n_taken);
        }
    }

    /// The firm's luck: failovers, migrations, customers.
    fn settle_firm(&mut self, scenario: &mut Scenario) {
        for portfolio in &mut scenario.portfolios {
            if let Some(failover) = portfolio.failover.as_mut().filter(|f| f.works < 1.0) {
                failover.works = self.decide(failover.works, &portfolio.id, Quantity::FailoverWorks, self.u);
            }
            if let Some(migration) = &mut portfolio.migration {
                self.take(&mut migration.takes, &portfolio.id, Quantity::MigrationTakes, false);
                self.take(&mut migration.costs, &portfolio.id, Quantity::MigrationCosts, false);
            }
        }
        for service in &mut scenario.services {
            if let Some(churn) = &mut service.churn {
                self.take(&mut churn.loses, &service.id, Quantity::ChurnLoses, false);
            }
        }
    }

    /// Every stage gets one outcome, every quantity one value. `asked`: a stage and its outcome.
    fn fix(&mut self, risk: &mut Risk, planted: Option<usize>, asked: Option<(usize, Option<usize>)>) {
        let id = risk.id.clone();
        whole(&mut risk.conditions);
        self.effects(&mut risk.effects, &id);
        for (s, stage) in risk.stages.iter_mut().enumerate() {
            let here = asked.filter(|(stage, _)| *stage == s).map(|(_, outcome)| outcome);
            // A stage before the one that is asked for must not end what comes.
            let must_go_on = asked.is_some_and(|(stage, _)| s < stage);
            let chosen = here.unwrap_or_else(|| likeliest(&stage.outcomes, must_go_on));
            let rest = 1.0 - stage.outcomes.iter().map(|o| o.probability).sum::<f64>();
            let outcome = chosen.map(|o| stage.outcomes[o].clone());
            self.choices.push(Choice {
                planted,
                risk: id.clone(),
                stage: stage.name.clone(),
                outcome: outcome.as_ref().map(|o| o.name.clone()),
                probability: outcome.as_ref().map_or(rest.max(0.0), |o| o.probability),
                is_asked: here.is_some(),
            });
            let place = if stage.name.is_empty() { id.clone() } else { format!("{id} / {}", stage.name) };
            self.take(&mut stage.after, &place, Quantity::StageAfter, true);
            stage.outcomes.clear();
            if let Some(mut outcome) = outcome {
                outcome.probability = 1.0;
                whole(&mut outcome.conditions);
                self.effects(&mut outcome.effects, &format!("{place} / {}", outcome.name));
                stage.outcomes.push(outcome);
            }
        }
    }

    fn effects(&mut self, effects: &mut Effects, whose: &str) {
        let mut take = |law: &mut Law, what: OfEvent, less_is_worse: bool| {
            self.take(law, whose, Quantity::Effect(what), less_is_worse);
        };
        if let Some(outage) = &mut effects.outage {
            take(&mut outage.duration, OfEvent::Duration, false);
            take(&mut outage.leaves, OfEvent::Leaves, true);
        }
        if let Some(Length::Hours(length)) = &mut effects.suspends {
            take(length, OfEvent::Suspends, false);
        }
        let optional = [
            (&mut effects.notice, OfEvent::Notice, true),
            (&mut effects.price_change, OfEvent::PriceChange, false),
            (&mut effects.capability_change, OfEvent::CapabilityChange, true),
            (&mut effects.lasts, OfEvent::Lasts, false),
            (&mut effects.over, OfEvent::Over, true),
            (&mut effects.stake_change, OfEvent::StakeChange, true),
        ];
        for (law, what, less_is_worse) in optional {
            if let Some(law) = law {
                take(law, what, less_is_worse);
            }
        }
        for (service, law) in &mut effects.revenue_change {
            take(law, OfEvent::RevenueChange(*service), true);
        }
        if let Some(cost) = &mut effects.cost {
            take(&mut cost.amount, OfEvent::Cost(cost.scales_with), false);
        }
        let u = 1.0 - self.u;
        effects.causes.retain_mut(|cause| {
            if cause.probability < 1.0 {
                let quantity = Quantity::Effect(OfEvent::Causes(cause.risk));
                cause.probability = self.decide(cause.probability, whose, quantity, u);
            }
            cause.probability > 0.0
        });
        for cause in &mut effects.causes {
            self.take(&mut cause.after, whose, Quantity::Effect(OfEvent::After(cause.risk)), true);
        }
    }

    /// Settles a law; one that hurts more the smaller it is, at the mirrored percentile.
    fn take(&mut self, law: &mut Law, whose: &str, quantity: Quantity, less_is_worse: bool) {
        if law.is_constant().is_none() {
            let value = law.quantile(if less_is_worse { 1.0 - self.u } else { self.u });
            *law = Law::Constant(value);
            self.taken.push(Taken { whose: whose.to_owned(), quantity, value });
        }
    }

    /// Settles whether something happens: 1 or 0.
    fn decide(&mut self, probability: f64, whose: &str, quantity: Quantity, u: f64) -> f64 {
        let value = f64::from(u8::from(u < probability));
        self.taken.push(Taken { whose: whose.to_owned(), quantity, value });
        value
    }

    /// What is taken alike twice is told once.
    fn forget_repeats(&mut self) {
        let mut told: Vec<Taken> = Vec::new();
        for taken in self.taken.drain(..) {
            if !told.contains(&taken) {
                told.push(taken);
            }
        }
        self.taken = told;
    }
}

/// Who does not fulfil `only_if` is spared; whom the event would be likelier for gets it like all others.
fn whole(conditions: &mut Conditions) {
    for condition in &mut conditions.list {
        for times in [&mut condition.times, &mut condition.otherwise] {
            *times = f64::from(u8::from(*times > 0.0));
        }
    }
    conditions.list.retain(|c| c.times < 1.0 || c.otherwise < 1.0);
}

/// The likeliest outcome; none where "nothing" is likelier. Of equally likely ones the first.
fn likeliest(outcomes: &[Outcome], must_go_on: bool) -> Option<usize> {
    let rest = 1.0 - outcomes.iter().map(|o| o.probability).sum::<f64>();
    let allowed = outcomes.iter().enumerate().filter(|(_, o)| !(must_go_on && o.ends));
    let best = allowed.fold(None, |best: Option<(usize, f64)>, (i, o)| match best {
        Some((_, p)) if p >= o.probability => best,
        _ => Some((i, o.probability)),
    });
    best.filter(|(_, p)| *p > 0.0 && *p >= rest).map(|(i, _)| i)
}

/// A day on which something happens, or a stretch of days without news.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Its first moment, hours since the start; a day begins at 00:00 UTC, or at the start.
    pub from_hours: f64,
    /// Its end.
    pub to_hours: f64,
    /// How many days it is.
    pub n_days: usize,
    /// What happens, in order of time.
    pub news: Vec<News>,
    /// What it costs, by component.
    pub costs: [f64; 10],
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct News {
    /// When.
    pub at_hours: f64,
    /// What.
    pub what: Told,
}

/// What may be told of a day, by its place in the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// An event happens.
    Event(usize),
    /// An event's effect begins, or is announced.
    Begins(usize, usize),
    /// An event's effect ends.
    Ends(usize, usize),
    /// The firm decides.
    Decision(usize),
    /// Traffic of a service moves, or is lost, or comes back: to this place in its traffic.
    Traffic(usize, usize),
}

/// Traffic that moves less than this is not told.
const LITTLE: f64 = 5e-4;

/// A trace day by day; what nothing happens in is one stretch. The costs of all days sum to the loss.
#[must_use]
pub fn days(scenario: &Scenario, trace: &Trace) -> Vec<Day> {
    let horizon = scenario.horizon_hours;
    let mut news = news(trace, horizon);
    news.sort_by(|a, b| a.at_hours.total_cmp(&b.at_hours));
    #[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
    let offset = scenario.start_unix.rem_euclid(86_400) as f64 / 3600.0;
    let day_of = |t: f64| ((t.max(0.0) + offset) / DAY).floor();
    let begins = |day: f64| (day * DAY - offset).max(0.0);
    let last = day_of(horizon - 1e-9);
    let mut days: Vec<Day> = Vec::new();
    let mut push = |first: f64, end: f64, news: Vec<News>| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a hundred years of days")]
        let n_days = (end - first) as usize;
        let (from_hours, to_hours) = (begins(first), begins(end).min(horizon));
        days.push(Day { from_hours, to_hours, n_days, news, costs: [0.0; 10] });
    };
    let mut next = 0.0;
    for of_day in news.chunk_by(|a, b| day_of(a.at_hours).to_bits() == day_of(b.at_hours).to_bits()) {
        let day = day_of(of_day[0].at_hours).min(last);
        if day > next {
            push(next, day, Vec::new());
        }
        push(day, day + 1.0, of_day.to_vec());
        next = day + 1.0;
    }
    if next <= last {
        push(next, last + 1.0, Vec::new());
    }
    let n = days.len();
    for (i, day) in days.iter_mut().enumerate() {
        let from = if i == 0 { f64::NEG_INFINITY } else { day.from_hours };
        let to = if i + 1 == n { f64::INFINITY } else { day.to_hours };
        for e in &trace.journal {
            day.costs[e.component as usize] += e.amount * e.part(from, to);
        }
    }
    days
}

fn news(trace: &Trace, horizon: f64) -> Vec<News> {
    let mut news = Vec::new();
    let mut add = |at_hours: f64, what: Told| {
        if at_hours < horizon {
            news.push(News { at_hours: at_hours.max(0.0), what });
        }
    };
    for (i, event) in trace.events.iter().enumerate() {
        add(event.at_hours, Told::Event(i));
        for (j, effect) in event.effects.iter().enumerate() {
            // What begins with the event is told with it.
            if effect.from_hours > event.at_hours {
                add(effect.from_hours, Told::Begins(i, j));
            }
            // How long a rate is raised is told when it is.
            if effect.to_hours > effect.from_hours && !matches!(effect.what, What::Raises { .. }) {
                add(effect.to_hours, Told::Ends(i, j));
            }
        }
    }
    for (i, decision) in trace.decisions.iter().enumerate() {
        // An exit is told with the move that makes it.
        if !matches!(decision.action, Action::Exit { .. }) {
            add(decision.at_hours, Told::Decision(i));
        }
    }
    for (s, traffic) in trace.traffic.iter().enumerate() {
        for (i, pair) in traffic.windows(2).enumerate() {
            let moved = |(a, b): (&f64, &f64)| (a - b).abs() > LITTLE;
            if (pair[0].unserved - pair[1].unserved).abs() > LITTLE
                || pair[0].by_vendor.iter().zip(&pair[1].by_vendor).any(moved)
            {
                add(pair[1].from_hours, Told::Traffic(s, i + 1));
            }
        }
        if let Some(first) = traffic.first().filter(|t| t.unserved > LITTLE) {
            add(first.from_hours, Told::Traffic(s, 0));
        }
    }
    news
}

#[cfg(test)]
mod tests;
