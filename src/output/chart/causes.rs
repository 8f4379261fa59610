//! What causes the mean and what causes the tail: per portfolio a bar of the parts by risk, twice. Risks are numbered,
//! so that the bars can be read without colour; gains lie left of zero.

use plotters::prelude::RGBColor;

use super::axis::{self, Area, Scale, real};
use super::canvas::{Anchor, Canvas, Point, Stroke};
use super::style::{BODY, INK, NOTE, STRONG, Type, WHITE};
use super::{Sheet, frame, text, words};
use parts::Parts;

mod parts;

/// Most risks named; the rest are one part.
const NAMED: usize = 10;
/// Most rows on a page.
const ROWS: usize = 18;

/// Tints that no portfolio has (after Tol's `light` scheme), the rest grey.
const TINTS: [RGBColor; NAMED + 1] = [
    RGBColor(119, 170, 221),
    RGBColor(238, 136, 102),
    RGBColor(238, 221, 136),
    RGBColor(68, 187, 153),
    RGBColor(255, 170, 187),
    RGBColor(153, 221, 255),
    RGBColor(187, 204, 51),
    RGBColor(187, 153, 204),
    RGBColor(170, 170, 0),
    RGBColor(204, 170, 136),
    RGBColor(221, 221, 221),
];

pub(super) fn draw(sheet: &Sheet) -> String {
    let parts = Parts::new(sheet);
    let rows = sheet.at_most(ROWS);
    let left_out = sheet.left_out(rows.len());
    let gains = parts.mean.iter().chain(&parts.tail).flatten().any(|v| *v < 0.0);
    let net = if gains { " Left of zero: gains; black mark: what is left." } else { "" };
    let subtitle = format!("Loss by the risk that causes it; parts sum to the whole.{net}{left_out}");
    frame::page(sheet, &title(sheet, &parts), &subtitle, |canvas, room| {
        if parts.names.is_empty() {
            return frame::nothing(canvas, &room, "No risk causes a known loss.");
        }
        let names = rows.iter().map(|&p| text::width(sheet.name(p).text, STRONG.size, true));
        let names = names.fold(60.0, f64::max).min(150.0);
        let key = parts.names.iter().map(|n| text::width(n, BODY.size, false));
        let key = (key.fold(60.0, f64::max) + 32.0).min(210.0);
        let plots = Area {
            left: room.left + names + 14.0,
            right: room.right - key - 22.0,
            top: room.top + 24.0,
            bottom: room.bottom - 42.0,
        };
        let middle = f64::midpoint(plots.left, plots.right);
        let mean = Area { right: middle - 14.0, ..plots };
        let tail = Area { left: middle + 14.0, ..plots };
        panel(canvas, sheet, &mean, "Mean: an average future", &rows, &parts.mean);
        panel(canvas, sheet, &tail, "Tail: the worst 1 % of futures", &rows, &parts.tail);
        for (i, &p) in rows.iter().enumerate() {
            name(canvas, sheet, p, &row(&plots, rows.len(), i), room.left, names);
        }
        let side = Area { left: plots.right + 22.0, top: plots.top, ..room };
        legend(canvas, &side, &parts);
    })
}

fn row(plot: &Area, n: usize, i: usize) -> Area {
    let pitch = plot.height() / real(n.max(1));
    let middle = plot.top + pitch * (real(i) + 0.5);
    let half = (pitch * 0.36).min(32.0);
    Area { top: middle - half, bottom: middle + half, ..*plot }
}

fn name(canvas: &mut Canvas, sheet: &Sheet, portfolio: usize, row: &Area, left: f64, room: f64) {
    let most = if row.height() > 40.0 {
        3
    } else if row.height() > 20.0 {
        2
    } else {
        1
    };
    let lines = text::wrap(sheet.name(portfolio), STRONG.size, true, room, most);
    let middle = f64::midpoint(row.top, row.bottom);
    let mut y = middle - 17.0 * (real(lines.len()) - 1.0) / 2.0;
    for line in lines {
        canvas.text(&line, (left, y), Anchor::Start, STRONG);
        y += 17.0;
    }
}

fn panel(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, heading: &str, rows: &[usize], parts: &[Vec<f64>]) {
    let currency = &sheet.results.provenance.currency;
    let gains = |p: &usize| parts[*p].iter().filter(|v| **v < 0.0).sum::<f64>();
    let losses = |p: &usize| parts[*p].iter().filter(|v| **v > 0.0).sum::<f64>();
    let span = axis::span(rows.iter().map(gains).chain(rows.iter().map(losses)).chain([0.0]));
    let (low, high) = axis::widened(span);
    let wide = rows.iter().map(|p| text::width(&total(sheet, &parts[*p]), BODY.size, true));
    let after = wide.fold(0.0, f64::max) + 10.0;
    let x = Scale::linear(low, high, plot.left, plot.right - after);
    let ticks = axis::ticks(low, high, 4);
    let labels = words::money_ticks(&ticks.values, ticks.step, currency);
    let places: Vec<_> = ticks.values.iter().map(|v| x.at(*v)).zip(labels).collect();
    axis::bottom(canvas, plot, &thinned(places));
    canvas.text(heading, (plot.left, plot.top - 12.0), Anchor::Start, STRONG);
    for (i, &p) in rows.iter().enumerate() {
        bar(canvas, sheet, &row(plot, rows.len(), i), &x, &parts[p]);
    }
    axis::rule(canvas, (x.at(0.0), plot.top), (x.at(0.0), plot.bottom));
    let unit = format!("Loss, present value ({currency})");
    let middle = f64::midpoint(plot.left, plot.right);
    canvas.text(&unit, (middle, plot.bottom + 36.0), Anchor::Middle, NOTE);
}

