//! What a list of keys says of each key.

use std::borrow::Cow;

use crate::quantity::Quantity;
use crate::source::listed;

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
}

/// What a key's value is. The keys of inner tables are here for what is printed of them: reference and schema.
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
    /// A table of ids: how it is written, and what each member is.
    Map(&'static str, &'static Takes),
    /// One of these: how they are written.
    Either(&'static str, &'static [Takes]),
    /// A quantity of the kind that the distribution is of.
    Value,
    /// Several of them, described.
    Values(&'static str),
}

impl Key {
    /// What it says, as far as a message has room for it.
    pub(crate) fn briefly(&self) -> &'static str {
        self.says.split_once(';').map_or(self.says, |(first, _)| first)
    }

    /// A key that may be absent.
    pub(crate) const fn optional(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Self {
        Self { name, takes, absent: Absent::None, says, example }
    }

    /// A key that must be given.
    pub(crate) const fn needed(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Self {
        Self { name, takes, absent: Absent::Refused, says, example }
    }

    /// A key with a default.
    pub(crate) const fn or(
        name: &'static str,
        takes: Takes,
        default: &'static str,
        says: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, takes, absent: Absent::Is(default), says, example }
    }
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
            Self::Value => "a quantity",
            Self::Map(what, _) | Self::Either(what, _) | Self::Values(what) => what,
        })
    }
}

/// Keys that every table may carry.
pub(crate) const ABOUT: &[Key] = &[
    Key::optional("note", Takes::Text, "a remark", "\"why so\""),
    Key::optional("source", Takes::Text, "where it is from", "\"status page, 2024\""),
    Key::optional("grade", Takes::Choice(GRADES), "how well it is known", "\"guess\""),
];
const GRADES: &[&str] = &["data", "expert", "guess"];
