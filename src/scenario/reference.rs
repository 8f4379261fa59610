//! The scenario reference, as Markdown: every key of every table, made from the lists of keys that reading uses.

use std::fmt::Write;

use self::sections::{SECTIONS, Section};
use super::kinds::{KINDS, Kind};
use super::law::{FORMS, KEYS, PERCENTILE};
use super::risk::EFFECTS;
use super::table::{ABOUT, Absent, Key, Takes};
use crate::quantity::{Quantity, TIMES};

mod sections;
#[cfg(test)]
mod tests;

/// A list of keys.
type Keys = &'static [Key];

/// The scenario reference, as Markdown: forms of quantities and distributions, kinds of risk, and every table with its
/// keys, defaults and examples.
#[must_use]
pub fn reference() -> String {
    let headings = headings();
    let mut page = sections::OPENING.to_owned();
    page += "\n## Contents\n\n";
    for title in [QUANTITIES, DISTRIBUTIONS] {
        put(&mut page, &format!("- {}", link(title, title)));
    }
    for heading in headings.iter().filter(|heading| heading.level <= 3) {
        let indent = if heading.level == 3 { "  " } else { "" };
        put(&mut page, &format!("{indent}- {}", link(&heading.title, &heading.title)));
    }
    put(&mut page, &format!("- {}", link(REMARKS, REMARKS)));
    quantities(&mut page);
    distributions(&mut page);
    for heading in &headings {
        section(&mut page, heading, &headings);
    }
    put(&mut page, &format!("\n## {REMARKS}\n\n{}", sections::REMARKS));
    table(&mut page, ABOUT, &headings);
    page
}

const QUANTITIES: &str = "Quantities";
const DISTRIBUTIONS: &str = "Distributions";
const REMARKS: &str = "Remarks in every table";

/// A heading, and the list of keys below it.
struct Heading {
    level: usize,
    title: String,
    keys: Option<Keys>,
    section: Option<&'static Section>,
}

/// Every heading in order: the sections, below each the inner tables that have none of their own.
fn headings() -> Vec<Heading> {
    let mut headings: Vec<Heading> = Vec::new();
    for section in SECTIONS {
        let title = section.title.to_owned();
        headings.push(Heading { level: section.level, title, keys: section.keys, section: Some(section) });
        let mut found = Vec::new();
        if section.title != sections::TABLES {
            section.keys.into_iter().flatten().for_each(|key| inner(key, &has_section, &mut found));
        }
        for (key, keys) in found {
            let known = |other: Keys| same(other, keys);
            if !has_section(keys) && !headings.iter().filter_map(|heading| heading.keys).any(known) {
                let title = format!("`{}`", key.name);
                headings.push(Heading { level: 4, title, keys: Some(keys), section: None });
            }
        }
    }
    headings
}

fn has_section(keys: Keys) -> bool {
    SECTIONS.iter().filter_map(|section| section.keys).any(|other| same(other, keys))
}

/// Lists of keys that a key's value has inside, the outermost first; what is inside those with an `end` is left out.
fn inner(key: &'static Key, end: &impl Fn(Keys) -> bool, found: &mut Vec<(&'static Key, Keys)>) {
    fn of(
        takes: &'static Takes,
        key: &'static Key,
        end: &impl Fn(Keys) -> bool,
        found: &mut Vec<(&'static Key, Keys)>,
    ) {
        match takes {
            Takes::Table(lists) | Takes::Tables(lists) => {
                for list in lists.iter().copied() {
                    found.push((key, list));
                    if !end(list) {
                        for key in list {
                            inner(key, end, found);
                        }
                    }
                }
            }
            Takes::Map(_, member) => of(member, key, end, found),
            Takes::Either(_, each) => each.iter().for_each(|one| of(one, key, end, found)),
            Takes::Text
            | Takes::Flag
            | Takes::Whole
            | Takes::Date
            | Takes::Dates
            | Takes::One(_)
            | Takes::Law(_)
            | Takes::Length
            | Takes::Usage
            | Takes::Price
            | Takes::Choice(_)
            | Takes::Id(_)
            | Takes::Ids(_)
            | Takes::Numbers
            | Takes::Value
            | Takes::Values(_) => {}
        }
    }
    of(&key.takes, key, end, found);
}

/// Whether two lists are the same: a constant may stand in memory more than once.
fn same(one: Keys, other: Keys) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.name == b.name && a.says == b.says)
}

fn section(page: &mut String, heading: &Heading, headings: &[Heading]) {
    put(page, &format!("\n{} {}\n", "#".repeat(heading.level), heading.title));
    if let Some(section) = heading.section {
        put(page, section.says);
        if !section.example.is_empty() {
            put(page, &format!("\n```toml\n{}```", section.example));
        }
        if section.title == sections::KINDS {
            kinds(page);
        }
    }
    if let Some(keys) = heading.keys {
        let gap = if heading.section.is_some() { "\n" } else { "" };
        page.push_str(gap);
        table(page, keys, headings);
    }
}

/// A row per key.
fn table(page: &mut String, keys: Keys, headings: &[Heading]) {
    put(page, "| key | value | if absent | what it says |\n|---|---|---|---|");
    for key in keys {
        let absent = match key.absent {
            Absent::Refused => "**needed**".to_owned(),
            Absent::None => "—".to_owned(),
            Absent::Is(default) => format!("`{default}`"),
        };
        let value = value(&key.takes, headings);
        put(page, &format!("| `{}` | {value} | {absent} | {}<br>`{}` |", key.name, key.says, key.example));
    }
}

