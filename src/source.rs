//! A file's text and what is wrong with it: problems with their places, nearest names, and how a problem is drawn.
//!
//! Knows TOML as text with spans, and no model: what a key means is said in `scenario`.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

mod draw;
pub(crate) mod syntax;
#[cfg(test)]
mod tests;

pub use draw::render;

/// Bytes of the source text, from … to.
pub type Span = Range<usize>;

/// Whether a problem stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but something in it is probably not meant.
    Warning,
}

/// Something wrong with a file, as data: what, where and why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong; lower case, no full stop, the user's own words in backticks.
    pub message: String,
    /// Where (bytes of the text, a byte-order mark left out) and why; the first is the main one.
    pub labels: Vec<(Span, String)>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// An error; add its place with [`at`](Self::at).
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None }
    }

    /// A warning; add its place with [`at`](Self::at).
    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Underlines `span`, saying why. The first is the main place.
    pub(crate) fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    /// Says what to write instead.
    pub(crate) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    fn order(&self) -> usize {
        self.labels.first().map_or(0, |(span, _)| span.start)
    }
}

/// Everything wrong with one file, in file order. Displays as text with the places underlined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file's name, as it was given.
    pub name: String,
    /// Its text, without a byte-order mark.
    pub text: String,
    /// At least one problem; warnings found on the way are among them.
    pub list: Vec<Problem>,
}

impl Problems {
    /// The problems as a terminal shows them, with or without colour.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        draw::render(&self.name, &self.text, &self.list, colour)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// Problems as they are found.
#[derive(Debug, Default)]
pub(crate) struct Log {
    list: Vec<Problem>,
    known: BTreeSet<(usize, String)>,
}

impl Log {
    /// Notes a problem, unless it is already noted.
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.known.insert((problem.order(), problem.message.clone())) {
            self.list.push(problem);
        }
    }

    /// Whether anything found stops the run.
    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|p| p.severity == Severity::Error)
    }

    /// All of them, in file order.
    pub(crate) fn into_sorted(mut self) -> Vec<Problem> {
        self.list.sort_by_key(Problem::order);
        self.list
    }
}

/// The text without a byte-order mark.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Names looked at for the nearest; a file with more is not written by hand.
const MOST_CANDIDATES: usize = 500;

/// The one of `known` that `name` was probably meant to be.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(name);
    let letters = wanted.chars().count();
    let limit = (letters / 3).max(1);
    known
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter(|candidate| candidate.len().abs_diff(wanted.len()) <= 4 * limit)
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Case and the choice of `-`, `_` or nothing between words do not count as differences.
fn plain(name: &str) -> String {
    let kept: String = name.chars().take(60).filter(|c| !matches!(c, '-' | '_')).collect();
    kept.to_lowercase()
}

/// Help for an unknown name: the nearest, or else what there is, if that is short enough to read.
pub(crate) fn suggest(name: &str, known: &[&str], what: &str) -> Option<String> {
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match known.len() {
        1..=16 => Some(format!("{what}: {}", listed(known, "and"))),
        _ => None,
    }
}

/// "`a`, `b` and `c`".
pub(crate) fn listed(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}
