//! When events come.

use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::scenario::context::Cx;
use crate::scenario::nodes::{CALENDAR, calendar};
use crate::scenario::table::{Item, Key, Table, Takes};
use crate::scenario::{Aftershocks, Arrivals, Follows, MONTH, YEAR};
use crate::source::{Problem, listed};

/// Keys of `arrivals`. One of [`FORMS`] is needed.
pub(crate) const ARRIVALS: &[Key] = &[
    Key::optional("per_year", Takes::One(Quantity::Number), "events per year, on average, at random moments", "12"),
    Key::optional("per_month", Takes::One(Quantity::Number), "events per month, on average, at random moments", "0.5"),
    Key::optional(
        "trend",
        Takes::One(Quantity::Change),
        "the change of the rate per year; goes with `per_year` and `per_month`",
        "\"+40%\"",
    ),
    Key::optional(
        "calendar",
        Takes::Table(&[CALENDAR]),
        "the weekly profile of the rate; goes with `per_year` and `per_month`",
        "{ weekday = [5, 5, 5, 5, 5, 2, 2] }",
    ),
    Key::optional(
        "follows",
        FOLLOWS,
        "how closely the rate follows factors: in month k it is × exp(β z − β²/2), z the factor; goes with `per_year` and `per_month`",
        "{ climate = 0.5 }",
    ),
    Key::optional(
        "aftershocks",
        Takes::Table(&[AFTERSHOCKS]),
        "events that beget others, the mean number unchanged; goes with `per_year` and `per_month`",
        "{ mean = 0.3, within = \"12 h\" }",
    ),
    Key::optional(
        "every",
        Takes::Law(Quantity::Duration),
        "the interval between events, the first from the start",
        "\"6 months to 2 years\"",
    ),
    Key::optional(
        "once",
        Takes::Table(&[ONCE]),
        "at most one event, at a random moment between two dates",
        "{ probability = 0.3, between = [2026-01-01, 2026-12-31] }",
    ),
    Key::optional(
        "at",
        Takes::Dates,
        "the dates of events; before the start only for a risk with stages",
        "[2026-03-01]",
    ),
    Key::optional(
        "probability",
        Takes::One(Quantity::Fraction),
        "the probability of each date of `at`, 1 if not given",
        "0.5",
    ),
];

/// Factors, each with its β.
pub(super) const FOLLOWS: Takes =
    Takes::Map("a table of factors, as in `{ climate = 0.5 }`", &Takes::One(Quantity::Loading));

/// Keys of `aftershocks`.
const AFTERSHOCKS: &[Key] = &[
    Key::needed(
        "mean",
        Takes::One(Quantity::Number),
        "how many events each one begets by itself, on average; below 1",
        "0.3",
    ),
    Key::needed("within", Takes::One(Quantity::Duration), "the mean time until they come, exponential", "\"12 h\""),
];

/// Keys of `once`.
const ONCE: &[Key] = &[
    Key::needed("probability", Takes::One(Quantity::Fraction), "how likely it is", "0.3"),
    Key::needed("between", Takes::Dates, "the earliest and the latest date", "[2026-01-01, 2026-12-31]"),
];

/// What goes with a rate alone.
const OF_A_RATE: &[&str] = &["trend", "calendar", "follows", "aftershocks"];

/// Ways to say when, of which one is needed; and the keys that go with each.
const FORMS: &[(&str, &[&str])] =
    &[("per_year", OF_A_RATE), ("per_month", OF_A_RATE), ("every", &[]), ("once", &[]), ("at", &["probability"])];

/// The largest standard deviation of the logarithm of a rate; beyond it nearly all events come in very few months.
const MOST_LOADING: f64 = 3.0;

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
    for name in OF_A_RATE.iter().copied().chain(["probability"]) {
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
    let follows = table.maybe("follows", cx, |item, cx| follows(item, MOST_LOADING, cx));
    let aftershocks = table.maybe("aftershocks", cx, aftershocks);
    let hours = if form == "per_year" { YEAR } else { MONTH };
    Some(Arrivals::Poisson {
        per_hour: rate? / hours,
        trend: trend?.unwrap_or(0.0),
        calendar: calendar?,
        follows: follows?.unwrap_or_default(),
        aftershocks: aftershocks?,
    })
}

/// Factors with their β, the root of whose squares is at most `most`.
pub(super) fn follows(item: Item<'_>, most: f64, cx: &mut Cx) -> Option<Vec<Follows>> {
    let members = item.members(cx)?;
    let read: Vec<Option<Follows>> = members
        .iter()
        .map(|member| {
            let factor = cx.factor_called(member.id, member.id_span.clone());
            let beta = member.item.quantity(Quantity::Loading, cx);
            Some(Follows { factor: factor?, beta: beta? })
        })
        .collect();
    let mut follows: Vec<Follows> = read.into_iter().collect::<Option<_>>()?;
    if follows.is_empty() {
        let problem = item.problem("is empty", "follows nothing");
        cx.log.push(problem.help(format!("for example `{} = {}`", item.key.name, item.key.example)));
        return None;
    }
    let sum: f64 = follows.iter().map(|follows| follows.beta * follows.beta).sum();
    if sum > most * most * (1.0 + 1e-9) {
        let problem = if most > 1.0 {
            let why = "nearly all events would come in very few months; 1 is much already";
            item.problem("moves the rate too far", why).help("write a number from -1 to 1".to_owned())
        } else {
            let why = format!("their squares sum to {}, more than all there is", crate::quantity::shown(sum));
            item.problem("follows its factors too closely", why)
                .help("write numbers from -1 to 1 whose squares sum to at most 1".to_owned())
        };
        cx.log.push(problem);
        return None;
    }
    // What is left for the path's own luck is 1 less this sum, which no rounding may make negative.
    if most <= 1.0 && sum > 1.0 {
        let scale = (1.0 - f64::EPSILON) / sum.sqrt();
        for follows in &mut follows {
            follows.beta *= scale;
        }
    }
    Some(follows)
}

fn aftershocks(item: Item<'_>, cx: &mut Cx) -> Option<Aftershocks> {
    let table = Table::open(item, "`aftershocks`", &[AFTERSHOCKS], cx)?;
    let mean = table.need("mean", cx).and_then(|item| {
        let mean = item.one(cx)?;
        if mean >= 1.0 {
            let problem = item.problem("must be below 1", "each event would beget another, without end");
            cx.log.push(problem.help("0.3 is three aftershocks in ten events".to_owned()));
        }
        Some(mean)
    });
    let within = table.need("within", cx).and_then(|item| item.positive("they would all come at once", cx));
    table.about(cx)?;
    Some(Aftershocks { mean: mean?, within_hours: within? })
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

/// When a release is due.
pub(super) fn due(date: Item<'_>, cx: &mut Cx) -> Option<Arrivals> {
    let due_hours = cx.hours(date)?;
    if due_hours < 0.0 {
        let problem = Problem::error("a date lies before `start`").at(date.span(), "due when the trial begins");
        cx.log.push(problem.help("write the `start` as its date, and in `slips` what it may still slip".to_owned()));
        return None;
    }
    within_horizon(date, due_hours, cx)?;
    Some(Arrivals::Due { due_hours })
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
