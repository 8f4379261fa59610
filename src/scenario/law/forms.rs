//! Each form of a distribution: its parameters, checked, to a law.

use super::keys::{BETA, PERCENTILE, SHAPED};
use super::percentile;
use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::scenario::context::Cx;
use crate::scenario::table::{Item, Table};
use crate::source::{Problem, listed};

/// A quantity that must be given and above 0.
fn positive(table: &Table<'_>, name: &str, quantity: Quantity, cx: &mut Cx) -> Option<f64> {
    let item = table.need(name, cx)?;
    above_zero(item, item.quantity(quantity, cx)?, cx)
}

fn above_zero(item: Item<'_>, value: f64, cx: &mut Cx) -> Option<f64> {
    if value > 0.0 {
        return Some(value);
    }
    cx.log.push(item.problem("must be above 0", "this law needs a positive number"));
    None
}

/// `{ median, pNN }`, `{ mean, sd }` or `{ median, sigma }`.
pub(super) fn log_normal(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let parameter = |name: &&str| matches!(*name, "mean" | "sd" | "sigma") || level(name).is_some();
    let given: Vec<&str> = table.given().map(|(name, _)| name).filter(parameter).collect();
    match given.as_slice() {
        ["mean", "sd"] | ["sd", "mean"] => mean_sd(table, quantity, cx),
        ["median", "sigma"] | ["sigma", "median"] => median_sigma(table, quantity, cx),
        [one, other] if level(one).is_some() && level(other).is_some() => percentiles(table, one, other, quantity, cx),
        _ => {
            let problem = Problem::error(format!("{} needs two parameters that go together", table.what));
            let help = "a log-normal takes two of `median` and percentiles such as `p95`, or `mean` and `sd`, or `median` and `sigma`";
            let label = format!("has {}", listed(&given, "and"));
            cx.log.push(problem.at(table.span.clone(), label).help(help.to_owned()));
            None
        }
    }
}

fn level(name: &str) -> Option<f64> {
    if name == "median" { Some(0.5) } else { percentile(name) }
}

fn mean_sd(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let mean = positive(table, "mean", quantity, cx);
    let sd = table.take("sd", cx, |item, cx| item.quantity(quantity.spread(), cx));
    settled(table, Law::from_mean_sd(mean?, sd?), cx)
}

fn median_sigma(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let median = positive(table, "median", quantity, cx);
    let sigma = table.one("sigma", cx);
    let (median, sigma) = (median?, sigma?);
    if sigma > 20.0 {
        let item = table.item("sigma")?;
        let why = "the standard deviation of the logarithm; 1 is wide already";
        cx.log.push(item.problem("is too large to be meant", why));
        return None;
    }
    settled(table, Law::from_median_sigma(median, sigma), cx)
}

fn percentiles(table: &Table<'_>, one: &str, other: &str, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let read = |name: &str, cx: &mut Cx| {
        // `p95` in the file is `pNN` in the list of keys.
        let key = if name == "median" { table.key(name) } else { &PERCENTILE };
        let item = Item { key, value: table.raw(name)? };
        let (what, why, help) = match item.measured(quantity, &cx.currency) {
            Ok(value) if value > 0.0 => return Some(value),
            Ok(_) => ("must be above 0".to_owned(), "a log-normal is positive".to_owned(), None),
            Err(fault) => (fault.what, fault.why, fault.help),
        };
        cx.log.push(Problem::error(format!("`{name}` {what}")).at(item.span(), why).help(help));
        None
    };
    let (one_value, other_value) = (read(one, cx), read(other, cx));
    let (one, other) = ((level(one)?, one_value?, one), (level(other)?, other_value?, other));
    let (low, high) = if one.0 <= other.0 { (one, other) } else { (other, one) };
    if low.1 > high.1 || low.0 >= high.0 {
        let problem = Problem::error(format!("the percentiles of {} are out of order", table.what));
        let label = format!("`{}` must be at most `{}`", low.2, high.2);
        let problem = problem.at(table.value_span(low.2), label).at(table.value_span(high.2), "the higher percentile");
        cx.log.push(problem.help("exchange the two values".to_owned()));
        return None;
    }
    settled(table, Law::from_percentiles((low.0, low.1), (high.0, high.1)), cx)
}

/// What the constructor still refuses is beyond what numbers can hold.
fn settled(table: &Table<'_>, law: Option<Law>, cx: &mut Cx) -> Option<Law> {
    let law = law.filter(|law| law.quantile(0.999_999).is_finite());
    if law.is_none() {
        let problem = Problem::error(format!("{} has no law with these parameters", table.what));
        let problem = problem.at(table.span.clone(), "too extreme to be computed");
        cx.log.push(problem.help("use parameters that are closer together".to_owned()));
    }
    law
}

