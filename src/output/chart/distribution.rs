//! What the horizon costs in total: a row per portfolio with the outline of its histogram, its mean, and the range of
//! nine futures in ten. Cheapest first.

use super::axis::{self, Area, Scale, real};
use super::canvas::{Anchor, Canvas, Point, Stroke, WIDTH};
use super::style::{BODY, INK, Look, NOTE, STRONG, Type, WHITE};
use super::{Sheet, frame, text, words};
use crate::results::Verdict;

/// Most rows on a page.
const ROWS: usize = 20;
/// Most bins drawn across.
const BINS: usize = 110;
/// Part of the trials that the axis must show, of every portfolio.
const SHOWN: f64 = 0.99;

pub(super) fn draw(sheet: &Sheet) -> String {
    let mut rows = sheet.at_most(ROWS);
    rows.sort_by(|&a, &b| mean(sheet, a).total_cmp(&mean(sheet, b)));
    let left_out = sheet.left_out(rows.len());
    let shape = Shape::new(sheet, &rows);
    let beyond = if shape.cut { " Up to 1 % of futures lie beyond the axis." } else { "" };
    let subtitle = format!(
        "How often each total cost comes out, heights scaled row by row. Dot: mean; line: nine futures in ten.{beyond}{left_out}"
    );
    frame::page(sheet, &title(sheet), &subtitle, |canvas, room| {
        let names = rows.iter().map(|&p| text::width(sheet.name(p).text, STRONG.size, true));
        let names = names.fold(70.0, f64::max).min(190.0);
        let plot = Area {
            left: room.left + names + 16.0,
            right: room.right - 142.0,
            top: room.top + 4.0,
            bottom: room.bottom - 42.0,
        };
        if shape.empty {
            return frame::nothing(canvas, &room, "No total cost is known.");
        }
        let x = Scale::linear(shape.low, shape.high, plot.left, plot.right);
        axes(canvas, sheet, &plot, &shape, &x);
        let pitch = plot.height() / real(rows.len().max(1));
        for (i, &p) in rows.iter().enumerate() {
            let row = Area { top: plot.top + pitch * real(i), bottom: plot.top + pitch * real(i + 1), ..plot };
            name(canvas, sheet, p, &row, room.left, names);
            ridge(canvas, &sheet.looks[p], &bins(sheet, p, &shape), &row, &x);
            figures(canvas, sheet, p, &row, &x);
        }
    })
}

fn mean(sheet: &Sheet, portfolio: usize) -> f64 {
    sheet.headline(portfolio).map_or(f64::NAN, |h| h.mean_total_cost.value)
}

/// The range of cost that is drawn, and how many bins of the results make one of the picture.
struct Shape {
    low: f64,
    high: f64,
    merge: usize,
    /// Some trials lie beyond.
    cut: bool,
    empty: bool,
}

impl Shape {
    fn new(sheet: &Sheet, rows: &[usize]) -> Self {
        let edges = &sheet.results.distribution.edges;
        let (mut first, mut last) = (usize::MAX, 0);
        for counts in rows.iter().filter_map(|&p| sheet.results.distribution.counts.get(p)) {
            let counts = &counts[..counts.len().min(edges.len().saturating_sub(1))];
            if let Some((a, b)) = bulk(counts) {
                first = first.min(a);
                last = last.max(b);
            }
        }
        let range = |a: usize, b: usize| [edges.get(a), edges.get(b + 1)].into_iter().flatten();
        let ends = if first <= last { range(first, last) } else { range(0, edges.len()) };
        let marks = rows.iter().flat_map(|&p| {
            let [low, high] = nine_in_ten(sheet, p).unwrap_or([f64::NAN; 2]);
            [low, high, mean(sheet, p)]
        });
        let span = axis::span(ends.copied().chain(marks));
        let empty = span.is_none();
        let (low, high) = axis::widened(span);
        let pad = (high - low) * 0.02;
        let shown = if first <= last { last - first + 1 } else { 1 };
        let cut = first <= last && last + 2 < edges.len();
        Shape { low: low - pad, high: high + pad, merge: shown.div_ceil(BINS).max(1), cut, empty }
    }
}

/// First and last bin between which nearly all trials lie.
fn bulk(counts: &[u64]) -> Option<(usize, usize)> {
    let total: u64 = counts.iter().sum();
    let beyond = share(total, 1) * (1.0 - SHOWN);
    let first = counts.iter().position(|&c| c > 0)?;
    let mut tail = 0;
    for (i, &c) in counts.iter().enumerate().rev() {
        tail += c;
        if share(tail, 1) > beyond {
            return Some((first, i));
        }
    }
    None
}

