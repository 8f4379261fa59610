//! Axes: where a value lies, which ticks are round, and how both are drawn. Knows no portfolio.

use super::canvas::{Anchor, Canvas, Point, Stroke};
use super::style::{AXIS, GRID, NOTE};

/// A count as a float.
#[expect(clippy::cast_precision_loss, reason = "counts of things on a page")]
pub(super) fn real(n: usize) -> f64 {
    n as f64
}

/// A count of trials as a float.
#[expect(clippy::cast_precision_loss, reason = "to be drawn; exact to 2^53")]
pub(super) fn count(n: u64) -> f64 {
    n as f64
}

/// A rectangle, units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Upper edge.
    pub top: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Area {
    /// Its width.
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Its height.
    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// From values to places along one direction; what lies outside is put on the edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    /// Values `low` to `high` evenly on places `from` to `to`.
    pub(super) fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        Scale { low, high, from, to, log: false }
    }

    /// The same by logarithm; `low` and `high` are positive.
    pub(super) fn log(low: f64, high: f64, from: f64, to: f64) -> Self {
        Scale { low: libm::log10(low), high: libm::log10(high), from, to, log: true }
    }

    /// Where `value` lies; NaN if it is none.
    pub(super) fn at(&self, value: f64) -> f64 {
        if value.is_nan() {
            return value;
        }
        let value = if self.log { libm::log10(value.max(1e-300)) } else { value };
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        let value = value.max(low).min(high);
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }
}

/// Round values at even steps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    /// The values, ascending.
    pub values: Vec<f64>,
    /// Their distance.
    pub step: f64,
}

/// Smallest and largest of the finite values.
pub(super) fn span(values: impl IntoIterator<Item = f64>) -> Option<Point> {
    values.into_iter().filter(|v| v.is_finite()).fold(None, |span, v| match span {
        None => Some((v, v)),
        Some((low, high)) => Some((v.min(low), v.max(high))),
    })
}

/// The span, widened if it is so small that no axis could show it; `(0, 1)` if there is none.
pub(super) fn widened(span: Option<Point>) -> Point {
    let Some((low, high)) = span else {
        return (0.0, 1.0);
    };
    let size = low.abs().max(high.abs());
    match high - low {
        d if d > size * 1e-6 => (low, high),
        _ if size < 1e-6 => (0.0, 1.0),
        _ if low >= 0.0 => (low * 0.95, high * 1.05),
        _ => (low - size * 0.05, high + size * 0.05),
    }
}

/// About `n` round ticks within `low` to `high`.
pub(super) fn ticks(low: f64, high: f64, n: usize) -> Ticks {
    let rough = (high - low) / real(n.max(1));
    let power = libm::pow(10.0, libm::log10(rough.max(1e-300)).floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999).unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil();
    let values = (0..=4 * n.max(1)).map(|i| (first + real(i)) * step);
    let mut values: Vec<f64> = values.take_while(|v| *v <= high + step * 1e-9).collect();
    for v in &mut values {
        if v.abs() < step * 1e-9 {
            *v = 0.0;
        }
    }
    Ticks { values, step }
}

/// `low` to `high` widened to round ticks on both sides.
pub(super) fn rounded(low: f64, high: f64, n: usize) -> Point {
    let step = ticks(low, high, n).step;
    ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step)
}

/// Draws vertical grid lines with labels below.
pub(super) fn bottom(canvas: &mut Canvas, area: &Area, places: &[(f64, String)]) {
    for (x, label) in places {
        canvas.line((*x, area.top), (*x, area.bottom), &Stroke::solid(GRID, 1.0));
        canvas.text(label, (*x, area.bottom + 14.0), Anchor::Middle, NOTE);
    }
}

/// Draws horizontal grid lines with labels to the left.
pub(super) fn left(canvas: &mut Canvas, area: &Area, places: &[(f64, String)]) {
    for (y, label) in places {
        canvas.line((area.left, *y), (area.right, *y), &Stroke::solid(GRID, 1.0));
        canvas.text(label, (area.left - 8.0, *y), Anchor::End, NOTE);
    }
}

/// Draws a line of an axis.
pub(super) fn rule(canvas: &mut Canvas, from: Point, to: Point) {
    canvas.line(from, to, &Stroke::solid(AXIS, 1.2));
}
