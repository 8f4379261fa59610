//! A table of the file, read key by key from its one list of keys.
//!
//! The list says what each key takes, whether it must be there and how it is written: reading, nearest names,
//! "not supported yet", defaults and help all come from it. Knows no particular key.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::About;
use super::context::Cx;
use crate::quantity::{Fault, Quantity};
use crate::source::{Problem, Span, listed, nearest};

/// A value of the file, with its place.
pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

/// A key of a table of the file.
#[derive(Debug)]
pub(crate) struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What its value is.
    pub takes: Takes,
    /// What if it is absent.
    pub absent: Absent,
    /// What it says, for the reference.
    pub says: &'static str,
    /// A value, as TOML.
    pub example: &'static str,
}

/// What holds where a key is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// It must be given.
    Refused,
    /// Nothing: the thing is not there.
    None,
    /// This value, as TOML.
    Is(&'static str),
    /// The model has the key, this version does not: refused where it is given.
    Unsupported,
}

/// What a key's value is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// Words.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole,
    /// A date or a date-time.
    Date,
    /// Several of them.
    Dates,
    /// One number of a kind.
    One(Quantity),
    /// A distribution of one.
    Law(Quantity),
    /// A distribution of durations, or `"permanent"`.
    Length,
    /// Metered traffic per time.
    Usage,
    /// Money per unit.
    Price,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The id of something.
    Id(&'static str),
    /// Ids of several.
    Ids(&'static str),
    /// Numbers.
    Numbers,
    /// A table with these keys.
    Table(&'static [&'static [Key]]),
    /// A list of such tables.
    Tables(&'static [&'static [Key]]),
    /// A table of ids, each with what is described.
    Map(&'static str),
    /// Something else, described.
    Form(&'static str),
}

impl Takes {
    /// "a duration".
    pub(crate) fn noun(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Text => "text in quotes",
            Self::Flag => "`true` or `false`",
            Self::Whole => "a whole number",
            Self::Date => "a date",
            Self::Dates => "a list of dates",
            Self::One(quantity) => quantity.noun(),
            Self::Law(quantity) => {
                return Cow::Owned(format!("{} or a distribution", quantity.noun()));
            }
            Self::Length => "a duration, a distribution or \"permanent\"",
            Self::Usage => "an amount of usage per time",
            Self::Price => "a price",
            Self::Choice(words) => return Cow::Owned(listed(words, "or")),
            Self::Id(what) => return Cow::Owned(format!("the name of {what}")),
            Self::Ids(what) => return Cow::Owned(format!("a list of names of {what}")),
            Self::Numbers => "a list of numbers",
            Self::Table(_) => "a table",
            Self::Tables(_) => "a list of tables",
            Self::Map(what) | Self::Form(what) => what,
        })
    }
}

/// Keys that every table may carry.
pub(crate) const ABOUT: &[Key] = &[
    Key {
        name: "note",
        takes: Takes::Text,
        absent: Absent::None,
        says: "a remark",
        example: "\"why so\"",
    },
    Key {
        name: "source",
        takes: Takes::Text,
        absent: Absent::None,
        says: "where it is from",
        example: "\"status page, 2024\"",
    },
    Key {
        name: "grade",
        takes: Takes::Choice(GRADES),
        absent: Absent::None,
        says: "how well it is known",
        example: "\"guess\"",
    },
];
const GRADES: &[&str] = &["data", "expert", "guess"];

/// A table with its keys checked against its list.
#[derive(Debug, Clone)]
pub(crate) struct Table<'t> {
    /// How messages call it: "portfolio `neutral`".
    pub what: String,
    /// Its heading or its braces.
    pub span: Span,
    entries: &'t DeTable<'t>,
    keys: &'static [&'static [Key]],
}

/// A value under its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'t> {
    /// The key it stands under (or, for a member of a list, the list's).
    pub key: &'static Key,
    /// The value.
    pub value: &'t Value<'t>,
}