#[expect(clippy::cast_precision_loss, reason = "a part of all trials, to be drawn")]
fn share(count: u64, total: u64) -> f64 {
    count as f64 / total.max(1) as f64
}

/// The 5 and 95 % quantiles of total cost.
fn nine_in_ten(sheet: &Sheet, portfolio: usize) -> Option<[f64; 2]> {
    let quantile = |level: f64| {
        let mut rows = sheet.results.measures.iter();
        rows.find(|m| {
            m.portfolio == portfolio
                && m.quantity == "total_cost"
                && m.measure == "quantile"
                && m.level.is_some_and(|l| (l - level).abs() < 1e-9)
        })
        .and_then(|m| words::known(&m.estimate))
    };
    Some([quantile(0.05)?, quantile(0.95)?])
}

fn axes(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, shape: &Shape, x: &Scale) {
    let provenance = &sheet.results.provenance;
    let ticks = axis::ticks(shape.low, shape.high, 6);
    let labels = words::money_ticks(&ticks.values, ticks.step, &provenance.currency);
    let places: Vec<_> = ticks.values.iter().map(|v| x.at(*v)).zip(labels).collect();
    axis::bottom(canvas, plot, &places);
    if shape.low < 0.0 && shape.high > 0.0 {
        axis::rule(canvas, (x.at(0.0), plot.top), (x.at(0.0), plot.bottom));
    }
    axis::rule(canvas, (plot.left, plot.bottom), (plot.right, plot.bottom));
    let words = format!("Total cost over {}, present value ({})", words::horizon(provenance), provenance.currency);
    let middle = f64::midpoint(plot.left, plot.right);
    canvas.text(&words, (middle, plot.bottom + 36.0), Anchor::Middle, NOTE);
}

fn name(canvas: &mut Canvas, sheet: &Sheet, portfolio: usize, row: &Area, left: f64, room: f64) {
    let most = if row.height() > 36.0 { 2 } else { 1 };
    let lines = text::wrap(sheet.name(portfolio), STRONG.size, true, room, most);
    let mut y = base(row) - 9.0 - 17.0 * real(lines.len().saturating_sub(1));
    for line in lines {
        canvas.text(&line, (left, y), Anchor::Start, STRONG);
        y += 17.0;
    }
}

/// Where the outline of a row stands.
fn base(row: &Area) -> f64 {
    row.bottom - (row.height() * 0.22).min(16.0)
}

/// A bin of the picture.
struct Bin {
    low: f64,
    high: f64,
    /// Part of all trials.
    part: f64,
}

impl Bin {
    fn density(&self) -> f64 {
        self.part / (self.high - self.low)
    }
}

/// The bins of a portfolio from its first occupied one to its last, as far as the axis goes.
fn bins(sheet: &Sheet, portfolio: usize, shape: &Shape) -> Vec<Bin> {
    let distribution = &sheet.results.distribution;
    let Some(counts) = distribution.counts.get(portfolio) else {
        return Vec::new();
    };
    let total: u64 = counts.iter().sum();
    let bin = |(i, c): (usize, &[u64])| {
        let low = *distribution.edges.get(i * shape.merge)?;
        let high = *distribution.edges.get(i * shape.merge + c.len())?;
        let part = share(c.iter().sum(), total);
        let shown = high > low && high > shape.low && low < shape.high;
        shown.then_some(Bin { low, high, part })
    };
    let mut bins: Vec<Bin> = counts.chunks(shape.merge).enumerate().filter_map(bin).collect();
    let occupied = |b: &Bin| b.part > 0.0;
    bins.truncate(bins.iter().rposition(occupied).map_or(0, |i| i + 1));
    bins.drain(..bins.iter().position(occupied).unwrap_or(0));
    bins
}

