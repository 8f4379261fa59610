//! Loss month by month: a panel per portfolio with the fan of its quantiles, its median and its mean, on one scale.

use super::axis::{self, Area, Scale, real};
use super::canvas::{Anchor, Canvas, Point, Stroke};
use super::style::{AXIS, INK, Look, NOTE, SOFT, STRONG, Type};
use super::{Sheet, frame, text, words};
use crate::results::TimelinePoint;

/// Most panels on a page.
const PANELS: usize = 20;
/// More months than this are drawn as lines, not as steps.
const STEPS: usize = 120;
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn draw(sheet: &Sheet) -> String {
    let shown = sheet.at_most(PANELS);
    let left_out = sheet.left_out(shown.len());
    let subtitle = format!("Loss of each month, present value.{left_out}");
    frame::page(sheet, &title(sheet), &subtitle, |canvas, room| {
        let paths: Vec<Vec<&TimelinePoint>> = shown.iter().map(|&p| path(sheet, p)).collect();
        if paths.iter().flatten().all(|t| !t.mean.is_finite()) {
            return frame::nothing(canvas, &room, "No month is known.");
        }
        key(canvas, &room);
        let grid = Grid::new(sheet, &room, &paths);
        for (i, (&p, path)) in shown.iter().zip(&paths).enumerate() {
            let plot = grid.panel(i);
            grid.axes(canvas, sheet, &plot, i, shown.len());
            fan(canvas, &sheet.looks[p], path, &grid.x(&plot), &grid.y(&plot));
            heading(canvas, sheet, p, &plot, shown.len() > 1);
        }
    })
}

/// The months of a portfolio, in order.
fn path<'a>(sheet: &Sheet<'a>, portfolio: usize) -> Vec<&'a TimelinePoint> {
    let mut path: Vec<_> = sheet.results.timeline.iter().filter(|t| t.portfolio == portfolio).collect();
    path.sort_by_key(|t| t.month);
    path
}

/// Panels in rows and columns, with what they share.
struct Grid {
    room: Area,
    columns: usize,
    rows: usize,
    months: usize,
    start: Option<(usize, usize)>,
    losses: Point,
}

impl Grid {
    fn new(sheet: &Sheet, room: &Area, paths: &[Vec<&TimelinePoint>]) -> Self {
        let (columns, rows) = match paths.len() {
            0 | 1 => (1, 1),
            2 => (2, 1),
            3 => (3, 1),
            4 => (2, 2),
            5 | 6 => (3, 2),
            7..=9 => (3, 3),
            10..=12 => (4, 3),
            13..=16 => (4, 4),
            _ => (5, 4),
        };
        let all = || paths.iter().flatten();
        let values = all().flat_map(|t| [t.mean, t.quantiles[0], t.quantiles[4]]);
        let (low, high) = axis::widened(axis::span(values.chain([0.0])));
        let ticks = if rows > 2 { 3 } else { 5 };
        let pad = (high - low) * 0.04;
        let losses = (if low < 0.0 { low - pad } else { low }, high + pad);
        let currency = &sheet.results.provenance.currency;
        let ticks = axis::ticks(losses.0, losses.1, ticks);
        let labels = words::money_ticks(&ticks.values, ticks.step, currency);
        let wide = labels.iter().map(|l| text::width(l, NOTE.size, false)).fold(0.0, f64::max);
        let room = Area { left: room.left + wide + 30.0, top: room.top + 26.0, bottom: room.bottom - 24.0, ..*room };
        let months = all().map(|t| t.month + 1).max().unwrap_or(1);
        let first = all().find(|t| t.month == 0).map_or("", |t| &t.start);
        Grid { room, columns, rows, months, start: year_and_month(first), losses }
    }

    fn panel(&self, i: usize) -> Area {
        let (column, row) = (i % self.columns, i / self.columns);
        let wide = (self.room.width() + 22.0) / real(self.columns);
        let high = (self.room.height() + 14.0) / real(self.rows);
        let left = self.room.left + wide * real(column);
        let top = self.room.top + high * real(row);
        Area { left, right: left + wide - 22.0, top: top + 20.0, bottom: top + high - 14.0 }
    }

    fn x(&self, plot: &Area) -> Scale {
        Scale::linear(0.0, real(self.months), plot.left, plot.right)
    }

    fn y(&self, plot: &Area) -> Scale {
        Scale::linear(self.losses.0, self.losses.1, plot.bottom, plot.top)
    }

    fn axes(&self, canvas: &mut Canvas, sheet: &Sheet, plot: &Area, i: usize, n: usize) {
        let currency = &sheet.results.provenance.currency;
        let y = self.y(plot);
        let ticks = axis::ticks(self.losses.0, self.losses.1, if self.rows > 2 { 3 } else { 5 });
        let mut labels = words::money_ticks(&ticks.values, ticks.step, currency);
        if !i.is_multiple_of(self.columns) {
            labels.iter_mut().for_each(String::clear);
        }
        let places: Vec<_> = ticks.values.iter().map(|v| y.at(*v)).zip(labels).collect();
        axis::left(canvas, plot, &places);
        let x = self.x(plot);
        let lowest = i + self.columns >= n;
        for (month, label) in self.dates(plot.width()) {
            let at = x.at(real(month));
            canvas.line((at, plot.bottom), (at, plot.bottom + 4.0), &Stroke::solid(AXIS, 1.0));
            if lowest {
                let half = text::width(&label, NOTE.size, false) / 2.0;
                let at = at.max(plot.left + half - 16.0).min(plot.right - half + 10.0);
                canvas.text(&label, (at, plot.bottom + 14.0), Anchor::Middle, NOTE);
            }
        }
        axis::rule(canvas, (plot.left, y.at(0.0)), (plot.right, y.at(0.0)));
        if i == 0 {
            let middle = f64::midpoint(self.room.top, self.room.bottom);
            let words = format!("Loss per month ({currency})");
            canvas.upward(&words, (40.0, middle), NOTE);
        }
    }

