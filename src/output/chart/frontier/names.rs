//! Finds a place for the name of every dot: near it, covering nothing, not to be taken for another's. Knows no money.

use super::super::axis::{Area, Scale, real};
use super::super::canvas::{Anchor, Canvas, Point, Stroke};
use super::super::style::{NOTE, SOFT, STRONG, Type};
use super::super::{Sheet, text, words};
use super::{Dot, RADIUS};

/// Most names that stand away from their dots; with more of them a reader is lost among the leaders.
const FAR: usize = 3;

/// A name with its place.
pub(super) struct Placed {
    lines: Vec<String>,
    kind: Type,
    dot: Point,
    place: Area,
    /// Needs a line to its dot.
    led: bool,
}

/// Finds each name a place where it covers nothing; none if there is no such place for one of them.
pub(super) fn find(
    sheet: &Sheet,
    plot: &Area,
    dots: &[Dot],
    (x, y): (&Scale, &Scale),
    hint: Option<Area>,
) -> Option<Vec<Placed>> {
    let mut placed: Vec<Placed> = Vec::new();
    let mut n_far = 0;
    let mut taken: Vec<Area> = dots.iter().flat_map(|d| covered(d, x, y)).chain(hint).collect();
    let at = |d: &Dot| (x.at(d.cost.value), y.at(d.tail.value));
    let mut order: Vec<&Dot> = dots.iter().collect();
    order.sort_by_key(|d| !sheet.looks[d.portfolio].coloured);
    for dot in order {
        let coloured = sheet.looks[dot.portfolio].coloured;
        let kind = if coloured { STRONG } else { NOTE };
        let lines = text::wrap(sheet.name(dot.portfolio), kind.size, kind.bold, 230.0, 2);
        let wide = lines.iter().map(|l| text::width(l, kind.size, kind.bold)).fold(0.0, f64::max);
        let size = (wide + 4.0, 17.0 * real(lines.len()));
        let others = dots.iter().filter(|d| d.portfolio != dot.portfolio);
        let others: Vec<Point> = others.map(at).collect();
        let (place, far) = place(at(dot), size, plot, &taken, &others);
        n_far += usize::from(far);
        if n_far > FAR || outside(&place, plot) > 0.0 || taken.iter().any(|t| overlap(&place, t) > 0.0) {
            return None;
        }
        let led = far || stray(at(dot), &place, &others);
        placed.push(Placed { lines, kind, dot: at(dot), place, led });
        taken.push(place);
    }
    Some(placed)
}

impl Placed {
    /// Writes the name, set towards its dot, with a leader where its dot is not the nearest.
    pub(super) fn write(&self, canvas: &mut Canvas) {
        if self.led {
            leader(canvas, self.dot, nearest(self.dot, &self.place));
        }
        write(canvas, &self.lines, self.kind, self.dot, &self.place);
    }
}

/// Joins a dot's rim and its name.
fn leader(canvas: &mut Canvas, dot: Point, name: Point) {
    let (dx, dy) = (name.0 - dot.0, name.1 - dot.1);
    let length = (dx * dx + dy * dy).sqrt();
    if length > RADIUS + 3.0 {
        let part = (RADIUS + 2.0) / length;
        let rim = (dot.0 + dx * part, dot.1 + dy * part);
        canvas.line(rim, name, &Stroke::solid(SOFT, 0.9));
    }
}

/// Writes a name, set towards its dot.
fn write(canvas: &mut Canvas, lines: &[String], kind: Type, dot: Point, place: &Area) {
    let (x, anchor) = if place.left >= dot.0 {
        (place.left + 2.0, Anchor::Start)
    } else if place.right <= dot.0 {
        (place.right - 2.0, Anchor::End)
    } else {
        (f64::midpoint(place.left, place.right), Anchor::Middle)
    };
    for (i, line) in lines.iter().enumerate() {
        canvas.text(line, (x, place.top + 8.5 + 17.0 * real(i)), anchor, kind);
    }
}

