//! The kinds of risk: vocabularies, one entry each. What an event does is said in `risk`.

use super::context::Cx;
use super::risk::{EFFECTS, RISK};
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
    /// Some of them that it often has.
    pub often: &'static [&'static str],
    /// Keys that may be given besides.
    pub allows: &'static [&'static str],
    /// What it is for.
    pub says: &'static str,
}

/// Keys that every kind has.
const COMMON: &[&str] = &["kind", "on", "rate_if", "only_if"];

/// Effects, one of which is needed.
const ANY: &[&str] = &[
    "cost",
    "revenue_change",
    "price_change",
    "capability_change",
    "stake_change",
    "raises",
    "causes",
    "suspends",
    "duration",
    "notice",
];
/// Whatever a kind with free effects may have besides.
const FREE: &[&str] = &[
    "arrivals",
    "outcomes",
    "stages",
    "duration",
    "leaves",
    "suspends",
    "notice",
    "price_change",
    "capability_change",
    "revenue_change",
    "for",
    "over",
    "cost",
    "scales_with",
    "stake_change",
    "raises",
    "causes",
];
/// The same without outages: a loss of access is a `suspends`.
const WITHOUT_OUTAGES: &[&str] = &[
    "arrivals",
    "outcomes",
    "stages",
    "suspends",
    "notice",
    "price_change",
    "capability_change",
    "revenue_change",
    "for",
    "over",
    "cost",
    "scales_with",
    "stake_change",
    "raises",
    "causes",
];

/// All kinds of the model.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "outage",
        a: "an outage",
        event: "outage",
        needs: &[&["arrivals"], &["duration"]],
        often: &["leaves"],
        allows: &[
            "leaves",
            "outcomes",
            "stages",
            "price_change",
            "capability_change",
            "revenue_change",
            "for",
            "over",
            "cost",
            "scales_with",
            "stake_change",
            "raises",
            "causes",
        ],
        says: "a vendor or platform is down, wholly or in part",
    },
    Kind {
        name: "legal",
        a: "a legal risk",
        event: "case",
        needs: &[&["arrivals"], &["stages", "outcomes"]],
        often: &["cost", "suspends"],
        allows: WITHOUT_OUTAGES,
        says: "a suit, an inquiry or a ban, with its outcomes",
    },
    Kind {
        name: "pricing",
        a: "a pricing risk",
        event: "repricing",
        needs: &[&["path", "price_change"]],
        often: &["for"],
        allows: WITHOUT_OUTAGES,
        says: "prices drift, or jump",
    },
    Kind {
        name: "exclusivity",
        a: "an exclusivity",
        event: "exclusivity",
        needs: &[&["arrivals"], &["suspends", "revenue_change"]],
        often: &["notice"],
        allows: WITHOUT_OUTAGES,
        says: "a vendor goes with one side alone: access or revenue is won or lost",
    },
    Kind {
        name: "delay",
        a: "a delay",
        event: "slip",
        needs: &[&["due"], &["slips"], &["gap"]],
        often: &["over"],
        allows: &["over", "price_change", "revenue_change", "cost", "scales_with", "stake_change", "raises", "causes"],
        says: "a release that is due on a date and slips: until it comes, capability is missing",
    },
    Kind {
        name: "retirement",
        a: "a retirement",
        event: "retirement",
        needs: &[&["arrivals"], &["notice"], &["cost"]],
        often: &["suspends"],
        allows: FREE,
        says: "a model is withdrawn with notice, and replacing it costs work",
    },
    Kind {
        name: "governance",
        a: "a governance risk",
        event: "turmoil",
        needs: &[&["arrivals"], ANY],
        often: &["raises", "stake_change", "causes"],
        allows: FREE,
        says: "turmoil at a vendor, which often raises its other risks",
    },
    Kind {
        name: "breach",
        a: "a breach",
        event: "breach",
        needs: &[&["arrivals"], ANY],
        often: &["cost", "revenue_change"],
        allows: FREE,
        says: "data are leaked: often a cost and lost revenue",
    },
    Kind {
        name: "insolvency",
        a: "an insolvency",
        event: "insolvency",
        needs: &[&["arrivals"]],
        often: &["notice", "stake_change"],
        allows: FREE,
        says: "a vendor ends: access is lost for good unless `suspends` says otherwise, often with `notice` and a `stake_change`",
    },
    Kind {
        name: "retaliation",
        a: "a retaliation",
        event: "retaliation",
        needs: &[&["arrivals"], &["only_if", "rate_if"], ANY],
        often: &["price_change", "suspends", "cost"],
        allows: FREE,
        says: "what an incumbent does because the firm diversified: it restricts, reprices, litigates or comes to terms",
    },
];

/// Their names.
pub(crate) const NAMES: &[&str] = &{
    let mut names = [""; KINDS.len()];
    let mut n = 0;
    while n < KINDS.len() {
        names[n] = KINDS[n].name;
        n += 1;
    }
    names
};

impl Kind {
    /// Whether the kind has a key.
    pub(crate) fn takes(&self, key: &str) -> bool {
        COMMON.contains(&key) || self.allows.contains(&key) || self.needs.iter().any(|any| any.contains(&key))
    }

    /// Refuses what the kind's vocabulary has not, in a risk's table or in one of an outcome or stage (`inner`).
    pub(crate) fn refuse_others(&self, table: &Table<'_>, inner: bool, cx: &mut Cx) {
        for (name, span) in table.given() {
            let own = !inner && RISK.iter().any(|key| key.name == name);
            if !(own || EFFECTS.iter().any(|key| key.name == name)) || self.takes(name) {
                continue;
            }
            let others: Vec<&str> = KINDS.iter().filter(|kind| kind.takes(name)).map(|kind| kind.name).collect();
            let problem = Problem::error(format!("{} takes no `{name}`", self.a))
                .at(span, format!("not a part of kind `{}`", self.name));
            cx.log.push(problem.help(self.instead(name, &others)));
        }
    }

    /// What to write instead of a key that the kind has not.
    fn instead(&self, name: &str, others: &[&str]) -> String {
        match (self.name, name, others) {
            ("delay", "arrivals", _) => "`due` says when".to_owned(),
            ("delay", "for", _) => "`slips` says how long it lasts".to_owned(),
            ("delay", "capability_change", _) => "`gap` says what is missing".to_owned(),
            ("outage", "suspends" | "notice", _) => {
                "an outage lasts for its `duration`; for access that is taken away use another kind".to_owned()
            }
            (_, _, [other]) => format!("take it out, or use kind `{other}`, which has it"),
            _ => format!("take it out, or use kinds {}, which have it", listed(others, "or")),
        }
    }

    /// Refuses a risk that lacks what the kind needs; `mentions` says whether a key is given somewhere in it.
    pub(crate) fn refuse_missing(&self, table: &Table<'_>, mentions: impl Fn(&str) -> bool, cx: &mut Cx) {
        for any in self.needs {
            if any.iter().any(|key| mentions(key)) {
                continue;
            }
            let (needs, label, first) = match any {
                [one] => (format!("`{one}`"), format!("has no `{one}`"), one),
                [first, second] => (format!("`{first}` or `{second}`"), "has neither".to_owned(), first),
                _ => {
                    let needs = format!("an effect such as {}", listed(self.often, "or"));
                    (needs, "does nothing".to_owned(), &self.often[0])
                }
            };
            let key = table.key(first);
            let help = format!("for example `{} = {}`, {}", key.name, key.example, key.briefly());
            let problem = Problem::error(format!("{} needs {needs}", self.a));
            cx.log.push(problem.at(table.span.clone(), label).help(help));
        }
    }
}
