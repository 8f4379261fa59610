//! What follows an event: stages, each with outcomes of which at most one happens.

use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::scenario::context::Cx;
use crate::scenario::kinds::Kind;
use crate::scenario::table::{Item, Key, Table, Takes};
use crate::scenario::{Outcome, Stage};
use crate::source::Problem;

use super::conditions::{CONDITIONS, conditions, highest};
use super::effects::{EFFECTS, effects};

/// Keys of an outcome, besides conditions and effects.
pub(crate) const OUTCOME: &[Key] = &[
    Key::needed("name", Takes::Text, "what reports call it", "\"injunction\""),
    Key::needed(
        "probability",
        Takes::One(Quantity::Fraction),
        "how likely it is when its turn comes; what the outcomes leave to 1 is the chance that nothing happens",
        "0.2",
    ),
    Key::or("ends", Takes::Flag, "false", "no further stage follows", "true"),
];

/// Keys of a stage, besides conditions and effects.
pub(crate) const STAGE: &[Key] = &[
    Key::needed("name", Takes::Text, "what reports call it", "\"trial\""),
    Key::needed(
        "after",
        Takes::Law(Quantity::Duration),
        "the time since the stage before, or the event",
        "\"6 months to 2 years\"",
    ),
    Key::optional(
        "probability",
        Takes::One(Quantity::Fraction),
        "how likely its effects are; needed unless it has `outcomes`",
        "0.3",
    ),
    Key::optional(
        "outcomes",
        Takes::Tables(&[OUTCOME, CONDITIONS, EFFECTS]),
        "what may come of it, one at most; conditions and effects then stand in them",
        "[{ name = \"ban\", probability = 0.2, suspends = \"90 days\" }]",
    ),
    Key::or("ends", Takes::Flag, "false", "no further stage follows any of its outcomes", "true"),
];

/// The stages of a risk: its `stages`, or its `outcomes` as one stage at once.
pub(super) fn of_risk(table: &Table<'_>, kind: Option<&'static Kind>, cx: &mut Cx) -> Option<Vec<Stage>> {
    let outcomes = table.maybe("outcomes", cx, |item, cx| outcomes(item, false, kind, cx));
    let stages = table.maybe("stages", cx, |item, cx| stages(item, kind, cx));
    if table.has("outcomes") && table.has("stages") {
        let problem = Problem::error(format!("{} has both `outcomes` and `stages`", table.what));
        let problem = problem
            .at(table.key_span("outcomes"), "what comes of the event")
            .at(table.key_span("stages"), "what follows it");
        cx.log.push(problem.help("make the outcomes those of a first stage with `after = \"0 h\"`".to_owned()));
        return None;
    }
    let at_once = outcomes?.map(|outcomes| vec![Stage { name: String::new(), after: Law::Constant(0.0), outcomes }]);
    Some(stages?.or(at_once).unwrap_or_default())
}

fn stages(list: Item<'_>, kind: Option<&'static Kind>, cx: &mut Cx) -> Option<Vec<Stage>> {
    let members: Vec<Option<Stage>> = list.list(cx)?.map(|item| stage(item, kind, cx)).collect();
    refuse_empty(list, members.len(), cx)?;
    let stages: Vec<Stage> = members.into_iter().collect::<Option<_>>()?;
    refuse_twice(list, stages.iter().map(|stage| stage.name.as_str()), "stages", cx)?;
    Some(stages)
}

fn stage(item: Item<'_>, kind: Option<&'static Kind>, cx: &mut Cx) -> Option<Stage> {
    let table = Table::open(item, called("stage", item), &[STAGE, CONDITIONS, EFFECTS], cx)?;
    if let Some(kind) = kind {
        kind.refuse_others(&table, true, cx);
    }
    let name = table.need("name", cx).and_then(|item| name(item, cx));
    let after = table.need("after", cx).and_then(|item| item.law(cx));
    let ends = table.flag("ends", cx);
    let outcomes = match table.item("outcomes") {
        Some(item) => {
            refuse_mixed(&table, cx);
            outcomes(item, ends.unwrap_or(false), kind, cx)
        }
        None => single(&table, cx).map(|outcome| vec![outcome]),
    };
    Some(Stage { name: name?, after: after?, outcomes: outcomes? })
}

/// A stage that is its own outcome.
fn single(table: &Table<'_>, cx: &mut Cx) -> Option<Outcome> {
    if !table.has("probability") {
        let problem = Problem::error(format!("{} needs `probability` or `outcomes`", table.what));
        let help = "write `probability = 0.3` with effects such as `cost`, or a list of `outcomes`".to_owned();
        cx.log.push(problem.at(table.span.clone(), "has neither").help(help));
        return None;
    }
    outcome_of(table, false, cx)
}