impl<'t> Table<'t> {
    /// The table that `value` is; notes every key that is not on its list, or not supported yet.
    pub(crate) fn open(
        item: Item<'t>,
        what: impl Into<String>,
        keys: &'static [&'static [Key]],
        cx: &mut Cx,
    ) -> Option<Self> {
        let entries = item.table(cx)?;
        Some(Self::over(entries, item.span(), what, keys, |_| false, cx))
    }

    /// As [`open`](Self::open), of bare entries; `also` are names beyond the list.
    pub(crate) fn over(
        entries: &'t DeTable<'t>,
        span: Span,
        what: impl Into<String>,
        keys: &'static [&'static [Key]],
        also: fn(&str) -> bool,
        cx: &mut Cx,
    ) -> Self {
        let table = Self {
            what: what.into(),
            span,
            entries,
            keys,
        };
        for key in entries.keys() {
            table.check_key(key.get_ref(), key.span(), also, cx);
        }
        table
    }

    fn check_key(&self, name: &str, span: Span, also: fn(&str) -> bool, cx: &mut Cx) {
        match self.find(name) {
            Some(key) if key.absent == Absent::Unsupported => {
                cx.log.push(unsupported(name, span, key.says))
            }
            Some(_) => {}
            None if also(name) => {}
            None => {
                let known: Vec<&str> = self.known().map(|key| key.name).collect();
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("keys of {}: {}", self.what, listed(&known, "and")),
                };
                let problem = Problem::error(format!("unknown key `{name}` in {}", self.what));
                cx.log.push(problem.at(span, "unknown").help(help));
            }
        }
    }

    fn known(&self) -> impl Iterator<Item = &'static Key> {
        self.keys
            .iter()
            .copied()
            .flatten()
            .filter(|key| key.absent != Absent::Unsupported)
    }

    fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys
            .iter()
            .copied()
            .chain([ABOUT])
            .flatten()
            .find(|key| key.name == name)
    }

    /// The key's entry in the list of keys.
    pub(crate) fn key(&self, name: &str) -> &'static Key {
        let key = self.find(name);
        key.unwrap_or_else(|| {
            unreachable!(
                "`{name}` is read but not on the list of keys of {}",
                self.what
            )
        })
    }

    /// Whether the file gives the key.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Place of the key itself, or of the table.
    pub(crate) fn key_span(&self, name: &str) -> Span {
        self.entries
            .get_key_value(name)
            .map_or(self.span.clone(), |(key, _)| key.span())
    }

    /// Place of the key's value, or of the table.
    pub(crate) fn value_span(&self, name: &str) -> Span {
        self.entries
            .get(name)
            .map_or(self.span.clone(), Spanned::span)
    }

    /// Names and places of the keys given, in file order.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'t str, Span)> + use<'t> {
        self.entries
            .keys()
            .map(|key| (&**key.get_ref(), key.span()))
    }

    /// The key's value, if the file gives it.
    pub(crate) fn item(&self, name: &str) -> Option<Item<'t>> {
        let key = self.key(name);
        let value = self.entries.get(name)?;
        (key.absent != Absent::Unsupported).then_some(Item { key, value })
    }

    /// The value under a name that may be beyond the list.
    pub(crate) fn raw(&self, name: &str) -> Option<&'t Value<'t>> {
        self.entries.get(name)
    }

    /// A key that must be given, or has a default, read by `read`; `None` if that was refused.
    pub(crate) fn take<T>(
        &self,
        name: &str,
        cx: &mut Cx,
        read: impl FnOnce(Item<'_>, &mut Cx) -> Option<T>,
    ) -> Option<T> {
        if let Some(item) = self.item(name) {
            return read(item, cx);
        }
        let key = self.key(name);
        let Absent::Is(default) = key.absent else {
            self.missing(key, cx);
            return None;
        };
        let value =
            DeValue::parse(default).unwrap_or_else(|_| unreachable!("default of `{name}` is TOML"));
        read(Item { key, value: &value }, cx)
    }

    /// A key that must be given.
    pub(crate) fn need(&self, name: &str, cx: &mut Cx) -> Option<Item<'t>> {
        let item = self.item(name);
        if item.is_none() {
            self.missing(self.key(name), cx);
        }
        item
    }

    fn missing(&self, key: &Key, cx: &mut Cx) {
        let name = key.name;
        let help = format!("for example `{name} = {}`, {}", key.example, key.says);
        let problem = Problem::error(format!("{} needs `{name}`", self.what));
        cx.log.push(
            problem
                .at(self.span.clone(), format!("has no `{name}`"))
                .help(help),
        );
    }

    /// A key that may be absent: `Some(None)` then; `None` if it was refused.
    #[expect(
        clippy::option_option,
        reason = "refused, absent and given are three things"
    )]
    pub(crate) fn maybe<T>(
        &self,
        name: &str,
        cx: &mut Cx,
        read: impl FnOnce(Item<'t>, &mut Cx) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.item(name) {
            None => Some(None),
            Some(item) => read(item, cx).map(Some),
        }
    }

    /// `note`, `source` and `grade`.
    pub(crate) fn about(&self, cx: &mut Cx) -> Option<About> {
        let note = self.maybe("note", cx, Item::text);
        let source = self.maybe("source", cx, Item::text);
        let grade = self.maybe("grade", cx, Item::choice);
        Some(About {
            note: note?,
            source: source?,
            grade: grade?,
        })
    }
}

