//! A table of the file, read key by key from its one list of keys.
//!
//! The list says what each key takes, whether it must be there and how it is written: reading, nearest names,
//! defaults, help, the printed reference and the editor's schema all come from it. Knows no particular key.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::About;
use super::context::Cx;
use crate::chance::law::Law;
use crate::source::{Problem, Span, listed, nearest};

mod item;
mod key;
#[cfg(test)]
mod tests;

pub(crate) use item::{Member, type_of};
pub(crate) use key::{ABOUT, Absent, Key, Takes};

/// A value of the file, with its place.
pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

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

#[expect(
    clippy::redundant_closure,
    reason = "a default lives shorter than the file, and a method's path has one lifetime"
)]
impl<'t> Table<'t> {
    /// The table that `value` is; notes every key that is not on its list.
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
        let table = Self { what: what.into(), span, entries, keys };
        for key in entries.keys() {
            table.check_key(key.get_ref(), key.span(), also, cx);
        }
        table
    }

    fn check_key(&self, name: &str, span: Span, also: fn(&str) -> bool, cx: &mut Cx) {
        match self.find(name) {
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
        self.keys.iter().copied().flatten()
    }

    fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().copied().chain([ABOUT]).flatten().find(|key| key.name == name)
    }

    /// The key's entry in the list of keys.
    pub(crate) fn key(&self, name: &str) -> &'static Key {
        let key = self.find(name);
        key.unwrap_or_else(|| unreachable!("`{name}` is read but not on the list of keys of {}", self.what))
    }

    /// Whether the file gives the key.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Place of the key itself, or of the table.
    pub(crate) fn key_span(&self, name: &str) -> Span {
        self.entries.get_key_value(name).map_or(self.span.clone(), |(key, _)| key.span())
    }

    /// Place of the key's value, or of the table.
    pub(crate) fn value_span(&self, name: &str) -> Span {
        self.entries.get(name).map_or(self.span.clone(), Spanned::span)
    }

    /// Names and places of the keys given, in file order.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'t str, Span)> + use<'t> {
        self.entries.keys().map(|key| (&**key.get_ref(), key.span()))
    }

    /// The key's value, if the file gives it.
    pub(crate) fn item(&self, name: &str) -> Option<Item<'t>> {
        Some(Item { key: self.key(name), value: self.entries.get(name)? })
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
        let value = DeValue::parse(default).unwrap_or_else(|_| unreachable!("default of `{name}` is TOML"));
        read(Item { key, value: &value }, cx)
    }

    /// One number.
    pub(crate) fn one(&self, name: &str, cx: &mut Cx) -> Option<f64> {
        self.take(name, cx, |item, cx| Item::one(item, cx))
    }

    /// A whole number.
    pub(crate) fn whole(&self, name: &str, cx: &mut Cx) -> Option<u64> {
        self.take(name, cx, |item, cx| Item::whole(item, cx))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str, cx: &mut Cx) -> Option<bool> {
        self.take(name, cx, |item, cx| Item::flag(item, cx))
    }

    /// One of several words.
    pub(crate) fn choice(&self, name: &str, cx: &mut Cx) -> Option<&'static str> {
        self.take(name, cx, |item, cx| Item::choice(item, cx))
    }

    /// A distribution.
    pub(crate) fn law(&self, name: &str, cx: &mut Cx) -> Option<Law> {
        self.take(name, cx, |item, cx| Item::law(item, cx))
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
        if self.misspelt(key.name) {
            return;
        }
        let name = key.name;
        let help = format!("for example `{name} = {}`, {}", key.example, key.briefly());
        let problem = Problem::error(format!("{} needs `{name}`", self.what));
        cx.log.push(problem.at(self.span.clone(), format!("has no `{name}`")).help(help));
    }

    /// Whether an unknown key was probably meant to be this one: its problem then says enough.
    pub(crate) fn misspelt(&self, key: &str) -> bool {
        let known = |name: &str| self.find(name).is_some();
        let mut unknown = self.given().filter(|(name, _)| !known(name));
        unknown.any(|(name, _)| nearest(name, self.known().map(|key| key.name)) == Some(key))
    }

    /// Whether any key is unknown, the names `also` beyond the list left aside.
    pub(crate) fn has_unknown(&self, also: fn(&str) -> bool) -> bool {
        self.given().any(|(name, _)| self.find(name).is_none() && !also(name))
    }

    /// A key that may be absent: `Some(None)` then; `None` if it was refused.
    #[expect(clippy::option_option, reason = "refused, absent and given are three things")]
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
        Some(About { note: note?, source: source?, grade: grade? })
    }
}
