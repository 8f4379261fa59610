//! A JSON Schema of scenarios for editors, made from the lists of keys. What it lets through may still be refused.

use serde_json::{Map, Value, json};

use super::kinds::{KINDS, Kind};
use super::law;
use super::read::ROOT;
use super::risk::{EFFECTS, RISK};
use super::table::{ABOUT, Absent, Key, Takes};
use crate::quantity::{self, Quantity};

/// The JSON Schema (draft 7) of a scenario, as text.
///
/// Editors complete keys, explain them and underline misspelt ones by it. It knows no names of vendors and, but for
/// what each kind of risk has, no rules between keys: only [`read`](super::read) says whether a scenario is sound.
/// Dates are strings, as tools that turn TOML into JSON write them.
#[must_use]
pub fn schema() -> String {
    let mut definitions = Definitions::default();
    let root = object(ROOT, None, &mut definitions);
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "linchpin scenario",
        "description": "Whom a firm buys AI models from, what it sells, what can happen, and how its traffic may be placed.",
    });
    if let (Value::Object(schema), Value::Object(root)) = (&mut schema, root) {
        schema.extend(root);
        schema.insert("definitions".to_owned(), Value::Object(definitions.0));
    }
    format!("{schema:#}\n")
}

/// What is referred to, by name.
#[derive(Default)]
struct Definitions(Map<String, Value>);

impl Definitions {
    /// A reference to what `make` makes, which is made once.
    fn refer(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            // Holds the place: a definition may refer to others.
            self.0.insert(name.to_owned(), Value::Null);
            let made = make(self);
            self.0.insert(name.to_owned(), made);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    /// A reference to one quantity.
    fn quantity(&mut self, of: Quantity) -> Value {
        let described = |forms: Vec<Value>| json!({ "description": of.help(), "anyOf": forms });
        self.refer(name(of), |_| described(vec![number(of), text(&of.pattern())]))
    }

    /// A reference to a distribution of a quantity.
    fn law(&mut self, of: Quantity) -> Value {
        self.refer(&format!("distribution-of-{}", name(of)), |definitions| {
            let interval = format!("{0}( to {0})?", of.pattern());
            let percentile = definitions.described(&law::PERCENTILE, Some(of));
            let mut table = object(&[law::KEYS], Some(of), definitions);
            table["patternProperties"] = json!({ "^p[0-9]{1,2}$": percentile });
            let says = format!(
                "{}; or a distribution: an interval such as \"a to b\", which is believed with 90 %, or a table",
                of.help()
            );
            json!({ "description": says, "anyOf": [number(of), text(&interval), table] })
        })
    }

    /// What a key takes, with what it says. `of`: the quantity of the distribution that it belongs to.
    fn described(&mut self, key: &Key, of: Option<Quantity>) -> Value {
        // The spread of a quantity is another quantity.
        let of = of.map(|of| if key.name == "sd" { of.spread() } else { of });
        let mut schema = self.takes(&key.takes, key.name, of);
        if schema.get("$ref").is_some() {
            schema = json!({ "allOf": [schema] });
        }
        let default = match key.absent {
            Absent::Is(default) => format!(" (default: {default})"),
            Absent::Refused | Absent::None => String::new(),
        };
        let mut described = json!({ "description": format!("{}{default}\n\nExample: {}", key.says, key.example) });
        if let (Value::Object(described), Value::Object(schema)) = (&mut described, schema) {
            described.extend(schema.into_iter().filter(|(name, _)| name != "description"));
        }
        described
    }

    /// What is taken, under the key `name`.
    fn takes(&mut self, takes: &Takes, name: &str, of: Option<Quantity>) -> Value {
        let of_law = of.unwrap_or(Quantity::Number);
        match takes {
            Takes::Text | Takes::Id(_) => json!({ "type": "string" }),
            Takes::Flag => json!({ "type": "boolean" }),
            Takes::Whole => json!({ "type": "integer", "minimum": 0 }),
            Takes::Date => self.refer("date", |_| date()),
            Takes::Dates => list(&self.refer("date", |_| date())),
            Takes::One(quantity) => self.quantity(*quantity),
            Takes::Law(quantity) => self.law(*quantity),
            Takes::Length => json!({ "anyOf": [{ "const": "permanent" }, self.law(Quantity::Duration)] }),
            Takes::Usage => text(&quantity::usage_pattern()),
            Takes::Price => text(&quantity::price_pattern()),
            Takes::Choice(words) => json!({ "enum": words }),
            Takes::Ids(_) => list(&json!({ "type": "string" })),
            Takes::Numbers => list(&json!({ "type": "number" })),
            Takes::Table(keys) => self.table(keys, name, of),
            Takes::Tables(keys) => list(&self.table(keys, name, of)),
            Takes::Map(_, member) => self.map(member, name),
            Takes::Either(_, each) => {
                json!({ "anyOf": each.iter().map(|one| self.takes(one, name, of)).collect::<Vec<Value>>() })
            }
            Takes::Value => self.quantity(of_law),
            Takes::Values(_) => list(&self.quantity(of_law)),
        }
    }

    /// A reference to a table, called after its key; tables alike are one.
    fn table(&mut self, keys: &[&[Key]], name: &str, of: Option<Quantity>) -> Value {
        let mut table = object(keys, of, self);
        if keys.iter().copied().flatten().any(|key| key.name == "kind") {
            table["allOf"] = KINDS.iter().map(of_kind).collect();
        }
        let mut free = name.to_owned();
        let mut n = 1;
        while self.0.get(&free).is_some_and(|other| *other != table) {
            n += 1;
            free = format!("{name}-{n}");
        }
        self.refer(&free, |_| table)
    }

    /// A table of ids; a remark may stand among them.
    fn map(&mut self, member: &Takes, name: &str) -> Value {
        let member = self.takes(member, name, None);
        let remarks: Map<String, Value> = ABOUT
            .iter()
            .map(|key| (key.name.to_owned(), json!({ "anyOf": [self.described(key, None), member.clone()] })))
            .collect();
        json!({
            "type": "object",
            "properties": remarks,
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]+$" },
            "additionalProperties": member,
        })
    }
}

