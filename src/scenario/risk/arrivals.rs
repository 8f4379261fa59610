//! When events come.

use super::conditions::highest;
use super::later;
use crate::chance::law::Law;
use crate::quantity::{Quantity, grouped};
use crate::scenario::context::Cx;
use crate::scenario::nodes::{CALENDAR, calendar};
use crate::scenario::table::{Absent, Item, Key, Table, Takes};
use crate::scenario::{Arrivals, Conditions, MONTH, YEAR};
use crate::source::{Problem, listed};

/// Keys of `arrivals`. One of [`FORMS`] is needed.
pub(crate) const ARRIVALS: &[Key] = &[
    key("per_year", Takes::One(Quantity::Number), "events per year, on average", "12"),
    key("per_month", Takes::One(Quantity::Number), "events per month, on average", "0.5"),
    key("trend", Takes::One(Quantity::Change), "the change of the rate per year", "\"+40%\""),
    key("calendar", Takes::Table(&[CALENDAR]), "the weekly profile of the rate", "{ weekday = [5, 5, 5, 5, 5, 2, 2] }"),
    key("every", Takes::Law(Quantity::Duration), "the interval between events", "\"6 months to 2 years\""),
    key(
        "once",
        Takes::Table(&[ONCE]),
        "at most one event",
        "{ probability = 0.3, between = [2026-01-01, 2026-12-31] }",
    ),
    key("at", Takes::Dates, "the dates of events", "[2026-03-01]"),
    key("probability", Takes::One(Quantity::Fraction), "the probability of each date of `at`, 1 if not given", "0.5"),
    later("follows", Takes::Form("a table of factors"), "how closely the rate follows a factor", "{ climate = 0.5 }"),
    later("aftershocks", Takes::Form("a table"), "events that beget others", "{ mean = 0.3, within = \"12 h\" }"),
];

const fn key(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, absent: Absent::None, says, example }
}

const ONCE: &[Key] = &[
    Key {
        name: "probability",
        takes: Takes::One(Quantity::Fraction),
        absent: Absent::Refused,
        says: "how likely it is",
        example: "0.3",
    },
    Key {
        name: "between",
        takes: Takes::Dates,
        absent: Absent::Refused,
        says: "the earliest and the latest date",
        example: "[2026-01-01, 2026-12-31]",
    },
];

/// Ways to say when, of which one is needed; and the keys that go with each.
const FORMS: &[(&str, &[&str])] = &[
    ("per_year", &["trend", "calendar"]),
    ("per_month", &["trend", "calendar"]),
    ("every", &[]),
    ("once", &[]),
    ("at", &["probability"]),
];

/// More events than can be meant.
const MOST_EVENTS: f64 = 1e6;

/// When a risk's events come. `staged`: whether it has stages; `delay`: the time to the first, if that could be read.
pub(super) fn arrivals(item: Item<'_>, staged: bool, delay: Option<&Law>, cx: &mut Cx) -> Option<Arrivals> {
    let table = Table::open(item, "`arrivals`", &[ARRIVALS], cx)?;
    let form = form(&table, cx)?;
    let arrivals = match form {
        "per_year" | "per_month" => poisson(&table, form, cx),
        "every" => every(table.item("every")?, cx),
        "once" => once(table.item("once")?, cx),
        _ => at(&table, staged, delay, cx),
    };
    table.about(cx)?;
    arrivals
}

