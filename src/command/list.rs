//! The scenarios at hand: those in `./scenarios` and those built in.

#![expect(clippy::disallowed_methods, reason = "looks into the folder of scenarios")]

use std::fs;
use std::path::Path;

use super::new::BUILT_IN;
use super::{Failure, terminal};

/// Where scenarios are looked for.
const FOLDER: &str = "scenarios";

/// Prints them with their titles.
pub(super) fn list() -> Result<(), Failure> {
    let found = found();
    let built_in: Vec<(String, String)> =
        BUILT_IN.iter().map(|scenario| (scenario.name.to_owned(), title(scenario.text))).collect();
    let name = found.iter().chain(&built_in).map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines = |scenarios: &[(String, String)]| {
        (scenarios.iter())
            .fold(String::new(), |text, (file, title)| text + format!("  {file:name$}  {title}").trim_end() + "\n")
    };
    let here = if found.is_empty() { String::new() } else { format!("In ./{FOLDER}:\n{}\n", lines(&found)) };
    terminal::out(&format!("{here}Built in (linchpin new FILE --from NAME):\n{}", lines(&built_in)))
}

/// Files of the folder in order of their names.
fn found() -> Vec<(String, String)> {
    let entries = fs::read_dir(Path::new(FOLDER)).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<(String, String)> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file())
        .map(|path| {
            let name = path.file_name().map_or_else(String::new, |name| terminal::plain(&name.to_string_lossy()));
            let title = fs::read_to_string(&path).map_or_else(|_| "(cannot be read)".to_owned(), |text| title(&text));
            (name, title)
        })
        .collect();
    found.sort();
    found
}

/// The scenario's `name`. Only that: `check` says the rest.
fn title(text: &str) -> String {
    match text.strip_prefix('\u{feff}').unwrap_or(text).parse::<toml::Table>() {
        Ok(table) => table.get("name").and_then(toml::Value::as_str).map_or_else(String::new, terminal::plain),
        Err(_) => "(not valid TOML: see linchpin check)".to_owned(),
    }
}
