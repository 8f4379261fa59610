use toml::de::DeValue;

use super::{Absent, Key, Takes};
use crate::scenario::read::ROOT;

/// Every list of keys of the file, from the top down.
fn walk(keys: &'static [&'static [Key]], visit: &mut impl FnMut(&'static [&'static [Key]])) {
    visit(keys);
    for key in keys.iter().copied().flatten() {
        inner(&key.takes, visit);
    }
}

fn inner(takes: &'static Takes, visit: &mut impl FnMut(&'static [&'static [Key]])) {
    match takes {
        Takes::Table(keys) | Takes::Tables(keys) => walk(keys, visit),
        Takes::Map(_, member) => inner(member, visit),
        Takes::Either(_, each) => each.iter().for_each(|one| inner(one, visit)),
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

#[test]
fn every_example_and_default_is_toml() {
    let mut n_keys = 0;
    walk(ROOT, &mut |list| {
        for key in list.iter().copied().flatten() {
            n_keys += 1;
            assert!(DeValue::parse(key.example).is_ok(), "example of `{}`", key.name);
            if let Absent::Is(default) = key.absent {
                assert!(DeValue::parse(default).is_ok(), "default of `{}`", key.name);
            }
            assert!(!key.says.is_empty() && !key.says.ends_with('.'), "{}", key.name);
        }
    });
    assert!(n_keys > 100, "{n_keys}");
}

#[test]
fn no_list_names_a_key_twice() {
    walk(ROOT, &mut |list| {
        let mut names: Vec<&str> = list.iter().copied().flatten().map(|key| key.name).collect();
        names.sort_unstable();
        let n = names.len();
        names.dedup();
        assert_eq!(names.len(), n, "{names:?}");
    });
}

/// The scenario that says everything, which other tests read, damage and hold against the schema.
#[test]
fn the_whole_says_every_key() {
    let whole = include_str!("../../../tests/it/whole.toml");
    let words: Vec<&str> = whole.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
    walk(ROOT, &mut |list| {
        for key in list.iter().copied().flatten() {
            assert!(words.contains(&key.name), "{}", key.name);
        }
    });
}
