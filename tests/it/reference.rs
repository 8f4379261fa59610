//! The reference and the schema are what the reader's tables make of them.

use std::path::Path;

use linchpin::scenario;

/// `UPDATE_DOCS=1` writes the page anew.
#[test]
fn the_page_is_what_the_tables_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let page = scenario::reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &page).expect("the page is written");
    }
    let there = std::fs::read_to_string(&file).expect("docs/reference.md");
    assert!(
        there == page,
        "docs/reference.md is not what the tables say: run this test with UPDATE_DOCS=1, and read it"
    );
}

/// Whether `value` has keys that `schema` does not know, or lacks some that it needs: the path of the first.
fn misfit(value: &toml::Value, schema: &serde_json::Value, all: &serde_json::Value) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return misfit(value, &all["definitions"][name.trim_start_matches("#/definitions/")], all);
    }
    if let Some(each) = schema["anyOf"].as_array() {
        let misfits: Vec<Option<String>> = each.iter().map(|one| misfit(value, one, all)).collect();
        return misfits.iter().all(Option::is_some).then(|| misfits[misfits.len() - 1].clone())?;
    }
    if let Some(each) = schema["allOf"].as_array() {
        let wrong = each.iter().find_map(|one| misfit(value, one, all));
        if wrong.is_some() || schema["type"].is_null() {
            return wrong;
        }
    }
    if !schema["if"].is_null() {
        return misfit(value, &schema["if"], all).map_or_else(|| misfit(value, &schema["then"], all), |_| None);
    }
    let of_type = match value {
        toml::Value::String(_) | toml::Value::Datetime(_) => "string",
        toml::Value::Integer(_) | toml::Value::Float(_) => "number",
        toml::Value::Boolean(_) => "boolean",
        toml::Value::Array(_) => "array",
        toml::Value::Table(_) => "object",
    };
    let wanted = schema["type"].as_str().unwrap_or(of_type);
    if wanted != of_type && !(wanted == "integer" && value.is_integer()) {
        return Some(format!(": {of_type}, not {wanted}"));
    }
    let is_const = match &schema["const"] {
        serde_json::Value::Null => true,
        serde_json::Value::String(word) => value.as_str() == Some(word),
        number => value.as_integer().is_some() && value.as_integer() == number.as_i64(),
    };
    if !is_const {
        return Some(format!(": not {}", schema["const"]));
    }
    if let toml::Value::Array(list) = value {
        return list.iter().find_map(|one| misfit(one, &schema["items"], all));
    }
    let table = value.as_table()?;
    let needed = schema["required"].as_array().into_iter().flatten().filter_map(|key| key.as_str());
    if let Some(missing) = needed.into_iter().find(|key| !table.contains_key(*key)) {
        return Some(format!(": no {missing}"));
    }
    table.iter().find_map(|(key, value)| {
        let percentile = key.starts_with('p') && key.len() == 3 && key[1..].bytes().all(|b| b.is_ascii_digit());
        let member = match &schema["properties"][key] {
            serde_json::Value::Null if percentile => &schema["patternProperties"]["^p[0-9]{1,2}$"],
            serde_json::Value::Null => &schema["additionalProperties"],
            member => member,
        };
        match member {
            serde_json::Value::Bool(false) => Some(format!(".{key}: unknown")),
            serde_json::Value::Null => None,
            member => misfit(value, member, all).map(|rest| format!(".{key}{rest}")),
        }
    })
}

#[test]
fn the_schema_knows_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&scenario::schema()).expect("JSON");
    let whole: toml::Value = toml::from_str(include_str!("whole.toml")).expect("TOML");
    assert_eq!(misfit(&whole, &schema, &schema), None);
    for (right, wrong, path) in [
        ("horizon", "horzion", ": no horizon"),
        ("tolerance =", "tolerence =", ".service.copilot.tolerence: unknown"),
        ("waiting =", "wait =", ".cover.interruption.wait: unknown"),
        ("loses =", "looses =", ".service.copilot.churn: no loses"),
        ("kind = \"outage\"", "kind = \"outage\"\ndue = 2026-01-01", ".risk.openai-outage.due: unknown"),
        (
            "kind = \"outage\"",
            "kind = \"outage\"\noutcomes = [{ name = \"a\", probability = 0.1, suspends = \"1 day\" }]",
            ".risk.openai-outage.outcomes.suspends: unknown",
        ),
        ("gap = ", "leaves = ", ".risk.next-model.leaves: unknown"),
        ("p95 =", "p =", ".risk.azure-outage.duration.p: unknown"),
        ("leaves = {", "note = 3\nleaves = {", ".risk.openai-outage.note: number, not string"),
    ] {
        let text = include_str!("whole.toml").replacen(right, wrong, 1);
        let scenario: toml::Value = toml::from_str(&text).expect("TOML");
        assert_eq!(misfit(&scenario, &schema, &schema).as_deref(), Some(path), "{wrong}");
    }
}

#[test]
fn every_reference_of_the_schema_is_defined() {
    let text = scenario::schema();
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let names = text.split("\"#/definitions/").skip(1).map(|rest| rest.split('"').next().expect("a part"));
    let mut n_names = 0;
    for name in names {
        assert!(schema["definitions"][name].is_object(), "{name}");
        n_names += 1;
    }
    assert!(n_names > 100, "{n_names}");
}