/// What a dot and its bars cover.
pub(super) fn covered(dot: &Dot, x: &Scale, y: &Scale) -> [Area; 3] {
    let at = (x.at(dot.cost.value), y.at(dot.tail.value));
    let cost = words::interval(&dot.cost).unwrap_or((dot.cost.value, dot.cost.value));
    let tail = words::interval(&dot.tail).unwrap_or((dot.tail.value, dot.tail.value));
    let r = RADIUS + 3.0;
    [
        Area { left: at.0 - r, right: at.0 + r, top: at.1 - r, bottom: at.1 + r },
        Area { left: x.at(cost.0), right: x.at(cost.1), top: at.1 - 4.0, bottom: at.1 + 4.0 },
        Area { left: at.0 - 4.0, right: at.0 + 4.0, top: y.at(tail.1), bottom: y.at(tail.0) },
    ]
}

/// Does a name there seem to belong to another dot?
fn stray(at: Point, place: &Area, others: &[Point]) -> bool {
    let own = distance(at, place);
    others.iter().any(|o| distance(*o, place) < own * 2.2)
}

/// The place for a name of this size that covers and misleads least, near places first; and whether it needs a leader.
fn place(at: Point, size: Point, plot: &Area, taken: &[Area], others: &[Point]) -> (Area, bool) {
    let mut best = (f64::INFINITY, Area { left: 0.0, right: 0.0, top: 0.0, bottom: 0.0 }, false);
    for (ring, reach) in [12.0, 20.0, 34.0, 52.0, 74.0, 100.0, 130.0].into_iter().enumerate() {
        for turn in 0..16 {
            let angle = f64::from(turn) * std::f64::consts::PI / 8.0;
            let (dx, dy) = (libm::cos(angle), -libm::sin(angle));
            let anchor = (at.0 + dx * reach, at.1 + dy * reach);
            let left = anchor.0 + (round_third(dx) - 1.0) * size.0 / 2.0;
            let top = anchor.1 + (dy - 1.0) * size.1 / 2.0;
            let area = Area { left, right: left + size.0, top, bottom: top + size.1 };
            let sideways = if dx.abs() > 0.99 { 0.0 } else { 1.0 };
            let cost = 1000.0 * outside(&area, plot)
                + taken.iter().map(|t| overlap(&area, t)).sum::<f64>()
                + real(ring) * 3.0
                + sideways
                + if stray(at, &area, others) { 25.0 } else { 0.0 };
            if cost < best.0 {
                best = (cost, area, ring > 1);
            }
        }
    }
    (best.1, best.2)
}

/// −1, 0 or 1: whether a name stands left of, across or right of its anchor.
fn round_third(dx: f64) -> f64 {
    if dx > 0.2 {
        1.0
    } else if dx < -0.2 {
        -1.0
    } else {
        0.0
    }
}

pub(super) fn overlap(a: &Area, b: &Area) -> f64 {
    let wide = a.right.min(b.right) - a.left.max(b.left);
    let high = a.bottom.min(b.bottom) - a.top.max(b.top);
    if wide > 0.0 && high > 0.0 { 20.0 + wide * high } else { 0.0 }
}

fn outside(a: &Area, plot: &Area) -> f64 {
    let over = [plot.left - a.left, a.right - plot.right, plot.top - a.top, a.bottom - plot.bottom];
    over.into_iter().map(|o| o.max(0.0)).sum()
}

/// The point of an area that is nearest to `at`.
fn nearest(at: Point, area: &Area) -> Point {
    (at.0.max(area.left).min(area.right), at.1.max(area.top).min(area.bottom))
}

fn distance(at: Point, area: &Area) -> f64 {
    let to = nearest(at, area);
    let (dx, dy) = (to.0 - at.0, to.1 - at.1);
    (dx * dx + dy * dy).sqrt()
}
