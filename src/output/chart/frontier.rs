//! Cost against tail risk: a dot per portfolio at its mean total cost and its TVaR 99 %, with the error of both.

use super::axis::{self, Area, Scale, real};
use super::canvas::{Anchor, Canvas, Point, Stroke};
use super::style::{GRID, INK, NOTE, SOFT, STRONG, Type};
use super::{Sheet, frame, text, words};
use crate::results::{Estimate, Verdict};

const RADIUS: f64 = 7.0;

pub(super) fn draw(sheet: &Sheet) -> String {
    let dots = dots(sheet);
    let missing = match sheet.n() - dots.len() {
        0 => String::new(),
        n => format!(" Without {n} whose tail the sample is too small for."),
    };
    let subtitle = format!(
        "Mean total cost against the mean loss in the worst 1 % of futures. Bars: 95 % confidence.{missing}"
    );
    frame::page(sheet, &title(sheet), &subtitle, |canvas, room| {
        let plot = Area {
            left: room.left + 92.0,
            right: room.right - 8.0,
            top: room.top + 6.0,
            bottom: room.bottom - 42.0,
        };
        let range = |pick: fn(&Dot) -> &Estimate| {
            let ends = dots.iter().map(pick).flat_map(|e| {
                let (low, high) = words::interval(e).unwrap_or((e.value, e.value));
                [low, high, e.value]
            });
            let (low, high) = axis::widened(axis::span(ends));
            let pad = (high - low) * 0.08;
            axis::rounded(low - pad, high + pad, 8)
        };
        let (costs, tails) = (range(|d| &d.cost), range(|d| &d.tail));
        let x = Scale::linear(costs.0, costs.1, plot.left, plot.right);
        let y = Scale::linear(tails.0, tails.1, plot.bottom, plot.top);
        axes(canvas, sheet, &plot, (costs, &x), (tails, &y));
        quadrant(canvas, sheet, &plot, &dots, &x, &y);
        for dot in &dots {
            errors(canvas, sheet, dot, &x, &y);
        }
        for dot in &dots {
            let at = (x.at(dot.cost.value), y.at(dot.tail.value));
            sheet.looks[dot.portfolio].dot(canvas, at, RADIUS, true);
        }
        names(canvas, sheet, &plot, &dots, &x, &y);
    })
}

/// A portfolio whose cost and tail are both known.
struct Dot {
    portfolio: usize,
    cost: Estimate,
    tail: Estimate,
}

/// In the order of drawing.
fn dots(sheet: &Sheet) -> Vec<Dot> {
    let dot = |portfolio: usize| {
        let headline = sheet.headline(portfolio)?;
        words::known(&headline.mean_total_cost)?;
        words::known(&headline.tvar_99)?;
        Some(Dot {
            portfolio,
            cost: headline.mean_total_cost,
            tail: headline.tvar_99,
        })
    };
    sheet.back_to_front().into_iter().filter_map(dot).collect()
}

fn axes(
    canvas: &mut Canvas,
    sheet: &Sheet,
    plot: &Area,
    (costs, x): (Point, &Scale),
    (tails, y): (Point, &Scale),
) {
    let currency = &sheet.results.provenance.currency;
    let ticks = axis::ticks(costs.0, costs.1, 8);
    let labels = words::money_ticks(&ticks.values, ticks.step, currency);
    let places: Vec<_> = ticks.values.iter().map(|v| x.at(*v)).zip(labels).collect();
    axis::bottom(canvas, plot, &places);
    let ticks = axis::ticks(tails.0, tails.1, 8);
    let labels = words::money_ticks(&ticks.values, ticks.step, currency);
    let places: Vec<_> = ticks.values.iter().map(|v| y.at(*v)).zip(labels).collect();
    axis::left(canvas, plot, &places);
    axis::rule(canvas, (plot.left, plot.bottom), (plot.right, plot.bottom));
    axis::rule(canvas, (plot.left, plot.top), (plot.left, plot.bottom));
    let middle = f64::midpoint(plot.left, plot.right);
    let words = format!("Mean total cost, present value ({currency})");
    canvas.text(&words, (middle, plot.bottom + 36.0), Anchor::Middle, NOTE);
    let middle = f64::midpoint(plot.top, plot.bottom);
    let words = format!("Mean loss in the worst 1 % of futures ({currency})");
    canvas.upward(&words, (plot.left - 84.0, middle), NOTE);
}

