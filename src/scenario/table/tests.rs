use toml::de::DeValue;

use super::{Absent, Key, Takes};
use crate::scenario::read::ROOT;

/// Every key of the file, from the top down.
fn walk(keys: &'static [&'static [Key]], visit: &mut impl FnMut(&'static Key)) {
    for key in keys.iter().copied().flatten() {
        visit(key);
        match key.takes {
            Takes::Table(inner) | Takes::Tables(inner) | Takes::Map(_, inner) => walk(inner, visit),
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
            | Takes::Form(_) => {}
        }
    }
}

#[test]
fn every_example_and_default_is_toml() {
    let mut n_keys = 0;
    walk(&[ROOT], &mut |key| {
        n_keys += 1;
        assert!(DeValue::parse(key.example).is_ok(), "example of `{}`", key.name);
        if let Absent::Is(default) = key.absent {
            assert!(DeValue::parse(default).is_ok(), "default of `{}`", key.name);
        }
        assert!(!key.says.is_empty() && !key.says.ends_with('.'), "{}", key.name);
    });
    assert!(n_keys > 100, "{n_keys}");
}

#[test]
fn no_list_names_a_key_twice() {
    let mut lists = vec![vec![ROOT]];
    walk(&[ROOT], &mut |key| {
        if let Takes::Table(inner) | Takes::Tables(inner) | Takes::Map(_, inner) = key.takes {
            lists.push(inner.to_vec());
        }
    });
    for list in lists {
        let mut names: Vec<&str> = list.into_iter().flatten().map(|key| key.name).collect();
        names.sort_unstable();
        let n = names.len();
        names.dedup();
        assert_eq!(names.len(), n, "{names:?}");
    }
}
