//! What causes the mean and what causes the tail: per portfolio a bar of the parts by risk, twice. Risks are numbered,
//! so that the bars can be read without colour; gains lie left of zero.

use plotters::prelude::RGBColor;

use super::axis::{self, Area, Scale, real};
use super::canvas::{Anchor, Canvas, Stroke};
use super::style::{BODY, INK, NOTE, STRONG, Type, WHITE};
use super::{Sheet, frame, text, words};
use crate::results::By;

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

/// Parts of the loss by named risk: `mean[portfolio][part]`.
struct Parts {
    names: Vec<String>,
    mean: Vec<Vec<f64>>,
    tail: Vec<Vec<f64>>,
}

pub(super) fn draw(sheet: &Sheet) -> String {
    let parts = Parts::new(sheet);
    let rows = sheet.at_most(ROWS);
    let left_out = match sheet.n() - rows.len() {
        0 => String::new(),
        n => format!(" {n} dearer portfolios are left out."),
    };
    let subtitle = format!("Loss by the risk that causes it; parts sum to the whole.{left_out}");
    frame::page(sheet, &title(sheet, &parts), &subtitle, |canvas, room| {
        let names = rows
            .iter()
            .map(|&p| text::width(sheet.name(p), STRONG.size, true));
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
        let mean = Area {
            right: middle - 14.0,
            ..plots
        };
        let tail = Area {
            left: middle + 14.0,
            ..plots
        };
        panel(
            canvas,
            sheet,
            &mean,
            "Mean: an average future",
            &rows,
            &parts.mean,
        );
        panel(
            canvas,
            sheet,
            &tail,
            "Tail: the worst 1 % of futures",
            &rows,
            &parts.tail,
        );
        for (i, &p) in rows.iter().enumerate() {
            name(
                canvas,
                sheet,
                p,
                &row(&plots, rows.len(), i),
                room.left,
                names,
            );
        }
        let side = Area {
            left: plots.right + 22.0,
            top: plots.top,
            ..room
        };
        legend(canvas, &side, &parts.names);
    })
}

impl Parts {
    fn new(sheet: &Sheet) -> Self {
        let n = sheet.n();
        let mut items: Vec<&str> = Vec::new();
        let mut mean: Vec<Vec<f64>> = Vec::new();
        let mut tail: Vec<Vec<f64>> = Vec::new();
        let finite = |v: f64| if v.is_finite() { v } else { 0.0 };
        for a in &sheet.results.attribution {
            if a.by != By::Risk || a.portfolio >= n {
                continue;
            }
            let item = items.iter().position(|&i| i == a.item).unwrap_or_else(|| {
                items.push(&a.item);
                mean.push(vec![0.0; n]);
                tail.push(vec![0.0; n]);
                items.len() - 1
            });
            mean[item][a.portfolio] = finite(a.mean.value);
            tail[item][a.portfolio] = finite(a.tvar_99_part.value);
        }
        let order = ranked(&mean, &tail);
        let named = if order.len() <= NAMED + 1 {
            order.len()
        } else {
            NAMED
        };
        let mut names: Vec<String> = order[..named]
            .iter()
            .map(|&i| items[i].to_owned())
            .collect();
        if order.len() > named {
            names.push(format!("{} others", order.len() - named));
        }
        let split = |of: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let parts_of = |p: usize| {
                let mut parts: Vec<f64> = order[..named].iter().map(|&i| of[i][p]).collect();
                if order.len() > named {
                    parts.push(order[named..].iter().map(|&i| of[i][p]).sum());
                }
                parts
            };
            (0..n).map(parts_of).collect()
        };
        Parts {
            names,
            mean: split(&mean),
            tail: split(&tail),
        }
    }
}

/// The items that cause anything, the weightiest first: by their largest part of any portfolio's mean or tail, each
/// measured by the largest there is.
fn ranked(mean: &[Vec<f64>], tail: &[Vec<f64>]) -> Vec<usize> {
    let largest = |of: &[f64]| of.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let whole = |of: &[Vec<f64>]| of.iter().map(|i| largest(i)).fold(1e-300, f64::max);
    let (mean_whole, tail_whole) = (whole(mean), whole(tail));
    let weight = |i: usize| (largest(&mean[i]) / mean_whole).max(largest(&tail[i]) / tail_whole);
    let mut order: Vec<usize> = (0..mean.len()).filter(|&i| weight(i) > 0.0).collect();
    order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)).then(a.cmp(&b)));
    order
}

