use super::*;
use crate::scenario::read::ROOT;
use crate::scenario::{NoFiles, read};

/// Every list of keys of the file.
fn lists() -> Vec<Keys> {
    let mut found = Vec::new();
    for key in ROOT.iter().copied().flatten() {
        inner(key, &|_| false, &mut found);
    }
    found.into_iter().map(|(_, keys)| keys).collect()
}

#[test]
fn every_list_of_keys_has_its_place_on_the_page() {
    let headings = headings();
    for list in lists() {
        let shown = headings.iter().filter(|heading| heading.keys.is_some_and(|keys| same(keys, list))).count();
        let names: Vec<&str> = list.iter().map(|key| key.name).collect();
        assert_eq!(shown, 1, "{names:?}");
    }
    assert!(ROOT.iter().all(|list| SECTIONS.iter().filter_map(|section| section.keys).any(|keys| same(keys, list))));
}

#[test]
fn no_two_headings_have_one_address() {
    let page = reference();
    let mut slugs: Vec<String> = page.lines().filter(|line| line.starts_with('#')).map(slug_of).collect();
    let links = page.split("](#").skip(1).map(|rest| rest.split(')').next().expect("a part"));
    for link in links {
        assert!(slugs.iter().any(|slug| slug == link), "{link}");
    }
    slugs.sort();
    let n = slugs.len();
    slugs.dedup();
    assert_eq!(slugs.len(), n);
}

fn slug_of(line: &str) -> String {
    slug(line.trim_start_matches('#').trim())
}

#[test]
fn the_examples_are_one_scenario() {
    let text: String = SECTIONS.iter().map(|section| section.example).collect();
    match read("reference.toml", text.as_bytes(), &NoFiles) {
        Ok(read) => assert_eq!(read.warnings, []),
        Err(problems) => panic!("{problems}"),
    }
}
