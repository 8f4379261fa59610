//! How a portfolio looks in every chart (colour, dash, marker), and the colours and type of all else. Knows no data
//! beyond which portfolio is the baseline and what each costs on average.

use plotters::prelude::RGBColor;

pub(super) use super::canvas::Type;
use super::canvas::{Canvas, Point, Stroke};
use super::words;
use crate::results::Results;

/// Text.
pub(super) const INK: RGBColor = RGBColor(26, 26, 26);
/// Text that steps back.
pub(super) const SOFT: RGBColor = RGBColor(89, 89, 89);
/// Axes.
pub(super) const AXIS: RGBColor = RGBColor(120, 120, 120);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(228, 228, 228);
/// Paper.
pub(super) const WHITE: RGBColor = RGBColor(255, 255, 255);
/// Portfolios beyond the eighth.
const GREY: RGBColor = RGBColor(176, 176, 176);
/// What lies outside the appetite.
pub(super) const WARN: RGBColor = RGBColor(170, 30, 30);

/// The title.
pub(super) const TITLE: Type = Type { size: 22.0, bold: true, colour: INK };
/// Names and figures that are read first.
pub(super) const STRONG: Type = Type { size: 14.0, bold: true, colour: INK };
/// Ordinary text.
pub(super) const BODY: Type = Type { size: 14.0, bold: false, colour: INK };
/// Ticks, notes, footer.
pub(super) const NOTE: Type = Type { size: 13.0, bold: false, colour: SOFT };

/// How many portfolios have a colour.
pub(super) const COLOURED: usize = 8;

/// The Okabe–Ito palette; the baseline is black. Neighbours differ in lightness, for print in grey.
const COLOURS: [RGBColor; COLOURED] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(240, 228, 66),
];

const DASHES: [&[f64]; COLOURED] = [
    &[],
    &[10.0, 4.0],
    &[3.0, 3.0],
    &[12.0, 4.0, 3.0, 4.0],
    &[6.0, 3.0],
    &[14.0, 3.0, 3.0, 3.0, 3.0, 3.0],
    &[20.0, 5.0],
    &[7.0, 5.0],
];

const MARKERS: [Marker; COLOURED] = [
    Marker::Disc,
    Marker::Square,
    Marker::Up,
    Marker::Diamond,
    Marker::Down,
    Marker::Plus,
    Marker::Star,
    Marker::Pentagon,
];

/// The shape of a portfolio's dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// A circle.
    Disc,
    /// A square.
    Square,
    /// A triangle, tip up.
    Up,
    /// A square on its corner.
    Diamond,
    /// A triangle, tip down.
    Down,
    /// A thick cross.
    Plus,
    /// A star of five points.
    Star,
    /// A pentagon.
    Pentagon,
}

/// How one portfolio looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Its colour.
    pub colour: RGBColor,
    /// Its dash.
    pub dash: &'static [f64],
    /// Its marker.
    pub marker: Marker,
    /// Has a colour of its own; else it is one of the grey rest.
    pub coloured: bool,
}

/// A colour for the nth of things that are no portfolios; of more than seven, grey.
pub(super) fn colour(n: usize) -> RGBColor {
    COLOURS.get(n + 1).copied().unwrap_or(GREY)
}

/// One look per portfolio, in order. Up to eight all have a colour; of more, the baseline and the seven cheapest.
pub(super) fn looks(results: &Results) -> Vec<Look> {
    let cost = |p: usize| {
        let headline = results.headlines.get(p);
        headline.and_then(|h| words::known(&h.mean_total_cost)).unwrap_or(f64::INFINITY)
    };
    looks_of(results.portfolios.len(), results.baseline, cost)
}

/// The same of `n` portfolios, given what each costs.
pub(super) fn looks_of(n: usize, baseline: usize, cost: impl Fn(usize) -> f64) -> Vec<Look> {
    let mut coloured: Vec<usize> = (0..n).filter(|&p| p != baseline).collect();
    if n > COLOURED {
        coloured.sort_by(|a, b| cost(*a).total_cmp(&cost(*b)).then(a.cmp(b)));
        coloured.truncate(COLOURED - 1);
        coloured.sort_unstable();
    }
    let look = |p: usize| {
        let rank = coloured.iter().position(|&c| c == p).map(|i| i + 1);
        match rank.or((p == baseline).then_some(0)) {
            Some(i) => Look {
                colour: COLOURS[i % COLOURED],
                dash: DASHES[i % COLOURED],
                marker: MARKERS[i % COLOURED],
                coloured: true,
            },
            None => Look { colour: GREY, dash: &[], marker: Marker::Disc, coloured: false },
        }
    };
    (0..n).map(look).collect()
}

