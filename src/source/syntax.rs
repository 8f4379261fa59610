//! Text to a spanned TOML tree, or its syntax errors: one for each broken statement, none that only follows from another.
//!
//! Knows no key.

use toml::de::DeTable;

use super::{Problem, Span};

/// Broken statements reported; a file with more of them is hardly TOML.
const MOST: usize = 20;

/// The tree of a text, or what keeps it from being TOML.
///
/// # Errors
/// One problem per broken statement, in file order.
pub(crate) fn parse<'t>(name: &str, text: &'t str) -> Result<DeTable<'t>, Vec<Problem>> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() { Ok(tree.into_inner()) } else { Err(problems(name, text)) }
}

fn problems(name: &str, text: &str) -> Vec<Problem> {
    let statements = statements(text);
    let mut found = Vec::new();
    let mut broken = vec![false; statements.len()];
    for (n, statement) in statements.iter().enumerate() {
        if let Some(open) = statement.unclosed {
            broken[n] = true;
            let bracket = &text[open..=open];
            let close = if bracket == "{" { "}" } else { "]" };
            found.push(
                Problem::error(format!("`{bracket}` is never closed"))
                    .at(open..open + 1, "opened here")
                    .help(format!("close it with `{close}` before the next key or table")),
            );
        }
    }
    let rest = blanked(text, &statements, &broken);
    let (_, errors) = DeTable::parse_recoverable(&rest);
    let mut errors: Vec<(Span, &str)> = errors.iter().map(|e| (e.span().unwrap_or(0..0), e.message())).collect();
    errors.sort_by_key(|(span, _)| span.start);
    for (span, message) in errors {
        let n = statements.partition_point(|s| s.span.end <= span.start).min(statements.len().saturating_sub(1));
        if broken.get(n).is_some_and(|b| !b) {
            broken[n] = true;
            found.push(of_statement(text, span, message));
        }
    }
    found.sort_by_key(Problem::order);
    let hopeless = broken.iter().all(|b| *b) && (broken.len() > 2 || !text.contains('='));
    if hopeless || found.is_empty() {
        return vec![not_toml(name, found.into_iter().next())];
    }
    found.truncate(MOST);
    found
}

/// The parser's words in ours.
fn of_statement(text: &str, span: Span, message: &str) -> Problem {
    let message = message.trim();
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let given = text.get(span.clone()).unwrap_or_default().trim();
    let ends = given.is_empty() || given.starts_with(['}', ']', ',']);
    let at = |message: String, label: &str, help: String| Problem::error(message).at(span.clone(), label).help(help);
    match what {
        "duplicate key" => {
            at(format!("`{given}` is given twice"), "already given above", "keep one of the two".to_owned())
        }
        "string values must be quoted" => {
            at("text must be in quotes".to_owned(), "no number, date, `true` or `false`", format!("write \"{given}\""))
        }
        "invalid basic string" | "invalid literal string" if ends && expected.len() == 3 => {
            let opens = text[..span.start].trim_end().ends_with(['=', '[', ',']);
            let (what, label, help) = if opens {
                ("a value is missing", "expected here", "write a value here")
            } else {
                ("a text is not closed", "the closing quote is missing", "put it at the end of the text")
            };
            at(what.to_owned(), label, help.to_owned())
        }
        "invalid basic string" | "invalid literal string" => {
            let label = "a character that text may not hold as it is";
            at("a text holds an odd character".to_owned(), label, "take it out, or write it as `\\u…`".to_owned())
        }
        "invalid date" | "invalid datetime" | "invalid time" => at(
            format!("`{given}` is not a date"),
            &format!("expected {expected}"),
            "write a date such as 2025-06-30".to_owned(),
        ),
        "key with no value" => at("a key has no value".to_owned(), "`=` is missing", "write `key = value`".to_owned()),
        _ if what.contains("recurs") => {
            let label = "more than 80 lists or tables inside one another";
            at("nested too deeply".to_owned(), label, "a scenario needs no more than 5".to_owned())
        }
        _ => {
            let help = (!expected.is_empty()).then(|| format!("expected here: {expected}"));
            Problem::error("this is not TOML").at(span.clone(), what.to_owned()).help(help)
        }
    }
}