fn refuse_mixed(table: &Table<'_>, cx: &mut Cx) {
    let of_single = EFFECTS.iter().chain(CONDITIONS).map(|key| key.name).chain(["probability"]);
    if let Some(name) = of_single.into_iter().find(|name| table.item(name).is_some()) {
        let problem = Problem::error(format!("{} has both `{name}` and `outcomes`", table.what));
        let problem =
            problem.at(table.key_span(name), "belongs into an outcome").at(table.key_span("outcomes"), "the outcomes");
        cx.log.push(problem.help("move it into the outcomes that it concerns".to_owned()));
    }
}

/// A list of outcomes of which at most one happens.
fn outcomes(list: Item<'_>, ends: bool, kind: Option<&'static Kind>, cx: &mut Cx) -> Option<Vec<Outcome>> {
    let members: Vec<Option<Outcome>> = list.list(cx)?.map(|item| outcome(item, ends, kind, cx)).collect();
    refuse_empty(list, members.len(), cx)?;
    let outcomes: Vec<Outcome> = members.into_iter().collect::<Option<_>>()?;
    refuse_twice(list, outcomes.iter().map(|outcome| outcome.name.as_str()), "outcomes", cx)?;
    let raised: f64 =
        outcomes.iter().map(|outcome| (outcome.probability * highest(&outcome.conditions)).min(1.0)).sum();
    if raised <= 1.0 + 1e-9 {
        return Some(outcomes);
    }
    let plain: f64 = outcomes.iter().map(|outcome| outcome.probability).sum();
    let (label, help) = if plain <= 1.0 + 1e-9 {
        (
            "for a portfolio that meets every `rate_if`",
            "lower them, so that they sum to at most 1 with every `times` above 1 applied",
        )
    } else {
        (
            "at most one happens, so they must sum to at most 1",
            "lower them; what is missing to 1 is the chance that nothing happens",
        )
    };
    let problem = Problem::error(format!("probabilities of outcomes sum to {}", crate::quantity::shown(raised)));
    cx.log.push(problem.at(list.span(), label).help(help.to_owned()));
    None
}

fn outcome(item: Item<'_>, ends: bool, kind: Option<&'static Kind>, cx: &mut Cx) -> Option<Outcome> {
    let table = Table::open(item, called("outcome", item), &[OUTCOME, CONDITIONS, EFFECTS], cx)?;
    if let Some(kind) = kind {
        kind.refuse_others(&table, true, cx);
    }
    outcome_of(&table, ends, cx)
}

fn outcome_of(table: &Table<'_>, stage_ends: bool, cx: &mut Cx) -> Option<Outcome> {
    let name = table.need("name", cx).and_then(|item| name(item, cx));
    let probability = table.one("probability", cx);
    let ends = table.flag("ends", cx);
    let conditions = conditions(table, false, cx);
    let effects = effects(table, cx);
    table.about(cx)?;
    Some(Outcome {
        name: name?,
        probability: probability?,
        conditions: conditions?,
        effects: effects?,
        ends: ends? || stage_ends,
    })
}

fn name(item: Item<'_>, cx: &mut Cx) -> Option<String> {
    let name = item.text(cx)?;
    if name.trim().is_empty() {
        cx.log
            .push(item.problem("is empty", "reports need a name").help("for example `name = \"settled\"`".to_owned()));
        return None;
    }
    Some(name)
}

/// "outcome `ban`", as far as its name can be read.
fn called(what: &str, item: Item<'_>) -> String {
    match item.value.get_ref().get("name").and_then(|name| name.get_ref().as_str()) {
        Some(name) => format!("{what} `{name}`"),
        None => format!("this {what}"),
    }
}

fn refuse_empty(list: Item<'_>, count: usize, cx: &mut Cx) -> Option<()> {
    if count > 0 {
        return Some(());
    }
    let problem = list.problem("is empty", "nothing can come of it");
    cx.log.push(problem.help(format!("for example `{} = {}`", list.key.name, list.key.example)));
    None
}

fn refuse_twice<'n>(list: Item<'_>, names: impl Iterator<Item = &'n str>, what: &str, cx: &mut Cx) -> Option<()> {
    let mut seen: Vec<&str> = Vec::new();
    for (n, name) in names.enumerate() {
        if seen.contains(&name) {
            let second = list.value.get_ref().get(n)?.get_ref().get("name")?.span();
            let problem = Problem::error(format!("two {what} are called `{name}`"));
            cx.log.push(problem.at(second, "the second").help("give each its own name".to_owned()));
            return None;
        }
        seen.push(name);
    }
    Some(())
}