/// What a key takes, with links to what is explained elsewhere.
fn value(takes: &Takes, headings: &[Heading]) -> String {
    let distribution = link("distribution", DISTRIBUTIONS);
    let inside = |lists: &[Keys], word: &str| {
        let heading = headings.iter().find(|heading| heading.keys.is_some_and(|keys| same(keys, lists[0])));
        heading.map_or_else(|| word.to_owned(), |heading| link(word, &heading.title))
    };
    match takes {
        Takes::One(of) => link(plain(*of), QUANTITIES),
        Takes::Law(of) => format!("{} or {distribution}", link(plain(*of), QUANTITIES)),
        Takes::Length => format!("{}, {distribution} or `\"permanent\"`", link("duration", QUANTITIES)),
        Takes::Usage => link("usage per time", QUANTITIES),
        Takes::Price => link("price", QUANTITIES),
        Takes::Date => link("date", QUANTITIES),
        Takes::Dates => format!("list of {}", link("dates", QUANTITIES)),
        Takes::Table(lists) => inside(lists, "table"),
        Takes::Tables(lists) => format!("list of {}", inside(lists, "tables")),
        Takes::Map(what, member) => match member {
            Takes::Table(lists) => format!("{}; of each: {}", bare(what), inside(lists, "table")),
            Takes::Map(..) | Takes::Either(..) => bare(what).to_owned(),
            _ => format!("{}; of each: {}", bare(what), value(member, headings)),
        },
        Takes::Text => "text".to_owned(),
        Takes::Either(what, each) => {
            let table = each.iter().find_map(|one| match one {
                Takes::Table(lists) => Some(format!(" ({})", inside(lists, "table"))),
                _ => None,
            });
            format!("{}{}", bare(what), table.unwrap_or_default())
        }
        Takes::Flag
        | Takes::Whole
        | Takes::Choice(_)
        | Takes::Id(_)
        | Takes::Ids(_)
        | Takes::Numbers
        | Takes::Value
        | Takes::Values(_) => bare(&takes.noun()).to_owned(),
    }
}

/// Without its article.
fn bare(noun: &str) -> &str {
    noun.strip_prefix("a ").or(noun.strip_prefix("an ")).or(noun.strip_prefix("the ")).unwrap_or(noun)
}

fn plain(of: Quantity) -> &'static str {
    let noun = of.noun();
    noun.strip_prefix("a ").or(noun.strip_prefix("an ")).unwrap_or(noun)
}

fn quantities(page: &mut String) {
    put(page, &format!("\n## {QUANTITIES}\n\n{}", sections::QUANTITIES));
    put(page, "| quantity | how it is written |\n|---|---|");
    for (what, how) in sections::FORMS_OF_QUANTITIES {
        let how = match how {
            sections::How::Of(quantity) => quantity.help(),
            sections::How::Says(says) => says,
        };
        let how = how.strip_prefix("write ").unwrap_or(how);
        put(page, &format!("| {what} | {} |", quoted_as_code(how)));
    }
    let times: Vec<String> = TIMES
        .iter()
        .map(|(names, ..)| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" "))
        .collect();
    put(page, &format!("\nUnits of time: {}.", times.join("; ")));
    page.push_str(sections::UNITS);
}

/// "…" is code.
fn quoted_as_code(text: &str) -> String {
    let parts = text.split('"').enumerate();
    parts.map(|(n, part)| if n % 2 == 0 { part.to_owned() } else { format!("`\"{part}\"`") }).collect()
}

fn distributions(page: &mut String) {
    put(page, &format!("\n## {DISTRIBUTIONS}\n\n{}", sections::DISTRIBUTIONS));
    put(page, "| key | value | what it says |\n|---|---|---|");
    for key in std::iter::once(&PERCENTILE).chain(KEYS) {
        let with = FORMS.iter().find(|(form, _)| *form == key.name).map_or(&[][..], |(_, with)| with);
        let with = with.first().map_or_else(String::new, |name| format!("; goes with `{name}`"));
        let value = value(&key.takes, &[]);
        let written = key.name.replace("NN", "95");
        put(page, &format!("| `{}` | {value} | {}{with}<br>`{written} = {}` |", key.name, key.says, key.example));
    }
}

/// The kinds of risk: what each needs, often has and may have.
fn kinds(page: &mut String) {
    put(page, "\n| kind | what it is | needs | often has | may have |\n|---|---|---|---|---|");
    for kind in KINDS {
        let codes = |names: &[&str], between: &str| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<String>>().join(between)
        };
        let needs: Vec<String> = (kind.needs.iter())
            .map(|any| if any.len() > 2 { "an effect".to_owned() } else { codes(any, " or ") })
            .collect();
        let row = [
            format!("`{}`", kind.name),
            kind.says.to_owned(),
            needs.join(", "),
            codes(kind.often, ", "),
            may_have(kind),
        ];
        put(page, &format!("| {} |", row.join(" | ")));
    }
}

/// What a kind may have besides, by the fewest words.
fn may_have(kind: &Kind) -> String {
    let codes = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<String>>().join(", ")
    };
    let lacks = codes(&mut EFFECTS.iter().map(|key| key.name).filter(|name| !kind.takes(name)));
    let effects = if lacks.is_empty() { "every effect".to_owned() } else { format!("every effect but {lacks}") };
    let needed = |name: &str| kind.needs.iter().any(|any| any.contains(&name));
    let others = ["arrivals", "path", "outcomes", "stages"].into_iter();
    let others = codes(&mut others.filter(|name| kind.takes(name) && !needed(name)));
    if others.is_empty() { effects } else { format!("{effects}; {others}") }
}

/// A link to a heading of the page.
fn link(text: &str, title: &str) -> String {
    format!("[{text}](#{})", slug(title))
}

/// What a heading's address is made of.
fn slug(title: &str) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
        _ => None,
    };
    title.to_lowercase().chars().filter_map(kept).collect()
}

fn put(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}