fn form(table: &Table<'_>, cx: &mut Cx) -> Option<&'static str> {
    let given: Vec<&'static str> = FORMS.iter().map(|(form, _)| *form).filter(|form| table.has(form)).collect();
    match given.as_slice() {
        [form] => {
            refuse_stray(table, form, cx);
            Some(form)
        }
        [] => {
            let forms: Vec<&str> = FORMS.iter().map(|(form, _)| *form).collect();
            let help = format!("write one of {}, as in `arrivals = {{ per_year = 12 }}`", listed(&forms, "or"));
            cx.log.push(
                Problem::error("`arrivals` does not say when")
                    .at(table.span.clone(), "no dates, rate or interval")
                    .help(help),
            );
            None
        }
        [first, second, ..] => {
            let problem = Problem::error("`arrivals` says when in two ways");
            let problem = problem.at(table.key_span(second), "one way").at(table.key_span(first), "the other");
            cx.log.push(problem.help("keep one, or make two risks".to_owned()));
            None
        }
    }
}

fn refuse_stray(table: &Table<'_>, form: &str, cx: &mut Cx) {
    let allowed = FORMS.iter().find(|(name, _)| *name == form).map_or(&[][..], |(_, with)| with);
    for name in ["trend", "calendar", "probability"] {
        if table.has(name) && !allowed.contains(&name) {
            let owner = if name == "probability" { "`at`" } else { "`per_year` or `per_month`" };
            let problem = Problem::error(format!("`{name}` does not go with `{form}`"));
            let help = if form == "once" && name == "probability" {
                "write it inside: `once = { probability = 0.3, between = […] }`".to_owned()
            } else {
                "take it out".to_owned()
            };
            cx.log.push(problem.at(table.key_span(name), format!("goes with {owner}")).help(help));
        }
    }
}

fn poisson(table: &Table<'_>, form: &str, cx: &mut Cx) -> Option<Arrivals> {
    let rate = table.one(form, cx);
    let trend = table.maybe("trend", cx, Item::one);
    let calendar = table.maybe("calendar", cx, calendar);
    let hours = if form == "per_year" { YEAR } else { MONTH };
    Some(Arrivals::Poisson {
        per_hour: rate? / hours,
        trend: trend?.unwrap_or(0.0),
        calendar: calendar?,
        follows: Vec::new(),
        aftershocks: None,
    })
}

fn every(item: Item<'_>, cx: &mut Cx) -> Option<Arrivals> {
    let law = item.law(cx)?;
    // A positive chance of an interval of 0 makes events without end at one instant.
    if law.cdf(0.0) > 0.0 || law.quantile(1e-3) <= 0.0 {
        let problem = item.problem("can be 0", "would put events without end at one instant");
        cx.log.push(problem.help("write an interval that is always above 0".to_owned()));
        return None;
    }
    Some(Arrivals::Every(law))
}

fn once(item: Item<'_>, cx: &mut Cx) -> Option<Arrivals> {
    let table = Table::open(item, "`once`", &[ONCE], cx)?;
    let probability = table.one("probability", cx);
    let between = table.need("between", cx).and_then(|item| between(item, cx));
    table.about(cx)?;
    let (from_hours, to_hours) = between?;
    Some(Arrivals::Once { probability: probability?, from_hours, to_hours })
}

fn between(item: Item<'_>, cx: &mut Cx) -> Option<(f64, f64)> {
    let dates: Vec<Item<'_>> = item.list(cx)?.collect();
    let [first, second] = dates.as_slice() else {
        let problem = item.problem("must be two dates", format!("has {}", dates.len()));
        cx.log.push(problem.help("write the earliest and the latest: `between = [2026-01-01, 2026-12-31]`".to_owned()));
        return None;
    };
    let (from, to) = (cx.hours(*first), cx.hours(*second));
    let (from, to) = (from?, to?);
    if from > to {
        let problem = second.problem("runs backwards", "before the first date");
        cx.log.push(problem.help("exchange the two dates".to_owned()));
        return None;
    }
    if from < 0.0 {
        cx.log.push(first.problem("begins too early", "before `start`").help("begin at `start` or later".to_owned()));
        return None;
    }
    within_horizon(*first, from, cx)?;
    if let Some(horizon) = cx.horizon.filter(|horizon| to > *horizon) {
        let left = (horizon - from) / (to - from) * 100.0;
        let problem = Problem::warning("`between` reaches beyond the horizon");
        let label = format!("after the end; {left:.0} % of the time lies before it");
        cx.log.push(problem.at(second.span(), label).help("events after the horizon are left out".to_owned()));
    }
    Some((from, to))
}

fn at(table: &Table<'_>, staged: bool, delay: Option<&Law>, cx: &mut Cx) -> Option<Arrivals> {
    let item = table.item("at")?;
    let dates: Vec<Item<'_>> = item.list(cx)?.collect();
    let probability = table.maybe("probability", cx, Item::one);
    if dates.is_empty() {
        cx.log.push(item.problem("is empty", "holds no date").help("write at least one date".to_owned()));
        return None;
    }
    let times: Vec<Option<f64>> = dates.iter().map(|date| moment(*date, staged, delay, cx)).collect();
    Some(Arrivals::At {
        times_hours: times.into_iter().collect::<Option<_>>()?,
        probability: probability?.unwrap_or(1.0),
    })
}

fn moment(date: Item<'_>, staged: bool, delay: Option<&Law>, cx: &mut Cx) -> Option<f64> {
    let hours = cx.hours(date)?;
    if hours >= 0.0 {
        within_horizon(date, hours, cx)?;
    } else if !staged {
        let problem = Problem::error("a date lies before `start`").at(date.span(), "in the past when the trial begins");
        cx.log.push(problem.help("only a risk with `stages` may have begun before `start`".to_owned()));
        return None;
    } else if delay.is_some_and(|delay| delay.survival(-hours) <= 0.0) {
        let problem = Problem::error("a date lies too long before `start`");
        let label = "its first stage is always over when the trial begins";
        cx.log.push(
            problem
                .at(date.span(), label)
                .help("lengthen the first stage's `after`, or begin with the stage that is still open".to_owned()),
        );
        return None;
    }
    Some(hours)
}

fn within_horizon(date: Item<'_>, hours: f64, cx: &mut Cx) -> Option<()> {
    let Some(horizon) = cx.horizon.filter(|horizon| hours >= *horizon) else {
        return Some(());
    };
    let days = ((hours - horizon) / 24.0).floor() + 1.0;
    let problem = Problem::error("a date lies beyond the horizon")
        .at(date.span(), format!("on day {days} after the end of the trial"));
    cx.log.push(problem.help("lengthen `horizon`, or take the date out".to_owned()));
    None
}

/// Events of a risk that a trial has on average, at the highest rate that any portfolio could have.
pub(super) fn expected(arrivals: &Arrivals, conditions: &Conditions, cx: &Cx) -> f64 {
    let Some(horizon) = cx.horizon else {
        return 0.0;
    };
    match arrivals {
        Arrivals::Poisson { per_hour, trend, .. } => {
            let growth = libm::log1p(*trend);
            let years = horizon / YEAR;
            // ∫ (1 + trend)^(t / year) dt, which is the horizon where there is no trend.
            let hours = if growth.abs() < 1e-12 { horizon } else { libm::expm1(growth * years) / growth * YEAR };
            per_hour * hours * highest(conditions)
        }
        Arrivals::Every(law) => horizon / law.mean().unwrap_or_else(|| law.quantile(0.5)),
        Arrivals::Once { probability, .. } => *probability,
        Arrivals::Due { .. } => 1.0,
        #[expect(clippy::cast_precision_loss, reason = "a number of dates in a file")]
        Arrivals::At { times_hours, .. } => times_hours.len() as f64,
    }
}

/// Refuses a risk with more events than can be meant.
pub(super) fn refuse_too_many(table: &Table<'_>, expected: f64, cx: &mut Cx) {
    if expected > MOST_EVENTS {
        let problem = Problem::error(format!("{} has more than a million events in a trial", table.what));
        let label = format!("about {} are expected", grouped(expected));
        cx.log.push(
            problem.at(table.value_span("arrivals"), label).help("lower the rate, or lengthen the interval".to_owned()),
        );
    }
}

/// Refuses a scenario whose risks together have more events than can be meant. `risks`: name, place, expected number.
pub(crate) fn refuse_too_many_together(risks: &[(String, crate::source::Span, f64)], cx: &mut Cx) {
    let sum: f64 = risks.iter().map(|(_, _, expected)| expected).sum();
    let largest = risks.iter().max_by(|one, other| one.2.total_cmp(&other.2));
    let Some((id, span, expected)) = largest.filter(|(_, _, expected)| sum > MOST_EVENTS && *expected <= MOST_EVENTS)
    else {
        return;
    };
    let problem = Problem::error(format!(
        "the risks together have more than a million events in a trial: about {}",
        grouped(sum)
    ));
    let label = format!("most come from `{id}`: about {}", grouped(*expected));
    cx.log.push(problem.at(span.clone(), label).help("lower the rates, or lengthen the intervals".to_owned()));
}