fn row(plot: &Area, n: usize, i: usize) -> Area {
    let pitch = plot.height() / real(n.max(1));
    let middle = plot.top + pitch * (real(i) + 0.5);
    let half = (pitch * 0.34).min(26.0);
    Area {
        top: middle - half,
        bottom: middle + half,
        ..*plot
    }
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

fn panel(
    canvas: &mut Canvas,
    sheet: &Sheet,
    plot: &Area,
    heading: &str,
    rows: &[usize],
    parts: &[Vec<f64>],
) {
    let currency = &sheet.results.provenance.currency;
    let gains = |p: &usize| parts[*p].iter().filter(|v| **v < 0.0).sum::<f64>();
    let losses = |p: &usize| parts[*p].iter().filter(|v| **v > 0.0).sum::<f64>();
    let span = axis::span(
        rows.iter()
            .map(gains)
            .chain(rows.iter().map(losses))
            .chain([0.0]),
    );
    let (low, high) = axis::widened(span);
    let wide = rows
        .iter()
        .map(|p| text::width(&sheet.money(losses(p)), BODY.size, true));
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

fn bar(canvas: &mut Canvas, sheet: &Sheet, row: &Area, x: &Scale, parts: &[f64]) {
    let (mut below, mut above) = (0.0, 0.0);
    for (i, &part) in parts.iter().enumerate() {
        let end = if part < 0.0 { &mut below } else { &mut above };
        let (from, to) = (x.at(*end), x.at(*end + part));
        *end += part;
        let fill = tint(i, parts.len());
        canvas.rect((from, row.top), (to, row.bottom), fill, 1.0);
        if (to - from).abs() > 1.5 {
            canvas.line((to, row.top), (to, row.bottom), &Stroke::solid(WHITE, 1.2));
        }
        let number = (i + 1).to_string();
        let kind = Type {
            bold: true,
            colour: INK,
            ..NOTE
        };
        let wide = text::width(&number, kind.size, true);
        if (to - from).abs() > wide + 4.0 && row.height() > 13.0 && number_shown(i, parts.len()) {
            let at = (f64::midpoint(from, to), f64::midpoint(row.top, row.bottom));
            canvas.text(&number, at, Anchor::Middle, kind);
        }
    }
    let net = above + below;
    let middle = f64::midpoint(row.top, row.bottom);
    if below < -0.01 * above {
        let stroke = Stroke::solid(INK, 2.5);
        canvas.line(
            (x.at(net), row.top - 4.0),
            (x.at(net), row.bottom + 4.0),
            &stroke,
        );
    }
    let total = Type { bold: true, ..BODY };
    canvas.text(
        &sheet.money(net),
        (x.at(above) + 7.0, middle),
        Anchor::Start,
        total,
    );
}

/// The rest has no number.
fn number_shown(part: usize, parts: usize) -> bool {
    parts <= NAMED || part < NAMED
}

fn tint(part: usize, parts: usize) -> RGBColor {
    if number_shown(part, parts) {
        TINTS[part % NAMED]
    } else {
        TINTS[NAMED]
    }
}

fn legend(canvas: &mut Canvas, room: &Area, names: &[String]) {
    canvas.text("Risk", (room.left, room.top - 12.0), Anchor::Start, STRONG);
    let pitch = (room.height() / real(names.len().max(1))).min(40.0);
    let wide = room.width() - 30.0;
    let mut y = room.top + 12.0;
    for (i, name) in names.iter().enumerate() {
        let fill = tint(i, names.len());
        canvas.rect(
            (room.left, y - 10.0),
            (room.left + 22.0, y + 10.0),
            fill,
            1.0,
        );
        if number_shown(i, names.len()) {
            let kind = Type {
                bold: true,
                colour: INK,
                ..NOTE
            };
            canvas.text(
                &(i + 1).to_string(),
                (room.left + 11.0, y),
                Anchor::Middle,
                kind,
            );
        }
        let lines = text::wrap(
            name,
            BODY.size,
            false,
            wide,
            if pitch > 36.0 { 2 } else { 1 },
        );
        let up = if lines.len() > 1 { 8.0 } else { 0.0 };
        for (k, line) in lines.iter().enumerate() {
            let at = (room.left + 30.0, y - up + 16.0 * real(k));
            canvas.text(line, at, Anchor::Start, BODY);
        }
        y += if lines.len() > 1 {
            pitch
        } else {
            pitch.min(28.0)
        };
    }
}

/// The largest part of the baseline's tail, and how much of the mean it is.
fn title(sheet: &Sheet, parts: &Parts) -> String {
    let base = sheet.results.baseline;
    let (Some(mean), Some(tail)) = (parts.mean.get(base), parts.tail.get(base)) else {
        return "What causes the mean and the tail".to_owned();
    };
    let top = |of: &[f64]| {
        let order =
            (0..of.len().min(NAMED)).max_by(|&a, &b| of[a].total_cmp(&of[b]).then(b.cmp(&a)));
        order.filter(|&i| of[i] > 0.0)
    };
    let name = sheet.short(base);
    let Some(worst) = top(tail) else {
        return match top(mean) {
            Some(i) => format!(
                "{} causes most of the mean loss of {name}",
                words::short(&parts.names[i])
            ),
            None => format!("No risk adds to the cost of {name}"),
        };
    };
    let risk = words::short(&parts.names[worst]);
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
    format!(
        "{risk} adds {} to the mean loss of {name} and {} to its tail",
        sheet.money(mean[worst]),
        sheet.money(tail[worst])
    )
}
