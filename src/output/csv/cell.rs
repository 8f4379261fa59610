//! Cells: numbers that read back as they were, text that stays text.

use crate::results::Estimate;

/// The shortest decimal that reads back as the same float; empty if it is no number.
pub(super) fn number(x: f64) -> String {
    let x = x + 0.0; // no −0
    let size = x.abs();
    if !x.is_finite() {
        String::new()
    } else if size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{x:e}")
    } else {
        x.to_string()
    }
}

/// The same; empty if there is none.
pub(super) fn option(x: Option<f64>) -> String {
    x.map_or_else(String::new, number)
}

/// Text from a file that a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers.
///
/// Source: OWASP, "CSV injection".
pub(super) fn text(text: &str) -> String {
    let is_risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_risky && text.parse::<f64>().map_or(true, |x| !x.is_finite()) { format!("'{text}") } else { text.to_owned() }
}

/// Names of the columns of an estimate with its interval.
pub(super) fn with_interval(name: &str) -> [String; 4] {
    ["", "_std_error", "_lower", "_upper"].map(|end| format!("{name}{end}"))
}

/// The cells of those columns.
pub(super) fn estimate(estimate: &Estimate) -> [String; 4] {
    [number(estimate.value), option(estimate.std_error), option(estimate.lower), option(estimate.upper)]
}

/// A level as it stands in a column's name: `90`, `995`.
pub(super) fn level_name(level: f64) -> String {
    format!("{:0<2}", level.to_string().trim_start_matches("0."))
}