    /// Months that bear a date, so many as have room.
    fn dates(&self, room: f64) -> Vec<(usize, String)> {
        let most = (room / 76.0).max(1.0);
        let steps = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200];
        let fits = |s: &usize| real(self.months) / real(*s) <= most;
        let step = steps.into_iter().find(fits).unwrap_or(2400);
        (0..self.months).step_by(step).map(|m| (m, date(self.start, m))).collect()
    }
}

/// The month that begins `month` months after the start: `Jun 2025`.
fn date(start: Option<(usize, usize)>, month: usize) -> String {
    match start {
        Some((year, first)) => {
            let all = year * 12 + first + month;
            format!("{} {}", MONTHS[all % 12], all / 12)
        }
        None => format!("month {month}"),
    }
}

/// Year, and month from 0, of an ISO date.
fn year_and_month(date: &str) -> Option<(usize, usize)> {
    let mut parts = date.split('-');
    let year = parts.next()?.parse().ok().filter(|y| *y < 100_000)?;
    let month: usize = parts.next()?.parse().ok()?;
    (1..=12).contains(&month).then(|| (year, month - 1))
}

fn fan(canvas: &mut Canvas, look: &Look, path: &[&TimelinePoint], x: &Scale, y: &Scale) {
    let curve = |value: &dyn Fn(&TimelinePoint) -> f64| -> Vec<Point> {
        let mut points = Vec::new();
        for t in path {
            let (month, at) = (real(t.month), y.at(value(t)));
            if path.len() <= STEPS {
                points.extend([(x.at(month), at), (x.at(month + 1.0), at)]);
            } else {
                points.push((x.at(month + 0.5), at));
            }
        }
        points
    };
    for (low, high, opacity) in [(0, 4, 0.18), (1, 3, 0.3)] {
        let mut outline = curve(&|t| t.quantiles[low]);
        outline.extend(curve(&|t| t.quantiles[high]).into_iter().rev());
        canvas.area(&outline, look.colour, opacity);
    }
    let thin = if path.len() > STEPS { 0.5 } else { 1.0 };
    let median = Stroke { dash: MEDIAN_DASH, ..Stroke::solid(look.edge(), 1.6 * thin) };
    canvas.path(&curve(&|t| t.quantiles[2]), &median);
    canvas.path(&curve(&|t| t.mean), &Stroke::solid(look.edge(), 2.4 * thin));
}

const MEDIAN_DASH: &[f64] = &[3.0, 2.5];

fn heading(canvas: &mut Canvas, sheet: &Sheet, portfolio: usize, plot: &Area, swatch: bool) {
    let mut left = plot.left;
    if swatch {
        sheet.looks[portfolio].dot(canvas, (left + 6.0, plot.top - 11.0), 5.0, true);
        left += 18.0;
    }
    let name = text::fit(sheet.name(portfolio), STRONG.size, true, plot.right - left);
    canvas.text(&name, (left, plot.top - 11.0), Anchor::Start, STRONG);
}

/// What the parts of a fan are.
fn key(canvas: &mut Canvas, room: &Area) {
    let y = room.top + 6.0;
    let mut left = room.left;
    let kind = Type { colour: SOFT, ..NOTE };
    let mut say = |canvas: &mut Canvas, words: &str, sample: &dyn Fn(&mut Canvas, f64)| {
        sample(canvas, left);
        canvas.text(words, (left + 36.0, y), Anchor::Start, kind);
        left += 36.0 + text::width(words, kind.size, false) + 24.0;
    };
    say(canvas, "mean", &|c, x| {
        c.line((x, y), (x + 29.0, y), &Stroke::solid(INK, 2.4));
    });
    say(canvas, "median", &|c, x| {
        let stroke = Stroke { dash: MEDIAN_DASH, ..Stroke::solid(INK, 1.6) };
        c.line((x, y), (x + 29.0, y), &stroke);
    });
    say(canvas, "half of all futures", &|c, x| {
        c.rect((x, y - 7.0), (x + 29.0, y + 7.0), INK, 0.18);
        c.rect((x, y - 7.0), (x + 29.0, y + 7.0), INK, 0.3);
    });
    say(canvas, "nine in ten (5 to 95 %)", &|c, x| {
        c.rect((x, y - 7.0), (x + 29.0, y + 7.0), INK, 0.18);
    });
}

/// The month in which the baseline loses most on average.
fn title(sheet: &Sheet) -> String {
    let base = sheet.results.baseline;
    let path = path(sheet, base);
    let name = sheet.short(base);
    let known = path.iter().filter(|t| t.mean.is_finite());
    let Some(worst) = known.max_by(|a, b| a.mean.total_cmp(&b.mean).then(b.month.cmp(&a.month))) else {
        return format!("The loss of {name} by month is not known");
    };
    if worst.mean <= 0.0 {
        return format!("{name} loses nothing on average in any month");
    }
    let amount = sheet.money(worst.mean);
    let high = worst.quantiles[4];
    let often = if high > worst.mean && high.is_finite() {
        format!(", {} or more in 1 of 20 futures", sheet.money(high))
    } else {
        String::new()
    };
    if path.len() == 1 {
        return format!("{name} loses {amount} on average{often}");
    }
    let start = year_and_month(path.first().map_or("", |t| &t.start));
    format!("{name} loses most in {}: {amount} on average{often}", date(start, worst.month))
}
