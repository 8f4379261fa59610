//! The two streams of the terminal: text on standard output, everything else on standard error. Knows no scenario
//! and no results.

#![expect(clippy::disallowed_methods, reason = "the one room that prints")]

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{Exit, Failure};

/// Columns of text that goes to a file or a pipe.
const USUAL_WIDTH: usize = 80;

/// Prints to standard output. A reader that has left (`| head`) ends the command quietly.
pub(super) fn out(text: &str) -> Result<(), Failure> {
    let text = text.replace('\u{a0}', " ");
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::new(Exit::Done, "")),
        Err(error) => Err(Failure::new(Exit::Io, format!("cannot write to standard output: {}", reason(&error)))),
    }
}

/// Prints what a writer of tables writes.
pub(super) fn table_of(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    // Nothing fails in memory.
    let _ = write(&mut bytes);
    out(&String::from_utf8_lossy(&bytes))
}

/// Prints to standard error as it is.
pub(super) fn err(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Prints one line that says what went wrong.
pub(super) fn error(message: &str) {
    err(&format!("\u{1b}[1;31merror\u{1b}[0m: {message}\n"));
}

/// Whether standard error shows colours.
pub(super) fn has_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Why a file operation failed, without the system's number for it.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Text of a user's file on one line, unable to steer the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Columns of standard output.
pub(super) fn width() -> usize {
    let term = console::Term::stdout();
    match term.size_checked() {
        Some((_, columns)) if term.is_term() && columns > 0 => usize::from(columns),
        _ => USUAL_WIDTH,
    }
}

/// Breaks paragraphs into lines of at most `width` columns, where words allow; further lines begin with `indent`.
pub(super) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    for paragraph in text.lines() {
        let first = paragraph.trim_start();
        out.push_str(&paragraph[..paragraph.len() - first.len()]);
        let mut used = paragraph.len() - first.len();
        for (n, word) in first.split(' ').enumerate() {
            let length = columns_of(word);
            if n > 0 && used + 1 + length > width {
                out.push('\n');
                out.push_str(indent);
                used = columns_of(indent);
            } else if n > 0 {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += length;
        }
        out.push('\n');
    }
    out
}

/// How the columns of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Left,
    Right,
}

/// A table no wider than `width`: if need be cells are broken into lines, and where that leaves too little for a
/// cell, each row becomes a block of lines.
pub(super) fn table(columns: &[(&str, Column)], rows: &[Vec<String>], width: usize) -> String {
    let natural = drawn(columns, rows, None);
    if longest_line(&natural) <= width {
        return natural;
    }
    // Room that numbers and single words need: they are not broken.
    let least: usize =
        (0..columns.len()).map(|c| least_width(columns[c].0, rows.iter().map(|row| row[c].as_str())) + 2).sum();
    if least <= width + 2 { drawn(columns, rows, Some(width)) } else { blocks(columns, rows, width) }
}

fn drawn(columns: &[(&str, Column)], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(columns.iter().map(|column| column.0));
    match width {
        // The padding at the end of the last column is cut off again.
        Some(width) => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(width + 2).unwrap_or(u16::MAX)),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    for (column, (_, align)) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, 2));
        column.set_cell_alignment(if *align == Column::Left { CellAlignment::Left } else { CellAlignment::Right });
    }
    for row in rows {
        table.add_row(row);
    }
    if width.is_some() {
        hold_numbers(&mut table, columns, rows);
    }
    table.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Columns of numbers keep their width; text gives way.
fn hold_numbers(table: &mut Table, columns: &[(&str, Column)], rows: &[Vec<String>]) {
    for (c, (name, align)) in columns.iter().enumerate() {
        let cells = rows.iter().map(|row| row[c].as_str());
        let least = match align {
            Column::Right => cells.chain(name.lines()).map(columns_of).max().unwrap_or(0),
            Column::Left => least_width(name, cells),
        };
        if let (Some(column), Ok(least)) = (table.column_mut(c), u16::try_from(least + 2)) {
            column.set_constraint(match align {
                Column::Right => comfy_table::ColumnConstraint::Absolute(comfy_table::Width::Fixed(least)),
                Column::Left => comfy_table::ColumnConstraint::LowerBoundary(comfy_table::Width::Fixed(least)),
            });
        }
    }
}

/// The longest word of a column.
fn least_width<'a>(name: &'a str, cells: impl Iterator<Item = &'a str>) -> usize {
    cells.chain([name]).flat_map(|text| text.split([' ', '\n'])).map(columns_of).max().unwrap_or(0)
}

fn blocks(columns: &[(&str, Column)], rows: &[Vec<String>], width: usize) -> String {
    let mut text = String::new();
    let label = columns.iter().skip(1).map(|column| columns_of(&column.0.replace('\n', " "))).max().unwrap_or(0);
    for row in rows {
        let _ = writeln!(text, "{}", row[0]);
        for ((name, _), cell) in columns.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
            let line = format!("  {:label$}  {cell}", name.replace('\n', " "));
            text.push_str(&wrapped(&line, width.max(20), "    "));
        }
    }
    text
}

fn longest_line(text: &str) -> usize {
    text.lines().map(columns_of).max().unwrap_or(0)
}

fn columns_of(text: &str) -> usize {
    text.chars().count()
}

/// A bar on standard error: trials done, rate, time left. Hidden if `quiet` or where nobody looks.
pub(super) fn progress(trials: Option<u64>, title: &str, quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(trials, ProgressDrawTarget::stderr());
    counting(&bar, trials, title);
    bar.set_prefix(title.to_owned());
    bar
}

/// Shows trials done, of so many if that is known.
pub(super) fn counting(bar: &ProgressBar, trials: Option<u64>, title: &str) {
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{}/s", super::amount::short(state.per_sec()));
    };
    let columns = console::Term::stderr().size_checked().map_or(USUAL_WIDTH, |(_, columns)| usize::from(columns));
    let template = match (trials, columns_of(title) + 50 <= columns) {
        (Some(_), true) => "{prefix} {wide_bar} {human_pos}/{human_len} trials, {rate}, {eta} left",
        (Some(_), false) => "{human_pos}/{human_len}, {rate}, {eta} left",
        (None, true) => "{prefix} {human_pos} trials, {rate}, {elapsed} so far",
        (None, false) => "{human_pos}, {rate}, {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
    }
}

/// What is under way when no trials are: measuring, drawing, writing.
pub(super) fn under_way(bar: &ProgressBar, what: &str) {
    if let Ok(style) = ProgressStyle::with_template("{prefix} {msg}") {
        bar.set_style(style);
        bar.set_message(what.to_owned());
    }
}