/// Shades what is cheaper and safer than the baseline.
fn quadrant(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, dots: &[Dot], x: &Scale, y: &Scale) {
    let Some(base) = dots.iter().find(|d| d.portfolio == sheet.results.baseline) else {
        return;
    };
    if dots.len() < 2 {
        return;
    }
    let at = (x.at(base.cost.value), y.at(base.tail.value));
    canvas.rect((plot.left, at.1), (at.0, plot.bottom), GRID, 0.45);
    let dashed = Stroke {
        dash: &[4.0, 4.0],
        ..Stroke::solid(super::style::AXIS, 1.0)
    };
    canvas.line((plot.left, at.1), (plot.right, at.1), &dashed);
    canvas.line((at.0, plot.top), (at.0, plot.bottom), &dashed);
}

fn errors(canvas: &mut Canvas, sheet: &Sheet, dot: &Dot, x: &Scale, y: &Scale) {
    let at = (x.at(dot.cost.value), y.at(dot.tail.value));
    let stroke = Stroke::solid(sheet.looks[dot.portfolio].edge(), 1.6);
    if let Some((low, high)) = words::interval(&dot.cost) {
        let (low, high) = (x.at(low), x.at(high));
        canvas.line((low, at.1), (high, at.1), &stroke);
        for end in [low, high] {
            canvas.line((end, at.1 - 4.0), (end, at.1 + 4.0), &stroke);
        }
    }
    if let Some((low, high)) = words::interval(&dot.tail) {
        let (low, high) = (y.at(low), y.at(high));
        canvas.line((at.0, low), (at.0, high), &stroke);
        for end in [low, high] {
            canvas.line((at.0 - 4.0, end), (at.0 + 4.0, end), &stroke);
        }
    }
}

/// Writes each name where it covers nothing; far from its dot with a leader.
fn names(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, dots: &[Dot], x: &Scale, y: &Scale) {
    let mut taken: Vec<Area> = dots.iter().flat_map(|d| covered(d, x, y)).collect();
    let mut order: Vec<&Dot> = dots.iter().rev().collect();
    order.sort_by_key(|d| !sheet.looks[d.portfolio].coloured);
    for dot in order {
        let at = (x.at(dot.cost.value), y.at(dot.tail.value));
        let coloured = sheet.looks[dot.portfolio].coloured;
        let kind = if coloured { STRONG } else { NOTE };
        let lines = text::wrap(sheet.name(dot.portfolio), kind.size, kind.bold, 230.0, 2);
        let wide = lines
            .iter()
            .map(|l| text::width(l, kind.size, kind.bold))
            .fold(0.0, f64::max);
        let size = (wide + 4.0, 17.0 * real(lines.len()));
        let (place, far) = place(at, size, plot, &taken);
        if far {
            leader(canvas, at, &place);
        }
        let anchor = if place.left >= at.0 {
            (place.left + 2.0, Anchor::Start)
        } else if place.right <= at.0 {
            (place.right - 2.0, Anchor::End)
        } else {
            (f64::midpoint(place.left, place.right), Anchor::Middle)
        };
        for (i, line) in lines.iter().enumerate() {
            let y = place.top + 8.5 + 17.0 * real(i);
            canvas.text(
                line,
                (anchor.0, y),
                anchor.1,
                Type {
                    colour: if coloured { INK } else { SOFT },
                    ..kind
                },
            );
        }
        taken.push(place);
    }
}

/// What a dot and its bars cover.
fn covered(dot: &Dot, x: &Scale, y: &Scale) -> [Area; 3] {
    let at = (x.at(dot.cost.value), y.at(dot.tail.value));
    let cost = words::interval(&dot.cost).unwrap_or((dot.cost.value, dot.cost.value));
    let tail = words::interval(&dot.tail).unwrap_or((dot.tail.value, dot.tail.value));
    let r = RADIUS + 3.0;
    [
        Area {
            left: at.0 - r,
            right: at.0 + r,
            top: at.1 - r,
            bottom: at.1 + r,
        },
        Area {
            left: x.at(cost.0),
            right: x.at(cost.1),
            top: at.1 - 4.0,
            bottom: at.1 + 4.0,
        },
        Area {
            left: at.0 - 4.0,
            right: at.0 + 4.0,
            top: y.at(tail.1),
            bottom: y.at(tail.0),
        },
    ]
}