/// Without the labels that would touch their left neighbour.
fn thinned(places: Vec<(f64, String)>) -> Vec<(f64, String)> {
    let mut right = f64::NEG_INFINITY;
    let mut kept = places;
    for (x, label) in &mut kept {
        let half = text::width(label, NOTE.size, false) / 2.0;
        if *x - half < right + 6.0 {
            label.clear();
        } else {
            right = *x + half;
        }
    }
    kept
}

/// What is written behind a bar: the sum of its parts.
fn total(sheet: &Sheet, parts: &[f64]) -> String {
    let sum: f64 = parts.iter().sum();
    if sum.is_finite() { sheet.money(sum) } else { "too few trials".to_owned() }
}

fn bar(canvas: &mut Canvas, sheet: &Sheet, row: &Area, x: &Scale, parts: &[f64]) {
    let (mut below, mut above) = (0.0, 0.0);
    let middle = f64::midpoint(row.top, row.bottom);
    for (i, &part) in parts.iter().enumerate().filter(|p| p.1.is_finite()) {
        let end = if part < 0.0 { &mut below } else { &mut above };
        let (from, to) = (x.at(*end), x.at(*end + part));
        *end += part;
        canvas.rect((from, row.top), (to, row.bottom), tint(i, parts.len()), 1.0);
        if (to - from).abs() > 1.5 {
            canvas.line((to, row.top), (to, row.bottom), &Stroke::solid(WHITE, 1.2));
        }
        let room = (to - from).abs() - text::width(&(i + 1).to_string(), NUMBER.size, true);
        if room > 4.0 && row.height() > 13.0 {
            number(canvas, i, parts.len(), (f64::midpoint(from, to), middle));
        }
    }
    if below < -0.01 * above {
        let net = x.at(above + below);
        let mark = Stroke::solid(INK, 2.5);
        canvas.line((net, row.top - 4.0), (net, row.bottom + 4.0), &mark);
    }
    let bold = Type { bold: true, ..BODY };
    canvas.text(&total(sheet, parts), (x.at(above) + 7.0, middle), Anchor::Start, bold);
}

const NUMBER: Type = Type { bold: true, colour: INK, ..NOTE };

/// Writes the number of a part; the rest has none.
fn number(canvas: &mut Canvas, part: usize, parts: usize, at: Point) {
    if !is_rest(part, parts) {
        canvas.text(&(part + 1).to_string(), at, Anchor::Middle, NUMBER);
    }
}

fn is_rest(part: usize, parts: usize) -> bool {
    parts > NAMED && part >= NAMED
}

fn tint(part: usize, parts: usize) -> RGBColor {
    if is_rest(part, parts) { TINTS[NAMED] } else { TINTS[part % NAMED] }
}

fn legend(canvas: &mut Canvas, room: &Area, parts: &Parts) {
    let n = parts.names.len();
    canvas.text("Risk", (room.left, room.top - 12.0), Anchor::Start, STRONG);
    let pitch = (room.height() / real(n.max(1))).min(40.0);
    let most = if pitch > 36.0 { 2 } else { 1 };
    let mut y = room.top + 12.0;
    for i in 0..n {
        let corners = ((room.left, y - 10.0), (room.left + 22.0, y + 10.0));
        canvas.rect(corners.0, corners.1, tint(i, n), 1.0);
        number(canvas, i, n, (room.left + 11.0, y));
        let lines = text::wrap(parts.name(i), BODY.size, false, room.width() - 30.0, most);
        let first = y - 8.0 * (real(lines.len()) - 1.0);
        for (k, line) in lines.iter().enumerate() {
            canvas.text(line, (room.left + 30.0, first + 16.0 * real(k)), Anchor::Start, BODY);
        }
        y += if lines.len() > 1 { pitch } else { pitch.min(28.0) };
    }
}

/// The largest part of the baseline's tail, and how much of the mean it is.
fn title(sheet: &Sheet, parts: &Parts) -> String {
    let base = sheet.results.baseline;
    let (Some(mean), Some(tail)) = (parts.mean.get(base), parts.tail.get(base)) else {
        return "What causes the mean and the tail".to_owned();
    };
    let top = |of: &[f64]| {
        let order = (0..of.len().min(NAMED)).max_by(|&a, &b| of[a].total_cmp(&of[b]).then(b.cmp(&a)));
        order.filter(|&i| of[i] > 0.0)
    };
    let name = sheet.short(base);
    let Some(worst) = top(tail) else {
        return match top(mean) {
            Some(i) => format!("{} is the largest part of the mean loss of {name}", words::short(parts.name(i))),
            None if parts.unknown => format!("What causes the loss of {name} is not known"),
            None => format!("No risk adds to the cost of {name}"),
        };
    };
    let risk = words::short(parts.name(worst));
    let whole = |of: &[f64]| {
        let gains: f64 = of.iter().filter(|v| **v < 0.0).sum();
        let sum: f64 = of.iter().sum();
        (sum > 0.0 && gains > -0.02 * sum).then_some(sum)
    };
    if let (Some(of_mean), Some(of_tail)) = (whole(mean), whole(tail)) {
        let (m, t) = (mean[worst] / of_mean, tail[worst] / of_tail);
        return format!(
            "{risk} makes {} of the mean loss of {name} and {} of its tail",
            words::percent(m),
            words::percent(t)
        );
    }
    let to_tail = sheet.money(tail[worst]);
    let to_mean = sheet.money(mean[worst].abs());
    if mean[worst] < 0.0 {
        return format!("{risk} takes {to_mean} off the mean loss of {name}, but adds {to_tail} to its tail");
    }
    format!("{risk} adds {to_mean} to the mean loss of {name} and {to_tail} to its tail")
}