/// Outline of the histogram. One bin far above all others is cut off, and says how much it holds.
fn ridge(canvas: &mut Canvas, look: &Look, bins: &[Bin], row: &Area, x: &Scale) {
    let by_density = |a: &usize, b: &usize| bins[*a].density().total_cmp(&bins[*b].density());
    let Some(peak) = (0..bins.len()).max_by(by_density) else {
        return;
    };
    let others = bins.iter().enumerate().filter(|(i, _)| i.abs_diff(peak) > 1);
    let next = others.map(|(_, b)| b.density()).fold(0.0, f64::max);
    let lone = bins[peak].density() > 4.0 * next;
    let full = if lone && next > 0.0 { next * 2.0 } else { bins[peak].density() };
    let base = base(row);
    let labelled = lone && row.height() > 30.0;
    let room = base - row.top - if labelled { 19.0 } else { 5.0 };
    let up = |d: f64| base - (d / full).min(1.0) * room.max(4.0);
    let mut outline: Vec<Point> = vec![(x.at(bins[0].low), base)];
    for b in bins {
        outline.extend([(x.at(b.low), up(b.density())), (x.at(b.high), up(b.density()))]);
    }
    outline.push((x.at(bins[bins.len() - 1].high), base));
    canvas.area(&outline, look.colour, 0.3);
    canvas.path(&outline, &Stroke::solid(look.edge(), 1.5));
    let (left, right) = (x.at(bins[peak].low), x.at(bins[peak].high));
    if lone && next > 0.0 {
        let y = base - room * 0.75;
        canvas.line((left - 4.0, y + 3.0), (right + 4.0, y - 3.0), &Stroke::solid(WHITE, 3.5));
    }
    if labelled {
        let words = format!("{} of futures", words::percent(bins[peak].part));
        let half = text::width(&words, NOTE.size, false) / 2.0;
        let middle = f64::midpoint(left, right).max(row.left + half).min(row.right - half);
        canvas.text(&words, (middle, row.top + 10.0), Anchor::Middle, NOTE);
    }
}

/// Mean and range, as marks under the outline and as figures beside it.
fn figures(canvas: &mut Canvas, sheet: &Sheet, portfolio: usize, row: &Area, x: &Scale) {
    let look = &sheet.looks[portfolio];
    let y = base(row);
    let range = nine_in_ten(sheet, portfolio);
    axis::rule(canvas, (row.left, y), (row.right, y));
    if let Some([low, high]) = range {
        let stroke = Stroke::solid(look.edge(), 3.0);
        canvas.line((x.at(low), y), (x.at(high), y), &stroke);
    }
    let mean = mean(sheet, portfolio);
    if mean.is_finite() {
        let radius = (row.height() / 5.0).clamp(3.5, 6.0);
        look.dot(canvas, (x.at(mean), y), radius, true);
    }
    let at = row.right + 18.0;
    let roomy = range.is_some() && row.height() > 36.0;
    let strong = Type { bold: true, colour: INK, ..BODY };
    let up = if roomy { 25.0 } else { 9.0 };
    canvas.text(&format!("mean {}", sheet.money(mean)), (at, y - up), Anchor::Start, strong);
    if let (Some([low, high]), true) = (range, roomy) {
        let words = words::money_range(low, high, &sheet.results.provenance.currency);
        let words = text::fit(&words, NOTE.size, false, WIDTH - at - 6.0);
        canvas.text(&words, (at, y - 8.0), Anchor::Start, NOTE);
    }
}

fn title(sheet: &Sheet) -> String {
    let known = |&p: &usize| mean(sheet, p).is_finite();
    let mut order: Vec<usize> = (0..sheet.n()).filter(known).collect();
    order.sort_by(|&a, &b| mean(sheet, a).total_cmp(&mean(sheet, b)));
    let Some(&cheapest) = order.first() else {
        return "The total cost is not known".to_owned();
    };
    let amount = sheet.money(mean(sheet, cheapest));
    let base = sheet.results.baseline;
    match sheet.comparison(cheapest) {
        _ if order.len() == 1 => format!("{} costs {amount} on average", sheet.short(cheapest)),
        _ if cheapest == base => baseline_is_cheapest(sheet, order[1], &amount),
        None => format!("{} is cheapest on average: {amount}", sheet.short(cheapest)),
        Some(c) if c.verdict == Verdict::Better => format!(
            "{} costs {amount} on average, {} less than {}",
            sheet.short(cheapest),
            sheet.money(c.mean.value.abs()),
            sheet.short(base),
        ),
        Some(_) => format!(
            "No portfolio is clearly cheaper than {}: {} on average",
            sheet.short(base),
            sheet.money(mean(sheet, base))
        ),
    }
}

fn baseline_is_cheapest(sheet: &Sheet, second: usize, amount: &str) -> String {
    let name = sheet.short(sheet.results.baseline);
    let more = sheet.comparison(second).map(|c| sheet.money(c.mean.value.abs()));
    let mut others = sheet.results.comparison.iter();
    match more {
        Some(more) if others.all(|c| c.verdict == Verdict::Worse) => {
            format!("{name} is cheapest on average: {amount}; {} costs {more} more", sheet.short(second))
        }
        _ => format!("{name} costs {amount} on average, and none is clearly cheaper"),
    }
}
