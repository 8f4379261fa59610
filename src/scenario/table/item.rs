//! A value under its key, read as what the key takes.

use toml::de::{DeArray, DeTable, DeValue};

use super::{ABOUT, Item, Takes};
use crate::quantity::{Fault, Quantity};
use crate::scenario::context::Cx;
use crate::source::{Problem, Span, nearest};

impl<'t> Item<'t> {
    /// Place of the value.
    pub(crate) fn span(self) -> Span {
        self.value.span()
    }

    /// A problem with the value: "`key` `what`", the label `why`.
    pub(crate) fn problem(self, what: &str, why: impl Into<String>) -> Problem {
        Problem::error(format!("`{}` {what}", self.key.name)).at(self.span(), why)
    }

    /// Notes a refused quantity.
    pub(crate) fn fault(self, fault: Fault, cx: &mut Cx) {
        cx.log.push(self.problem(&fault.what, fault.why).help(fault.help));
    }

    /// Notes that the value is of the wrong type.
    pub(crate) fn wrong_type(self, cx: &mut Cx) {
        self.fault(self.type_fault(), cx);
    }

    fn type_fault(self) -> Fault {
        Fault {
            what: format!("must be {}", self.key.takes.noun()),
            why: format!("this is {}", type_of(self.value.get_ref())),
            help: Some(format!("for example `{} = {}`", self.key.name, self.key.example)),
        }
    }

    /// Text.
    pub(crate) fn text(self, cx: &mut Cx) -> Option<String> {
        self.str(cx).map(str::to_owned)
    }