/// A table with these keys and no others.
fn object(keys: &[&[Key]], of: Option<Quantity>, definitions: &mut Definitions) -> Value {
    let all = || keys.iter().copied().chain([ABOUT]).flatten();
    let properties: Map<String, Value> =
        all().map(|key| (key.name.to_owned(), definitions.described(key, of))).collect();
    let required: Vec<&str> = all().filter(|key| key.absent == Absent::Refused).map(|key| key.name).collect();
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// What holds of a risk of one kind: it has no key that the kind's vocabulary has not, nor have its outcomes and stages.
///
/// What must be given is said only of keys that stand nowhere else and that no other risk can stand in for.
fn of_kind(kind: &Kind) -> Value {
    let refused = |keys: &[&[Key]]| -> Map<String, Value> {
        let others = keys.iter().copied().flatten().filter(|key| !kind.takes(key.name));
        others.map(|key| (key.name.to_owned(), json!(false))).collect()
    };
    let outcome = json!({ "properties": refused(&[EFFECTS]) });
    let mut stage = outcome.clone();
    stage["properties"]["outcomes"] = json!({ "items": outcome });
    let mut properties = refused(&[RISK, EFFECTS]);
    for (name, member) in [("outcomes", outcome), ("stages", stage)] {
        properties.entry(name).or_insert_with(|| json!({ "items": member }));
    }
    let mut rules = vec![json!({ "properties": properties })];
    let own = |key: &&str| *key != "arrivals" && RISK.iter().any(|known| known.name == *key);
    for any in kind.needs.iter().filter(|any| any.iter().all(own)) {
        rules.push(json!({ "anyOf": any.iter().map(|key| json!({ "required": [key] })).collect::<Vec<Value>>() }));
    }
    json!({
        "if": { "properties": { "kind": { "const": kind.name } }, "required": ["kind"] },
        "then": { "allOf": rules },
    })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!(r"^\s*{pattern}\s*$") })
}

/// Editors that know TOML's types tell dates from text by `format`.
fn date() -> Value {
    let of = |format: &str, pattern: &str| json!({ "type": "string", "format": format, "pattern": pattern });
    json!({
        "description": "a date or a date-time, without quotes",
        "anyOf": [
            of("date", r"^\d{4}-\d\d-\d\d$"),
            of("date-time", r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$"),
            of("date-time-local", r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?$"),
        ],
    })
}

/// Bare numbers, where they have one meaning.
fn number(of: Quantity) -> Value {
    match of {
        Quantity::Duration | Quantity::Money | Quantity::Gain | Quantity::MoneyPerHour | Quantity::MoneyPerYear => {
            json!({ "const": 0 })
        }
        Quantity::Fraction => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Quantity::Multiple | Quantity::Number => json!({ "type": "number", "minimum": 0 }),
        Quantity::Change => json!({ "type": "number", "exclusiveMinimum": -1 }),
        Quantity::Revaluation => json!({ "type": "number", "minimum": -1 }),
        Quantity::Loading => json!({ "type": "number" }),
    }
}

fn name(of: Quantity) -> &'static str {
    match of {
        Quantity::Duration => "duration",
        Quantity::Money => "money",
        Quantity::Gain => "money-or-gain",
        Quantity::MoneyPerHour | Quantity::MoneyPerYear => "money-per-time",
        Quantity::Fraction => "fraction",
        Quantity::Multiple => "multiple",
        Quantity::Change => "change",
        Quantity::Revaluation => "change-to-nothing",
        Quantity::Number => "number",
        Quantity::Loading => "number-of-either-sign",
    }
}
