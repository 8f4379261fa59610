//! The scenarios that are built in, and a copy of one to start from.

#![expect(clippy::disallowed_methods, reason = "writes a scenario")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;

use super::{Exit, Failure, shown, terminal};

/// The scenario that `new` writes unless told otherwise.
pub(super) const STARTER: &str = "starter";

/// A built-in scenario.
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// Files that it reads: path relative to it, and content.
    files: &'static [(&'static str, &'static str)],
}

pub(super) const BUILT_IN: &[BuiltIn] = &[
    BuiltIn { name: STARTER, text: include_str!("../../scenarios/starter.toml"), files: &[] },
    BuiltIn { name: "copilot-2025", text: include_str!("../../scenarios/copilot-2025.toml"), files: &[] },
    BuiltIn { name: "bank-assistant", text: include_str!("../../scenarios/bank-assistant.toml"), files: &[] },
    BuiltIn { name: "startup-api", text: include_str!("../../scenarios/startup-api.toml"), files: &[] },
    BuiltIn { name: "stress-injunction", text: include_str!("../../scenarios/stress-injunction.toml"), files: &[] },
];

/// What `--from` takes.
pub(super) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(BUILT_IN.iter().map(|scenario| scenario.name))
}

/// Writes a built-in scenario and the files it reads; replaces nothing.
pub(super) fn new(path: &Path, from: &str) -> Result<(), Failure> {
    let Some(built_in) = BUILT_IN.iter().find(|scenario| scenario.name == from) else {
        return Err(Failure::new(Exit::Usage, format!("there is no built-in scenario `{}`", terminal::plain(from))));
    };
    if path.is_dir() {
        return Err(Failure::new(
            Exit::Io,
            format!("`{0}` is a folder; name the file: `{0}/{from}.toml`", shown(path).trim_end_matches('/')),
        ));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let data = built_in.files.iter().map(|(name, text)| (folder.join(name), *text));
    // Data first: a scenario that is there can be run.
    let files: Vec<(PathBuf, &str)> = data.chain([(path.to_owned(), built_in.text)]).collect();
    for (path, text) in &files {
        let same = path != &files[files.len() - 1].0 && fs::read(path).is_ok_and(|there| there == text.as_bytes());
        if !same && fs::symlink_metadata(path).is_ok() {
            return Err(Failure::new(Exit::Io, format!("`{}` exists already, and is left as it is", shown(path))));
        }
    }
    for (path, text) in &files {
        write(path, text).map_err(|error| Failure::io("write", path, &error))?;
    }
    let (file, typed) = (shown(path), typed(&shown(path)));
    terminal::out(&format!(
        "wrote `{file}` from the built-in `{from}`\nnext: linchpin check {typed}\n      linchpin run {typed}\n"
    ))
}

/// A path as it is typed into a shell.
fn typed(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./\\:~+,@%".contains(c);
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Whole or not at all, and never over another file.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if path.exists() {
        return Ok(()); // the same, as was seen before
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // Not a temporary file moved into place: that would not have the rights that the user's files get.
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| drop(fs::remove_file(path)))
}

#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn commands_to_come_can_be_typed_as_they_stand() {
        for (path, text) in [
            ("my.toml", "my.toml"),
            ("a/ünï.toml", "a/ünï.toml"),
            ("my file.toml", "'my file.toml'"),
            ("it's.toml", r"'it'\''s.toml'"),
            ("$(x).toml", "'$(x).toml'"),
            ("-x.toml", "./-x.toml"),
        ] {
            assert_eq!(typed(path), text);
        }
    }
}