/// A key that the model has and this version does not.
pub(crate) fn unsupported(name: &str, span: Span, says: &str) -> Problem {
    Problem::error(format!("`{name}` is not supported yet"))
        .at(span, format!("would give {says}"))
        .help("take it out to run the rest".to_owned())
}

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
        cx.log
            .push(self.problem(&fault.what, fault.why).help(fault.help));
    }

    /// Notes that the value is of the wrong type.
    pub(crate) fn wrong_type(self, cx: &mut Cx) {
        let key = self.key;
        let what = format!("must be {}", key.takes.noun());
        let why = format!("this is {}", type_of(self.value.get_ref()));
        cx.log.push(
            self.problem(&what, why)
                .help(format!("for example `{} = {}`", key.name, key.example)),
        );
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
            unreachable!(
                "`{}` is read as one of several words, but its list entry says otherwise",
                self.key.name
            )
        };
        let text = self.str(cx)?;
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let help =
                nearest(text, words.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let what = format!("must be {}", self.key.takes.noun());
            cx.log.push(
                self.problem(&what, format!("`{text}` is not one of them"))
                    .help(help),
            );
        }
        found
    }

    /// A whole number that is not negative.
    pub(crate) fn whole(self, cx: &mut Cx) -> Option<u64> {
        let DeValue::Integer(integer) = self.value.get_ref() else {
            self.wrong_type(cx);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        if number.is_none() {
            let (what, why) = if integer.as_str().starts_with('-') {
                ("is negative", "must be 0 or more")
            } else {
                ("is too large", "must be below 2^64")
            };
            cx.log.push(self.problem(what, why));
        }
        number
    }

    /// Seconds since 1970 of a date.
    pub(crate) fn date(self, cx: &mut Cx) -> Option<f64> {
        let Some(datetime) = self.value.get_ref().as_datetime() else {
            let quoted = self.value.get_ref().is_str();
            let what = if quoted {
                "must be a date without quotes"
            } else {
                "must be a date"
            };
            let why = format!("this is {}", type_of(self.value.get_ref()));
            cx.log.push(
                self.problem(what, why)
                    .help("write 2025-06-01 or 2025-06-01T08:30:00Z, without quotes".to_owned()),
            );
            return None;
        };
        crate::quantity::unix_seconds(datetime)
            .map_err(|fault| self.fault(fault, cx))
            .ok()
    }

    /// One number of the kind that the key takes.
    pub(crate) fn one(self, cx: &mut Cx) -> Option<f64> {
        let Takes::One(quantity) = self.key.takes else {
            unreachable!(
                "`{}` is read as one number, but its list entry says otherwise",
                self.key.name
            )
        };
        self.quantity(quantity, cx)
    }

    /// One number of a given kind.
    pub(crate) fn quantity(self, quantity: Quantity, cx: &mut Cx) -> Option<f64> {
        match self.value.get_ref() {
            DeValue::String(text) => quantity
                .parse(text, &cx.currency)
                .map_err(|fault| self.fault(fault, cx))
                .ok(),
            DeValue::Integer(_) | DeValue::Float(_) => {
                let number = self.number(cx)?;
                quantity
                    .bare(number)
                    .map_err(|fault| self.fault(fault, cx))
                    .ok()
            }
            _ => {
                self.wrong_type(cx);
                None
            }
        }
    }

    /// A bare finite number.
    pub(crate) fn number(self, cx: &mut Cx) -> Option<f64> {
        let parsed = match self.value.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .ok()
                .map(to_f64),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => {
                self.wrong_type(cx);
                return None;
            }
        };
        let finite = parsed.filter(|x: &f64| x.is_finite());
        if finite.is_none() {
            let why = match parsed {
                Some(x) if x.is_nan() => "not a number",
                _ => "too large",
            };
            cx.log.push(self.problem("is not a finite number", why));
        }
        finite
    }

    /// Members of a list.
    pub(crate) fn list(
        self,
        cx: &mut Cx,
    ) -> Option<impl ExactSizeIterator<Item = Item<'t>> + use<'t>> {
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
            .map(move |(id, value)| Member {
                id: id.get_ref(),
                id_span: id.span(),
                item: Item { key, value },
            });
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

#[expect(
    clippy::cast_precision_loss,
    reason = "no key needs more than 53 bits of a number"
)]
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
