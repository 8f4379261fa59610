//! Empirical files: who hands them over, which paths are allowed, and a column of numbers out of one.
//!
//! Touches no disk: whoever calls `read` supplies the [`Files`].

use std::fmt;

use super::context::Cx;
use super::table::{Item, Table};
use crate::quantity::Quantity;
use crate::source::suggest;

/// Hands over the files that a scenario names.
pub trait Files {
    /// Content of the file at `path`, relative to the scenario, with `/` between its parts.
    ///
    /// # Errors
    /// Why there is none. What leads out of the scenario's folder tree, by a link too, is [`FileError::Outside`].
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;
}

/// Why a file could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// There is none.
    NotFound,
    /// It lies outside the scenario's folder tree.
    Outside,
    /// It is a directory, or something else that is not a file.
    NotAFile,
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such file"),
            Self::Outside => f.write_str("it lies outside the scenario's folder"),
            Self::NotAFile => f.write_str("it is not a file"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for FileError {}

/// No files: every one is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::NotFound)
    }
}

/// Numbers of the column that `{ empirical = "file", column = "name" }` names, with the lines they stand on.
pub(crate) fn column(table: &Table<'_>, quantity: Quantity, cut: Cut, cx: &mut Cx) -> Option<Vec<f64>> {
    let path_item = table.need("empirical", cx);
    let column_item = table.need("column", cx);
    let (path_item, column_item) = (path_item?, column_item?);
    let path = path_item.str(cx);
    let column = column_item.str(cx);
    let (path, column) = (path?, column?);
    if let Some(why) = outside(path) {
        cx.log.push(path_item.problem("lies outside the scenario's folder", why).help(
            "put the file beside the scenario or in a folder below it, and name it relative to the scenario: \"data/x.csv\"".to_owned(),
        ));
        return None;
    }
    let parsed = match cx.file(path) {
        Ok(content) => parse(content, column),
        Err(error) => {
            let help = match error {
                FileError::NotFound => "the path is relative to the scenario's folder",
                FileError::Outside => {
                    "put the file beside the scenario or in a folder below it; links may not lead out"
                }
                FileError::NotAFile | FileError::Other(_) => "name a CSV file that can be read",
            };
            cx.log
                .push(path_item.problem(&format!("cannot be read: `{path}`"), error.to_string()).help(help.to_owned()));
            return None;
        }
    };
    let rows = parsed.map_err(|fault| fault.note(path, path_item, column_item, cx)).ok()?;
    let rows = kept(rows, cut);
    within_bounds(rows, path, path_item, quantity, cx)
}

/// `min` and `max` of a law.
pub(crate) type Cut = (Option<f64>, Option<f64>);

/// Why a path leads out of the folder tree, if it does.
fn outside(path: &str) -> Option<&'static str> {
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.is_empty() {
        Some("empty")
    } else if path.starts_with('/') || drive {
        Some("an absolute path")
    } else if path.contains('\\') {
        Some("parts of a path are separated by `/`")
    } else if path.split('/').any(|part| part == "..") {
        Some("`..` leads out of the folder")
    } else if path.contains('\0') {
        Some("holds a NUL byte")
    } else {
        None
    }
}

/// Rows between `min` and `max`, and all of them if none is, for the law to say so.
fn kept(rows: Vec<Row>, (min, max): Cut) -> Vec<Row> {
    let within = |row: &&Row| min.is_none_or(|min| row.1 >= min) && max.is_none_or(|max| row.1 <= max);
    let kept: Vec<Row> = rows.iter().filter(within).copied().collect();
    if kept.is_empty() { rows } else { kept }
}

/// A row's line in its file and its value.
type Row = (u64, f64);

/// What is wrong with the content of a file.
enum Fault {
    NotCsv(String),
    NoColumn(Vec<String>),
    NoRows,
    Cell { line: u64, cell: String, why: &'static str },
}

impl Fault {
    fn note(self, path: &str, path_item: Item<'_>, column_item: Item<'_>, cx: &mut Cx) {
        let column = column_item.value.get_ref().as_str().unwrap_or_default();
        let problem = match self {
            Self::NotCsv(why) => path_item
                .problem(&format!("is not a CSV file: `{path}`"), why)
                .help("the first line holds the names of the columns, commas separate the cells".to_owned()),
            Self::NoColumn(columns) => {
                let known: Vec<&str> = columns.iter().map(String::as_str).collect();
                column_item.problem(&format!("is not in `{path}`"), "no such column").help(suggest(
                    column,
                    &known,
                    "its columns",
                ))
            }
            Self::NoRows => path_item
                .problem(
                    &format!("holds no rows: `{path}`"),
                    format!("nothing below the names of the columns, so no `{column}`"),
                )
                .help("give it at least one row".to_owned()),
            Self::Cell { line, cell, why } => path_item
                .problem(
                    &format!("does not hold numbers alone: `{path}`"),
                    format!("line {line}, column `{column}`: {why}{cell}"),
                )
                .help("take the line out, or put a number there".to_owned()),
        };
        cx.log.push(problem);
    }
}

fn parse(content: &[u8], column: &str) -> Result<Vec<Row>, Fault> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if std::str::from_utf8(content).is_err() {
        return Err(Fault::NotCsv("its text is not UTF-8".to_owned()));
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(content);
    let headers = reader.headers().map_err(|error| Fault::NotCsv(error.to_string()))?.clone();
    if headers.iter().all(str::is_empty) {
        return Err(Fault::NotCsv("it is empty".to_owned()));
    }
    let Some(at) = headers.iter().position(|header| header == column) else {
        return Err(Fault::NoColumn(headers.iter().map(str::to_owned).collect()));
    };
    let rows: Result<Vec<Row>, Fault> = reader.records().map(|record| row(record, at)).collect();
    rows.and_then(|rows| if rows.is_empty() { Err(Fault::NoRows) } else { Ok(rows) })
}

fn row(record: csv::Result<csv::StringRecord>, at: usize) -> Result<Row, Fault> {
    let record = record.map_err(|error| Fault::NotCsv(error.to_string()))?;
    let line = record.position().map_or(0, csv::Position::line);
    let cell = record.get(at).unwrap_or_default();
    let fault = |why| Err(Fault::Cell { line, cell: quoted(cell), why });
    match cell.parse::<f64>() {
        Ok(value) if value.is_nan() => fault("not a number: "),
        Ok(value) if value.is_infinite() => fault("not finite: "),
        Ok(value) => Ok((line, value)),
        Err(_) if cell.is_empty() => fault("an empty cell"),
        Err(_) => fault("text: "),
    }
}

fn quoted(cell: &str) -> String {
    if cell.is_empty() { String::new() } else { format!("`{}`", cell.chars().take(40).collect::<String>()) }
}

fn within_bounds(rows: Vec<Row>, path: &str, item: Item<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Vec<f64>> {
    for (line, value) in &rows {
        if let Err(fault) = quantity.check(*value) {
            let what = format!("holds a value that {}: `{path}`", fault.what);
            let help = "bare numbers in files are hours, currency or fractions; take the line out, or cut with `min` and `max`";
            cx.log.push(item.problem(&what, format!("line {line}: {value} {}", fault.why)).help(help.to_owned()));
            return None;
        }
    }
    Some(rows.into_iter().map(|(_, value)| value).collect())
}
