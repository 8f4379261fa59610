//! Cost against tail risk: a dot per portfolio at its mean total cost and its `TVaR` 99 %, with the error of both.

use super::axis::{self, Area, Scale};
use super::canvas::{Anchor, Canvas, Point, Stroke};
use super::legend::{self, Entry};
use super::style::{AXIS, GRID, NOTE};
use super::{Sheet, frame, text, words};
use crate::results::{Estimate, Verdict};

mod names;

const RADIUS: f64 = 7.0;

pub(super) fn draw(sheet: &Sheet) -> String {
    let dots = dots(sheet);
    let missing = match sheet.n() - dots.len() {
        0 => String::new(),
        n => format!(" {n} left out: too few trials for the tail."),
    };
    let subtitle =
        format!("Mean total cost against the mean loss in the worst 1 % of futures. Bars: 95 % confidence.{missing}");
    frame::page(sheet, &title(sheet), &subtitle, |canvas, room| {
        if dots.is_empty() {
            return frame::nothing(canvas, &room, "Too few trials for the worst 1 % of futures.");
        }
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
        let whole =
            Area { left: room.left + 92.0, right: room.right - 28.0, top: room.top + 6.0, bottom: room.bottom - 42.0 };
        let scales = |plot: &Area| {
            let x = Scale::linear(costs.0, costs.1, plot.left, plot.right);
            (x, Scale::linear(tails.0, tails.1, plot.bottom, plot.top))
        };
        let (x, y) = scales(&whole);
        let names = names::find(sheet, &whole, &dots, (&x, &y), hint(sheet, &whole, &dots, &x, &y));
        let entries: Vec<Entry> = (0..sheet.n()).map(|portfolio| Entry { portfolio, remark: String::new() }).collect();
        let plot = match names {
            Some(_) => whole,
            None => Area { right: room.right - legend::width(sheet, &entries) - 36.0, ..whole },
        };
        let (x, y) = scales(&plot);
        axes(canvas, sheet, &plot, (costs, &x), (tails, &y));
        quadrant(canvas, sheet, &plot, &dots, &x, &y);
        for dot in &dots {
            errors(canvas, sheet, dot, &x, &y);
        }
        for dot in &dots {
            let at = (x.at(dot.cost.value), y.at(dot.tail.value));
            sheet.looks[dot.portfolio].dot(canvas, at, RADIUS, true);
        }
        if let Some(names) = names {
            for name in names {
                name.write(canvas);
            }
        } else {
            let side = Area { left: plot.right + 36.0, ..room };
            legend::draw(canvas, &side, sheet, &entries, |canvas, look, left, y| {
                look.dot(canvas, (left + 16.0, y), RADIUS, true);
            });
        }
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
        Some(Dot { portfolio, cost: headline.mean_total_cost, tail: headline.tvar_99 })
    };
    sheet.back_to_front().into_iter().filter_map(dot).collect()
}

fn axes(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, (costs, x): (Point, &Scale), (tails, y): (Point, &Scale)) {
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

const HINT: &str = "cheaper and safer than the baseline";

/// The baseline's dot, where there are others to compare.
fn baseline<'a>(sheet: &Sheet, dots: &'a [Dot]) -> Option<&'a Dot> {
    dots.iter().find(|d| d.portfolio == sheet.results.baseline).filter(|_| dots.len() > 1)
}

/// Shades what is cheaper and safer than the baseline, and says so in the corner if there is room.
fn quadrant(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, dots: &[Dot], x: &Scale, y: &Scale) {
    let Some(base) = baseline(sheet, dots) else {
        return;
    };
    let at = (x.at(base.cost.value), y.at(base.tail.value));
    canvas.rect((plot.left, at.1), (at.0, plot.bottom), GRID, 0.45);
    let dashed = Stroke { dash: &[4.0, 4.0], ..Stroke::solid(AXIS, 1.0) };
    canvas.line((plot.left, at.1), (plot.right, at.1), &dashed);
    canvas.line((at.0, plot.top), (at.0, plot.bottom), &dashed);
    if let Some(words) = hint(sheet, plot, dots, x, y) {
        let corner = (words.left, f64::midpoint(words.top, words.bottom));
        canvas.text(HINT, corner, Anchor::Start, NOTE);
    }
}

/// What the words in the corner cover, if there is room for them.
fn hint(sheet: &Sheet, plot: &Area, dots: &[Dot], x: &Scale, y: &Scale) -> Option<Area> {
    let base = baseline(sheet, dots)?;
    let at = (x.at(base.cost.value), y.at(base.tail.value));
    let words = Area {
        left: plot.left + 10.0,
        right: plot.left + 14.0 + text::width(HINT, NOTE.size, false),
        top: plot.bottom - 24.0,
        bottom: plot.bottom - 6.0,
    };
    if words.right > at.0 || words.top < at.1 + 4.0 {
        return None;
    }
    let mut covered = dots.iter().flat_map(|d| names::covered(d, x, y));
    covered.all(|c| names::overlap(&c, &words) <= 0.0).then_some(words)
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

/// What the safest portfolio gains over the baseline, and at which price.
fn title(sheet: &Sheet) -> String {
    let mut dots = dots(sheet);
    dots.sort_by(|a, b| a.tail.value.total_cmp(&b.tail.value).then(a.portfolio.cmp(&b.portfolio)));
    let base = sheet.results.baseline;
    let name = sheet.short(base);
    let (Some(safest), Some(of_base)) = (dots.first(), dots.iter().find(|d| d.portfolio == base)) else {
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
        Verdict::Better => {
            format!("{other} is cheaper and safer than {name}: by {price} on average, by {less} in the worst 1 %")
        }
        Verdict::Worse => {
            format!("{other} loses {less} less than {name} in the worst 1 %, and costs {price} more on average")
        }
        Verdict::CannotTell => {
            format!("{other} loses {less} less than {name} in the worst 1 %, at no clear difference in mean cost")
        }
    }
}