/// The place for a name of this size that covers least, near places first; and whether it needs a leader.
fn place(at: Point, size: Point, plot: &Area, taken: &[Area]) -> (Area, bool) {
    let mut best = (
        f64::INFINITY,
        Area {
            left: 0.0,
            right: 0.0,
            top: 0.0,
            bottom: 0.0,
        },
        false,
    );
    for (ring, reach) in [12.0, 20.0, 34.0, 52.0, 74.0, 100.0, 130.0]
        .into_iter()
        .enumerate()
    {
        for turn in 0..16 {
            let angle = f64::from(turn) * std::f64::consts::PI / 8.0;
            let (dx, dy) = (libm::cos(angle), -libm::sin(angle));
            let anchor = (at.0 + dx * reach, at.1 + dy * reach);
            let left = anchor.0 + (round_third(dx) - 1.0) * size.0 / 2.0;
            let top = anchor.1 + (dy - 1.0) * size.1 / 2.0;
            let area = Area {
                left,
                right: left + size.0,
                top,
                bottom: top + size.1,
            };
            let sideways = if dx.abs() > 0.99 { 0.0 } else { 1.0 };
            let cost = 1000.0 * outside(&area, plot)
                + taken.iter().map(|t| overlap(&area, t)).sum::<f64>()
                + real(ring) * 3.0
                + sideways;
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

fn overlap(a: &Area, b: &Area) -> f64 {
    let wide = a.right.min(b.right) - a.left.max(b.left);
    let high = a.bottom.min(b.bottom) - a.top.max(b.top);
    if wide > 0.0 && high > 0.0 {
        20.0 + wide * high
    } else {
        0.0
    }
}

fn outside(a: &Area, plot: &Area) -> f64 {
    let over = [
        plot.left - a.left,
        a.right - plot.right,
        plot.top - a.top,
        a.bottom - plot.bottom,
    ];
    over.into_iter().map(|o| o.max(0.0)).sum()
}

fn leader(canvas: &mut Canvas, at: Point, place: &Area) {
    let to = (
        at.0.max(place.left).min(place.right),
        at.1.max(place.top).min(place.bottom),
    );
    canvas.line(at, to, &Stroke::solid(SOFT, 0.9));
}

/// What the safest portfolio gains over the baseline, and at which price.
fn title(sheet: &Sheet) -> String {
    let mut dots = dots(sheet);
    dots.sort_by(|a, b| {
        a.tail
            .value
            .total_cmp(&b.tail.value)
            .then(a.portfolio.cmp(&b.portfolio))
    });
    let base = sheet.results.baseline;
    let name = sheet.short(base);
    let (Some(safest), Some(of_base)) = (dots.first(), dots.iter().find(|d| d.portfolio == base))
    else {
        return "Too few trials to set cost against tail risk".to_owned();
    };
    if dots.len() == 1 {
        return format!(
            "{name} costs {} on average and loses {} in the worst 1 % of futures",
            sheet.money(of_base.cost.value),
            sheet.money(of_base.tail.value)
        );
    }
    if safest.portfolio == base || !words::clearly_above(&of_base.tail, &safest.tail) {
        return format!("No portfolio is clearly safer than {name} in the worst 1 % of futures");
    }
    let other = sheet.short(safest.portfolio);
    let less = sheet.money(of_base.tail.value - safest.tail.value);
    let Some(comparison) = sheet.comparison(safest.portfolio) else {
        return format!("{other} loses {less} less than {name} in the worst 1 % of futures");
    };
    let price = sheet.money(comparison.mean.value.abs());
    match comparison.verdict {
        Verdict::Better => format!(
            "{other} is cheaper and safer than {name}: {price} less on average, {less} less in the worst 1 %"
        ),
        Verdict::Worse => format!(
            "{other} loses {less} less than {name} in the worst 1 %, and costs {price} more on average"
        ),
        Verdict::CannotTell => format!(
            "{other} loses {less} less than {name} in the worst 1 %, at no clear difference in mean cost"
        ),
    }
}