impl Look {
    /// Is the colour so light that on white it needs a dark edge?
    fn pale(&self) -> bool {
        luminance(self.colour) > 0.75
    }

    /// The colour, dark enough for text and thin lines on white.
    pub(super) fn edge(&self) -> RGBColor {
        if self.pale() { darker(self.colour) } else { self.colour }
    }

    /// Draws a curve of this portfolio.
    pub(super) fn curve(&self, canvas: &mut Canvas, points: &[Point]) {
        let width = if self.coloured { 2.4 } else { 1.4 };
        let stroke = Stroke { dash: self.dash, ..Stroke::solid(self.colour, width) };
        if self.pale() {
            canvas.path(points, &Stroke::solid(self.edge(), width + 2.0));
        }
        canvas.path(points, &stroke);
    }

    /// Draws its marker, filled or as an outline; `radius` in units.
    pub(super) fn dot(&self, canvas: &mut Canvas, at: Point, radius: f64, filled: bool) {
        let fill = if filled { self.colour } else { WHITE };
        let rim = (radius * 0.3).clamp(1.2, 2.0);
        if self.marker == Marker::Disc {
            canvas.disc(at, radius + rim / 2.0, self.edge());
            canvas.disc(at, radius - rim / 2.0, fill);
            return;
        }
        let mut outline: Vec<Point> = self.marker.corners();
        for corner in &mut outline {
            *corner = (at.0 + corner.0 * radius, at.1 + corner.1 * radius);
        }
        canvas.area(&outline, fill, 1.0);
        outline.extend_from_within(..2);
        canvas.path(&outline, &Stroke::solid(self.edge(), rim));
    }
}

impl Marker {
    /// Corners for a radius of 1, scaled so that all shapes look equally large.
    fn corners(self) -> Vec<Point> {
        match self {
            Marker::Disc | Marker::Square => {
                vec![(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
            }
            Marker::Up => vec![(0.0, -1.2), (1.15, 0.85), (-1.15, 0.85)],
            Marker::Down => vec![(0.0, 1.2), (1.15, -0.85), (-1.15, -0.85)],
            Marker::Diamond => vec![(0.0, -1.3), (1.15, 0.0), (0.0, 1.3), (-1.15, 0.0)],
            Marker::Plus => vec![
                (-0.4, -1.2),
                (0.4, -1.2),
                (0.4, -0.4),
                (1.2, -0.4),
                (1.2, 0.4),
                (0.4, 0.4),
                (0.4, 1.2),
                (-0.4, 1.2),
                (-0.4, 0.4),
                (-1.2, 0.4),
                (-1.2, -0.4),
                (-0.4, -0.4),
            ],
            Marker::Star => ring(10, |i| if i % 2 == 0 { 1.4 } else { 0.6 }),
            Marker::Pentagon => ring(5, |_| 1.15),
        }
    }
}

/// `n` points around the origin, the first one on top.
fn ring(n: u8, radius: impl Fn(u8) -> f64) -> Vec<Point> {
    let turn = 2.0 * std::f64::consts::PI / f64::from(n);
    (0..n)
        .map(|i| {
            let angle = turn * f64::from(i);
            (radius(i) * libm::sin(angle), -radius(i) * libm::cos(angle))
        })
        .collect()
}

/// Perceived lightness of a colour, 0 to 1 (Rec. 709 weights on the coded values).
pub(super) fn luminance(colour: RGBColor) -> f64 {
    let RGBColor(r, g, b) = colour;
    (0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)) / 255.0
}

fn darker(colour: RGBColor) -> RGBColor {
    let half = |c: u8| c / 2;
    RGBColor(half(colour.0), half(colour.1), half(colour.2))
}
