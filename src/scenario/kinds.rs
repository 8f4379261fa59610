//! The kinds of risk: vocabularies, one entry each. What an event does is said in `risk`.

use super::context::Cx;
use super::risk::EFFECTS;
use super::table::Table;
use crate::source::{Problem, listed};

/// A kind of risk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// As it is written.
    pub name: &'static str,
    /// With its article, for messages.
    pub a: &'static str,
    /// What reports call one event.
    pub event: &'static str,
    /// Keys that must be given: of each list one at least, at the risk or in its outcomes and stages.
    pub needs: &'static [&'static [&'static str]],
    /// Keys that may be given besides.
    pub allows: &'static [&'static str],
    /// Whether this version has it.
    pub supported: bool,
    /// What it is for.
    pub says: &'static str,
}

/// Keys that every kind has.
const COMMON: &[&str] = &["kind", "on", "arrivals", "rate_if", "only_if"];

/// All kinds of the model.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "outage",
        a: "an outage",
        event: "outage",
        needs: &[&["arrivals"], &["duration"]],
        allows: &["leaves", "cost", "scales_with", "revenue_change", "for", "over", "outcomes"],
        supported: true,
        says: "a vendor or platform is down, wholly or in part",
    },
    Kind {
        name: "legal",
        a: "a legal risk",
        event: "case",
        needs: &[&["arrivals"], &["stages", "outcomes"]],
        allows: &[
            "suspends",
            "notice",
            "price_change",
            "revenue_change",
            "for",
            "over",
            "cost",
            "scales_with",
            "capability_change",
            "stake_change",
            "raises",
            "causes",
        ],
        supported: true,
        says: "a suit, an inquiry or a ban, with its outcomes",
    },
    Kind {
        name: "pricing",
        a: "a pricing risk",
        event: "repricing",
        needs: &[&["path", "price_change"]],
        allows: &["notice", "for", "cost", "scales_with", "revenue_change", "over", "outcomes", "stages"],
        supported: true,
        says: "prices drift, or jump",
    },
    Kind {
        name: "exclusivity",
        a: "an exclusivity",
        event: "exclusivity",
        needs: &[&["arrivals"], &["suspends", "revenue_change"]],
        allows: &[
            "notice",
            "price_change",
            "cost",
            "scales_with",
            "for",
            "over",
            "outcomes",
            "stages",
            "capability_change",
            "stake_change",
            "raises",
            "causes",
        ],
        supported: true,
        says: "a vendor goes with one side alone: access or revenue is won or lost",
    },
    later("delay", "a delay", "slip", "a release that slips"),
    later("retirement", "a retirement", "retirement", "a model that is withdrawn"),
    later("governance", "a governance risk", "turmoil", "turmoil that raises other risks"),
    later("breach", "a breach", "breach", "leaked data"),
    later("insolvency", "an insolvency", "insolvency", "a vendor that ends"),
    later("retaliation", "a retaliation", "retaliation", "what an incumbent does to a firm that diversifies"),
];

const fn later(name: &'static str, a: &'static str, event: &'static str, says: &'static str) -> Kind {
    Kind { name, a, event, needs: &[], allows: &[], supported: false, says }
}

/// Names of the kinds that this version has.
pub(crate) fn supported() -> Vec<&'static str> {
    KINDS.iter().filter(|kind| kind.supported).map(|kind| kind.name).collect()
}

impl Kind {
    fn takes(&self, key: &str) -> bool {
        COMMON.contains(&key) || self.allows.contains(&key) || self.needs.iter().any(|any| any.contains(&key))
    }

    /// Refuses what the kind's vocabulary has not, in a risk's table or in one of an outcome or stage (`inner`).
    pub(crate) fn refuse_others(&self, table: &Table<'_>, inner: bool, cx: &mut Cx) {
        for (name, span) in table.given() {
            let effect = EFFECTS.iter().any(|key| key.name == name);
            let of_kinds = effect || (!inner && (name == "path" || name == "outcomes" || name == "stages"));
            if !of_kinds || self.takes(name) || table.item(name).is_none() {
                continue;
            }
            let others: Vec<&str> =
                KINDS.iter().filter(|kind| kind.supported && kind.takes(name)).map(|kind| kind.name).collect();
            let problem = Problem::error(format!("{} takes no `{name}`", self.a))
                .at(span, format!("not a part of kind `{}`", self.name));
            let plural = if others.len() > 1 { "kinds" } else { "kind" };
            let help = format!("take it out, or use {plural} {}, which have it", listed(&others, "or"));
            let help = if others.len() > 1 { help } else { help.replace("which have", "which has") };
            cx.log.push(problem.help(help));
        }
    }

    /// Refuses a risk that lacks what the kind needs; `mentions` says whether a key is given somewhere in it.
    pub(crate) fn refuse_missing(&self, table: &Table<'_>, mentions: impl Fn(&str) -> bool, cx: &mut Cx) {
        for any in self.needs {
            if any.iter().any(|key| mentions(key)) {
                continue;
            }
            let problem = Problem::error(format!("{} needs {}", self.a, listed(any, "or")));
            let label = if any.len() > 1 { "has neither".to_owned() } else { format!("has no `{}`", any[0]) };
            let key = table.key(any[0]);
            let help = format!("for example `{} = {}`, {}", key.name, key.example, key.says);
            cx.log.push(problem.at(table.span.clone(), label).help(help));
        }
    }
}