    pub(crate) fn str(self, cx: &mut Cx) -> Option<&'t str> {
        let text = self.value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(cx);
        }
        text
    }

    /// `true` or `false`.
    pub(crate) fn flag(self, cx: &mut Cx) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(cx);
        }
        flag
    }

    /// One of the words that the key takes.
    pub(crate) fn choice(self, cx: &mut Cx) -> Option<&'static str> {
        let Takes::Choice(words) = self.key.takes else {
            unreachable!("`{}` is read as one of several words, but its list entry says otherwise", self.key.name)
        };
        let text = self.str(cx)?;
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let help = nearest(text, words.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let what = format!("must be {}", self.key.takes.noun());
            cx.log.push(self.problem(&what, format!("`{text}` is not one of them")).help(help));
        }
        found
    }

    /// A whole number that is not negative.
    pub(crate) fn whole(self, cx: &mut Cx) -> Option<u64> {
        let (what, why) = match self.value.get_ref() {
            DeValue::Integer(integer) => match u64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => return Some(number),
                Err(_) if integer.as_str().starts_with('-') => ("is negative", "must be 0 or more"),
                Err(_) => ("is too large", "must be below 2^64"),
            },
            DeValue::Float(_) => ("must be a whole number", "written with a point or an exponent"),
            _ => {
                self.wrong_type(cx);
                return None;
            }
        };
        let help = format!("for example `{} = {}`", self.key.name, self.key.example);
        cx.log.push(self.problem(what, why).help(help));
        None
    }

    /// Seconds since 1970 of a date.
    pub(crate) fn date(self, cx: &mut Cx) -> Option<f64> {
        let Some(datetime) = self.value.get_ref().as_datetime() else {
            let quoted = self.value.get_ref().is_str();
            let what = if quoted { "must be a date without quotes" } else { "must be a date" };
            let why = format!("this is {}", type_of(self.value.get_ref()));
            cx.log.push(
                self.problem(what, why).help("write 2025-06-01 or 2025-06-01T08:30:00Z, without quotes".to_owned()),
            );
            return None;
        };
        crate::quantity::unix_seconds(datetime).map_err(|fault| self.fault(fault, cx)).ok()
    }

    /// One number of the kind that the key takes.
    pub(crate) fn one(self, cx: &mut Cx) -> Option<f64> {
        let Takes::One(quantity) = self.key.takes else {
            unreachable!("`{}` is read as one number, but its list entry says otherwise", self.key.name)
        };
        let measured = self.measured(quantity, &cx.currency);
        measured.map_err(|fault| self.fault(self.or_interval(fault), cx)).ok()
    }

    /// Where one value is needed, an interval has its own fault.
    fn or_interval(self, fault: Fault) -> Fault {
        let ends = self.value.get_ref().as_str().and_then(|text| text.split_once(" to "));
        ends.map_or(fault, |(low, _)| Fault {
            what: "must be one value".to_owned(),
            why: "an interval, but nothing is drawn here".to_owned(),
            help: Some(format!("write the value that you believe most, such as \"{}\"", low.trim())),
        })
    }

    /// One number of the kind that the key takes, above 0; `why` says what 0 would mean.
    pub(crate) fn positive(self, why: &str, cx: &mut Cx) -> Option<f64> {
        let number = self.one(cx)?;
        if number <= 0.0 {
            let help = format!("for example `{} = {}`", self.key.name, self.key.example);
            cx.log.push(self.problem("must be above 0", why).help(help));
            return None;
        }
        Some(number)
    }

    /// One number of a given kind.
    pub(crate) fn quantity(self, quantity: Quantity, cx: &mut Cx) -> Option<f64> {
        let measured = self.measured(quantity, &cx.currency);
        measured.map_err(|fault| self.fault(fault, cx)).ok()
    }

    /// One number of a given kind, or why it is none.
    pub(crate) fn measured(self, quantity: Quantity, currency: &str) -> Result<f64, Fault> {
        match self.value.get_ref() {
            DeValue::String(text) => quantity.parse(text, currency),
            _ => quantity.bare(self.finite()?),
        }
    }

    /// A bare finite number.
    pub(crate) fn number(self, cx: &mut Cx) -> Option<f64> {
        self.finite().map_err(|fault| self.fault(fault, cx)).ok()
    }

    fn finite(self) -> Result<f64, Fault> {
        let parsed: Option<f64> = match self.value.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(to_f64),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => return Err(self.type_fault()),
        };
        let why = match parsed {
            Some(number) if number.is_finite() => return Ok(number),
            Some(number) if number.is_nan() => "not a number",
            _ => "too large",
        };
        let help = Some("write a finite number that fits 18 digits".to_owned());
        Err(Fault { what: "is not a number to compute with".to_owned(), why: why.to_owned(), help })
    }

    /// Members of a list.
    pub(crate) fn list(self, cx: &mut Cx) -> Option<impl ExactSizeIterator<Item = Item<'t>> + use<'t>> {
        let array: Option<&'t DeArray<'t>> = self.value.get_ref().as_array();
        if array.is_none() {
            self.wrong_type(cx);
        }
        let key = self.key;
        array.map(|array| array.iter().map(move |value| Item { key, value }))
    }

    /// Bare numbers of a list.
    pub(crate) fn numbers(self, cx: &mut Cx) -> Option<Vec<f64>> {
        let members: Vec<Option<f64>> = self.list(cx)?.map(|item| item.number(cx)).collect();
        members.into_iter().collect()
    }

    /// Entries of a table.
    pub(crate) fn table(self, cx: &mut Cx) -> Option<&'t DeTable<'t>> {
        let table = self.value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(cx);
        }
        table
    }

    /// Entries of a table of ids; a remark (`note`, `source`, `grade` with text) is none of them.
    pub(crate) fn members(self, cx: &mut Cx) -> Option<Vec<Member<'t>>> {
        let key = self.key;
        let table = self.table(cx)?;
        let members = table
            .iter()
            .filter(|(id, value)| !is_remark(id.get_ref(), value.get_ref()))
            .map(move |(id, value)| Member { id: id.get_ref(), id_span: id.span(), item: Item { key, value } });
        Some(members.collect())
    }
}

/// An entry of a table of ids.
#[derive(Debug, Clone)]
pub(crate) struct Member<'t> {
    /// The id.
    pub id: &'t str,
    /// Its place.
    pub id_span: Span,
    /// Its value.
    pub item: Item<'t>,
}

fn is_remark(key: &str, value: &DeValue<'_>) -> bool {
    ABOUT.iter().any(|about| about.name == key) && value.is_str()
}

#[expect(clippy::cast_precision_loss, reason = "no key needs more than 53 bits of a number")]
fn to_f64(x: i64) -> f64 {
    x as f64
}

/// "a number".
pub(crate) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