fn not_toml(name: &str, first: Option<Problem>) -> Problem {
    let (span, label) = first.and_then(|p| p.labels.into_iter().next()).unwrap_or((0..0, String::new()));
    Problem::error(format!("`{name}` is not a TOML file")).at(span, label).help(
        "a scenario is made of lines such as `horizon = \"36 months\"` below headings such as `[vendor.openai]`"
            .to_owned(),
    )
}

/// A `key = value` or a heading, with the lines it runs over.
struct Statement {
    span: Span,
    /// Where a bracket was opened that the statement does not close.
    unclosed: Option<usize>,
}

/// Cuts the text into statements. Blank lines and comments belong to the one before them.
fn statements(text: &str) -> Vec<Statement> {
    let mut list: Vec<Statement> = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let line_end = end_of_line(text, start);
        let line = text[start..line_end].trim();
        if line.is_empty() || line.starts_with('#') {
            if let Some(last) = list.last_mut() {
                last.span.end = line_end;
            }
            start = line_end;
            continue;
        }
        let statement = scan(text, start);
        start = statement.span.end;
        list.push(statement);
    }
    list
}

fn end_of_line(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |at| from + at + 1)
}

/// One statement from `start`: to the end of the line on which its brackets are closed, or to the line on which the next
/// statement plainly begins.
fn scan(text: &str, start: usize) -> Statement {
    let bytes = text.as_bytes();
    let mut open: Vec<usize> = Vec::new();
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' if open.is_empty() => {
                return Statement { span: start..at + 1, unclosed: None };
            }
            b'\n' if begins_statement(text, at + 1, open.last().map(|o| bytes[*o])) => {
                return Statement { span: start..at + 1, unclosed: open.last().copied() };
            }
            b'#' => {
                at = text[at..].find('\n').map_or(bytes.len(), |n| at + n);
                continue;
            }
            b'[' | b'{' => open.push(at),
            b']' | b'}' => {
                open.pop();
            }
            b'"' | b'\'' => at = end_of_string(bytes, at),
            _ => {}
        }
        at += 1;
    }
    Statement { span: start..text.len(), unclosed: open.last().copied() }
}

/// The last byte of the string that opens at `at`; a one-line string that is not closed ends with its line.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let long = bytes[at..].starts_with(&[quote; 3]);
    let mut i = if long { at + 3 } else { at + 1 };
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if quote == b'"' => i += 1,
            b'\n' if !long => return i - 1,
            b if b == quote && !long => return i,
            b if b == quote && bytes[i..].starts_with(&[quote; 3]) => return i + 2,
            _ => {}
        }
        i += 1;
    }
    bytes.len()
}

/// Whether the line at `from` is a heading, or (outside of `{`, where it would be a member) a `key =`.
fn begins_statement(text: &str, from: usize, inside: Option<u8>) -> bool {
    let line = text[from..end_of_line(text, from)].trim_end();
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(heading) = line.strip_prefix('[') {
        let name = heading.trim_start_matches('[').trim_end_matches(']');
        let worded = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        return worded && heading.ends_with(']') && name.chars().all(bare);
    }
    let Some((key, _)) = line.split_once('=') else {
        return false;
    };
    let key = key.trim_end();
    inside == Some(b'[') && !key.is_empty() && key.chars().all(bare)
}

/// The text with the broken statements turned to spaces, so that every place stays where it is.
fn blanked(text: &str, statements: &[Statement], broken: &[bool]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (statement, _) in statements.iter().zip(broken).filter(|(_, broken)| **broken) {
        for byte in &mut bytes[statement.span.clone()] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
