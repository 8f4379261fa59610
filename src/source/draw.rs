//! Draws problems as text: message, file, line, the text underlined, and the way out.
//!
//! Knows nothing of how the problems were found.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Problem, Severity, Span, without_mark};

/// Columns of a drawn line; a constant, so that the text is the same on every screen.
const WIDTH: usize = 120;
/// Characters of a message.
const LONGEST: usize = 400;
/// Problems drawn one by one; the rest is counted.
const MOST: usize = 200;

/// Problems with `text`, the content of the file `name`, as a terminal shows them.
#[must_use]
pub fn render(name: &str, text: &str, problems: &[Problem], colour: bool) -> String {
    let text = without_mark(text);
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut drawn: Vec<String> =
        problems.iter().take(MOST).map(|problem| draw(&renderer, name, text, problem)).collect();
    if problems.len() > MOST {
        drawn.push(format!("and {} more problems in {name}", problems.len() - MOST));
    }
    let mut out = drawn.join("\n\n");
    out.push('\n');
    out
}

fn draw(renderer: &Renderer, name: &str, text: &str, problem: &Problem) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level.primary_title(one_line(&problem.message)).elements(snippet(name, text, problem));
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(one_line(help)));
    }
    let report: [Group<'_>; 1] = [group];
    renderer.render(&report)
}

/// Only the lines from the first label to the last are handed over, so that many problems in a long file stay cheap.
fn snippet<'a>(
    name: &'a str,
    text: &str,
    problem: &'a Problem,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let spans: Vec<Span> = problem.labels.iter().map(|(span, _)| clamp(text, span)).collect();
    let first = spans.iter().map(|s| s.start).min()?;
    let last = spans.iter().map(|s| s.end).max()?;
    let from = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let to = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let line = text[..from].matches('\n').count() + 1;
    let window = text[from..to].trim_end_matches('\r').to_owned();
    let window_len = window.len();
    let annotations = spans.into_iter().zip(&problem.labels).enumerate().map(|(n, (span, (_, label)))| {
        let kind = if n == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let within = (span.start - from).min(window_len)..(span.end - from).min(window_len);
        kind.span(within).label(one_line(label))
    });
    let annotations: Vec<_> = annotations.collect();
    Some(Snippet::source(window).line_start(line).path(name).annotations(annotations))
}

/// A span that lies in the text and cuts no character in two.
fn clamp(text: &str, span: &Span) -> Span {
    let start = floor(text, span.start);
    let end = floor(text, span.end).max(start);
    start..end
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The user's words may hold anything; a message stays on its line, and is no longer than can be read.
fn one_line(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