/// `{ pert = [min, mode, max] }` or `{ triangular = [min, mode, max] }`.
pub(super) fn three(table: &Table<'_>, form: &str, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let values = ordered(table.item(form)?, 3, "smallest, most likely, largest", quantity, cx)?;
    let (min, mode, max) = (values[0], values[1], values[2]);
    Some(if min >= max {
        Law::Constant(min)
    } else if form == "pert" {
        Law::Pert { min, mode, max }
    } else {
        Law::Triangular { min, mode, max }
    })
}

/// `{ uniform = [a, b] }`.
pub(super) fn uniform(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let values = ordered(table.item("uniform")?, 2, "smallest, largest", quantity, cx)?;
    let (min, max) = (values[0], values[1]);
    Some(if min >= max { Law::Constant(min) } else { Law::Uniform { min, max } })
}

/// `count` values in ascending order.
fn ordered(item: Item<'_>, count: usize, meaning: &str, quantity: Quantity, cx: &mut Cx) -> Option<Vec<f64>> {
    let members: Vec<Item<'_>> = item.list(cx)?.collect();
    if members.len() != count {
        let what = format!("takes {count} values");
        let problem = item.problem(&what, format!("has {}", members.len()));
        cx.log.push(problem.help(format!("write {meaning}")));
        return None;
    }
    let values: Vec<Option<f64>> = members.iter().map(|member| member.quantity(quantity, cx)).collect();
    let values: Vec<f64> = values.into_iter().collect::<Option<_>>()?;
    if let Some(n) = (1..count).find(|n| values[n - 1] > values[*n]) {
        let problem = members[n].problem("is out of order", "less than the one before it");
        cx.log.push(problem.help(format!("write {meaning}, in this order")));
        return None;
    }
    Some(values)
}

/// `{ beta = { mean, sd } }`.
pub(super) fn beta(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let item = table.item("beta")?;
    if !(quantity.is_change() || matches!(quantity, Quantity::Fraction | Quantity::Multiple)) {
        let problem = item.problem("is for fractions", format!("this is {}", quantity.noun()));
        cx.log.push(problem.help("use `pert` for other quantities".to_owned()));
        return None;
    }
    let inner = Table::open(item, "the beta law", &[BETA], cx)?;
    let mean = inner.one("mean", cx);
    let sd = inner.one("sd", cx);
    let (mean, sd) = (mean?, sd?);
    let law = Law::from_beta_mean_sd(mean, sd);
    if law.is_none() {
        let most = (mean * (1.0 - mean)).max(0.0).sqrt();
        let why = if mean > 0.0 && mean < 1.0 {
            format!("with mean {mean} the standard deviation must be below {most:.3}")
        } else {
            "the mean must lie between 0 and 1".to_owned()
        };
        let help = "lower `sd`, or use `values = [0, 1]` with weights".to_owned();
        cx.log.push(item.problem("does not exist with these parameters", why).help(help));
    }
    law
}

/// `{ exponential = mean }`.
pub(super) fn exponential(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    positive(table, "exponential", quantity, cx).map(|mean| Law::Exponential { mean })
}

/// `{ weibull = { shape, scale } }` and its like.
pub(super) fn shaped(table: &Table<'_>, form: &str, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let inner = Table::open(table.item(form)?, format!("the {form} law"), &[SHAPED], cx)?;
    let shape = positive(&inner, "shape", Quantity::Number, cx);
    let scale = positive(&inner, "scale", quantity, cx);
    let (shape, scale) = (shape?, scale?);
    let law = match form {
        "weibull" => Law::Weibull { shape, scale },
        "gamma" => Law::Gamma { shape, scale },
        "pareto" => Law::Pareto { shape, scale },
        _ => Law::LogLogistic { shape, scale },
    };
    settled(&inner, Some(law), cx)
}

/// `{ values = […], weights = […] }`.
pub(super) fn values(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let item = table.item("values")?;
    let members: Vec<Option<f64>> = item.list(cx)?.map(|member| member.quantity(quantity, cx)).collect();
    let count = members.len();
    let weights = table.maybe("weights", cx, |item, cx| weights(item, count, cx));
    let values: Vec<f64> = members.into_iter().collect::<Option<_>>()?;
    if values.is_empty() {
        cx.log.push(item.problem("is empty", "holds no value").help("list at least one value".to_owned()));
        return None;
    }
    let weights = weights?.unwrap_or_else(|| vec![1.0; count]);
    Law::from_weights(values.into_iter().zip(weights))
}

fn weights(item: Item<'_>, count: usize, cx: &mut Cx) -> Option<Vec<f64>> {
    let weights = item.numbers(cx)?;
    let sum: f64 = weights.iter().sum();
    let why = if weights.len() != count {
        format!("{} weights for {count} values", weights.len())
    } else if weights.iter().any(|w| *w < 0.0) {
        "a weight is negative".to_owned()
    } else if !(sum > 0.0 && sum.is_finite()) {
        "all weights are 0".to_owned()
    } else {
        return Some(weights);
    };
    let help = "give each value a weight of 0 or more, one of them above 0".to_owned();
    cx.log.push(item.problem("do not fit", why).help(help));
    None
}
