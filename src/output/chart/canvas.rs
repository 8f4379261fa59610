//! A pen for one picture, 1000 units wide and as a rule 600 high: lines, dashes, areas, text, as SVG.
//!
//! Wraps the SVG backend of plotters, which rounds every coordinate to a whole pixel: the picture is drawn eight times
//! as large and shown through a `viewBox`. Knows no data and no colours of its own, and never fails: a point that is
//! no number is left out.

use std::borrow::Cow;

use plotters::prelude::{DrawingBackend, FontFamily, FontTransform, RGBColor, SVGBackend, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontStyle};

/// Width of the picture, units (pixels at its natural size).
pub(super) const WIDTH: f64 = 1000.0;
/// Height of an ordinary picture, units.
pub(super) const HEIGHT: f64 = 600.0;

/// Backend pixels per unit.
const FINE: f64 = 8.0;
/// plotters divides font sizes by this before it writes them.
const FONT_SCALE: f64 = 1.24;
const DRAWN: &str = "drawing into a string cannot fail";

/// A point, units from the upper left corner.
pub(super) type Point = (f64, f64);

/// Where the named point of a text lies, horizontally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    /// Font size, units.
    pub size: f64,
    /// Semi-bold?
    pub bold: bool,
    /// Colour.
    pub colour: RGBColor,
}

/// A stroke.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    /// Colour.
    pub colour: RGBColor,
    /// Opacity, 0 to 1.
    pub opacity: f64,
    /// Width, units.
    pub width: f64,
    /// Lengths of dashes and gaps in turn, units; empty: solid.
    pub dash: &'static [f64],
}

impl Stroke {
    /// A solid, opaque stroke.
    pub(super) fn solid(colour: RGBColor, width: f64) -> Self {
        Stroke { colour, opacity: 1.0, width, dash: &[] }
    }

    fn style(&self) -> ShapeStyle {
        ShapeStyle {
            color: self.colour.mix(self.opacity),
            filled: false,
            stroke_width: pixel(self.width).unsigned_abs().max(1),
        }
    }
}

/// A picture being drawn.
pub(super) struct Canvas<'a> {
    svg: SVGBackend<'a>,
}

/// Draws a picture of a height; `label` is what a screen reader says.
pub(super) fn picture(label: &str, height: f64, draw: impl FnOnce(&mut Canvas)) -> String {
    let mut buffer = String::new();
    let size = (pixel(WIDTH).unsigned_abs(), pixel(height).unsigned_abs());
    let mut canvas = Canvas { svg: SVGBackend::with_string(&mut buffer, size) };
    canvas.rect((0.0, 0.0), (WIDTH, height), RGBColor(255, 255, 255), 1.0);
    draw(&mut canvas);
    canvas.svg.present().expect(DRAWN);
    drop(canvas);
    let mut svg = format!(
        "<svg width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {} {}\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{}\">\n",
        size.0,
        size.1,
        escaped(&clean(label)),
    );
    for line in buffer.split_inclusive('\n').skip(1) {
        svg += &lightened(line);
    }
    svg
}

/// A line of the picture, its element no more a layer of its own: what shines through is the fill or the stroke, of which each
/// has one. Layers are dear to paint.
fn lightened(line: &str) -> Cow<'_, str> {
    let is_stroked = line.contains(" fill=\"none\"");
    match line.split_once(" opacity=\"") {
        Some((element, rest)) if element.starts_with('<') => match rest.strip_prefix("1\"") {
            Some(rest) => format!("{element}{rest}").into(),
            None => format!("{element} {}-opacity=\"{rest}", if is_stroked { "stroke" } else { "fill" }).into(),
        },
        _ => line.into(),
    }
}

