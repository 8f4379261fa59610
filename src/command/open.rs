//! Scenario files: their text, the files that they may read, and what is wrong with them.

#![expect(clippy::disallowed_methods, reason = "the one room that reads files")]

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use linchpin::scenario::{self, FileError, Files, Scenario};
use linchpin::source::{self, Problem};

use super::{Exit, Failure, shown, terminal};

/// Largest file that is read.
const LARGEST: u64 = 256 << 20;

/// A scenario with the file that it came from.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) text: Vec<u8>,
    pub(super) scenario: Scenario,
    /// One line each.
    pub(super) warnings: Vec<String>,
}

/// Reads a scenario; what is wrong with it goes to standard error, warnings too unless `quiet`.
pub(super) fn open(path: &Path, quiet: bool) -> Result<Opened, Failure> {
    let text = content(path)?;
    let name = shown(path);
    let folder = Folder::of(path)?;
    match scenario::read(&name, &text, &folder) {
        Err(problems) => {
            terminal::err(&format!("{}\n", problems.render(terminal::has_colour())));
            let n = problems.list.iter().filter(|p| p.severity == source::Severity::Error).count();
            let count = if n == 1 { "1 problem".to_owned() } else { format!("{n} problems") };
            Err(Failure::new(Exit::Scenario, format!("`{name}` has {count}")))
        }
        Ok(read) => {
            let lossy = String::from_utf8_lossy(&text);
            if !read.warnings.is_empty() && !quiet {
                terminal::err(&format!("{}\n", source::render(&name, &lossy, &read.warnings, terminal::has_colour())));
            }
            let warnings = read.warnings.iter().map(|warning| on_one_line(&lossy, warning)).collect();
            Ok(Opened { path: path.to_owned(), text, scenario: read.scenario, warnings })
        }
    }
}

/// Content of a scenario file.
fn content(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |why: &str| Failure::new(Exit::Io, format!("cannot read `{}`: {why}", shown(path)));
    // Looked at before it is opened: opening a pipe waits for somebody to write to it.
    let about = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => cannot("there is no such file"),
        _ => cannot(&terminal::reason(&error)),
    })?;
    if about.is_dir() {
        return Err(cannot("it is a folder, not a scenario file"));
    }
    if !about.is_file() {
        return Err(cannot("it is not a regular file"));
    }
    limited(path).map_err(|error| cannot(&terminal::reason(&error)))
}

fn limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(content)
}

/// `line 12: what is wrong (what to write instead)`.
pub(super) fn on_one_line(text: &str, problem: &Problem) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at = problem.labels.first().map(|(span, _)| span.start.min(text.len()));
    let line = at.map(|at| String::from_utf8_lossy(&text.as_bytes()[..at]).matches('\n').count() + 1);
    let help = problem.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    line.map_or_else(String::new, |line| format!("line {line}: ")) + &problem.message + &help
}

/// The folder tree that a scenario may read from: its own.
struct Folder(PathBuf);

impl Folder {
    fn of(scenario: &Path) -> Result<Self, Failure> {
        let parent = match scenario.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let root = fs::canonicalize(parent).map_err(|error| Failure::io("read", parent, &error))?;
        Ok(Self(root))
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        // All links followed: what counts is where the file is.
        let real = fs::canonicalize(self.0.join(path)).map_err(|error| refusal(&error))?;
        if !real.starts_with(&self.0) {
            return Err(FileError::Outside);
        }
        if !fs::metadata(&real).map_err(|error| refusal(&error))?.is_file() {
            return Err(FileError::NotAFile);
        }
        limited(&real).map_err(|error| refusal(&error))
    }
}

fn refusal(error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound,
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => FileError::NotAFile,
        _ => FileError::Other(terminal::reason(error)),
    }
}