impl Canvas<'_> {
    /// A straight line.
    pub(super) fn line(&mut self, from: Point, to: Point, stroke: &Stroke) {
        self.path(&[from, to], stroke);
    }

    /// Straight lines from point to point.
    pub(super) fn path(&mut self, points: &[Point], stroke: &Stroke) {
        let points = numbers(points);
        if points.len() < 2 {
            return;
        }
        if stroke.dash.is_empty() {
            self.polyline(&points, stroke);
        } else {
            for dash in dashes(&points, stroke.dash) {
                self.polyline(&dash, stroke);
            }
        }
    }

    fn polyline(&mut self, points: &[Point], stroke: &Stroke) {
        self.svg.draw_path(pixels(points), &stroke.style()).expect(DRAWN);
    }

    /// A filled area.
    pub(super) fn area(&mut self, points: &[Point], fill: RGBColor, opacity: f64) {
        let points = numbers(points);
        if points.len() > 2 {
            self.svg.fill_polygon(pixels(&points), &fill.mix(opacity)).expect(DRAWN);
        }
    }

    /// A filled rectangle between two opposite corners.
    pub(super) fn rect(&mut self, a: Point, b: Point, fill: RGBColor, opacity: f64) {
        let corners = pixels(&numbers(&[(a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1))]));
        if let [upper_left, lower_right] = corners[..] {
            self.svg.draw_rect(upper_left, lower_right, &fill.mix(opacity), true).expect(DRAWN);
        }
    }

    /// A filled disc.
    pub(super) fn disc(&mut self, centre: Point, radius: f64, fill: RGBColor) {
        for at in pixels(&numbers(&[centre])) {
            self.svg.draw_circle(at, pixel(radius).unsigned_abs(), &fill, true).expect(DRAWN);
        }
    }

    /// A line of text; `at` is on its vertical middle.
    pub(super) fn text(&mut self, text: &str, at: Point, anchor: Anchor, kind: Type) {
        self.write(text, at, anchor, kind, FontTransform::None);
    }

    /// A line of text that reads upwards, centred on `at`.
    pub(super) fn upward(&mut self, text: &str, at: Point, kind: Type) {
        self.write(text, at, Anchor::Middle, kind, FontTransform::Rotate270);
    }

    fn write(&mut self, text: &str, at: Point, anchor: Anchor, kind: Type, turn: FontTransform) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = if kind.bold { FontStyle::Bold } else { FontStyle::Normal };
        let family = FontFamily::Name("Inter, sans-serif");
        let font = FontDesc::new(family, kind.size * FINE * FONT_SCALE, style).transform(turn);
        let style = font.color(&kind.colour).pos(Pos::new(horizontal, VPos::Center));
        for at in pixels(&numbers(&[at])) {
            self.svg.draw_text(&clean(text), &style, at).expect(DRAWN);
        }
    }
}

/// The points that are numbers.
fn numbers(points: &[Point]) -> Vec<Point> {
    points.iter().copied().filter(|p| p.0.is_finite() && p.1.is_finite()).collect()
}

fn pixels(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|&(x, y)| (pixel(x), pixel(y))).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and pictures are small")]
fn pixel(units: f64) -> i32 {
    (units * FINE).round() as i32
}

/// Cuts a path into its dashes: `pattern` holds lengths of dashes and gaps in turn.
fn dashes(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    let mut cut = Vec::new();
    let mut dash = vec![points[0]];
    let (mut turn, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length < left {
                left -= length;
                dash.push(to);
                break;
            }
            from = (from.0 + dx * left / length, from.1 + dy * left / length);
            dash.push(from);
            if turn % 2 == 0 {
                cut.push(std::mem::take(&mut dash));
            }
            dash = vec![from];
            turn = (turn + 1) % pattern.len();
            left = pattern[turn];
        }
    }
    if turn % 2 == 0 && dash.len() > 1 {
        cut.push(dash);
    }
    cut
}

/// The text without characters that XML cannot hold.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// The text as the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{RGBColor, Stroke, picture};

    /// Text is left as it is, whatever it says.
    #[test]
    fn what_shines_through_is_a_fill_or_a_stroke() {
        let red = RGBColor(255, 0, 0);
        let corners = [(1.0, 1.0), (9.0, 1.0), (5.0, 9.0)];
        let svg = picture("x", 100.0, |canvas| {
            canvas.area(&corners, red, 0.25);
            canvas.rect(corners[0], corners[2], red, 0.5);
            canvas.path(&corners, &Stroke { opacity: 0.75, ..Stroke::solid(red, 1.0) });
            canvas.line(corners[0], corners[1], &Stroke::solid(red, 1.0));
        });
        let elements: Vec<&str> = svg.lines().filter(|line| line.contains("#FF0000")).collect();
        let opacity = [" fill-opacity=\"0.25\"", " fill-opacity=\"0.5\"", " stroke-opacity=\"0.75\""];
        assert_eq!(elements.len(), 4, "{svg}");
        for (element, opacity) in elements.iter().zip(opacity) {
            assert!(element.contains(opacity), "{element}");
        }
        assert!(!elements[3].contains("opacity") && !svg.contains(" opacity="), "{svg}");
        assert_eq!(super::lightened("say fill=\"none\" opacity=\"1\"\n"), "say fill=\"none\" opacity=\"1\"\n");
    }
}
