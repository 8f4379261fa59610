//! One trial as a picture: availability of each vendor, where the traffic went, and the loss so far, over one axis of time;
//! and the same of a stress test, portfolio by portfolio.

use plotters::prelude::RGBColor;

use super::axis::{self, Area, Scale, real};
use super::canvas::{Anchor, Canvas, HEIGHT, Point, Stroke};
use super::frame::{self, Foot};
use super::style::{self, AXIS, BODY, GRID, INK, NOTE, SOFT, STRONG, Type, WARN};
use super::{text, words};
use crate::scenario::{DAY, MONTH, Scenario};
use crate::study::trace::{Cause, Served, Trace, parts_of_revenue};

/// Columns of the picture of traffic.
const COLUMNS: usize = 360;
/// Moments of a curve of the loss.
const MOMENTS: usize = 600;
/// Width of the legend.
const SIDE: f64 = 186.0;
/// Vendors that have a row; of more, those that serve.
const ROWS: usize = 10;
/// Causes that are marked.
const MARKED: usize = 5;

/// A trial of one portfolio. An SVG document.
#[must_use]
pub fn explained(scenario: &Scenario, trace: &Trace) -> String {
    let currency = &scenario.currency;
    let name = words::short(scenario.portfolios[trace.portfolio].id.as_str());
    let number = words::grouped(&trace.trial.to_string());
    let title = match words::money(trace.loss.abs(), currency) {
        gain if trace.loss < 0.0 => format!("Trial {number}: {name} gains {gain} against plan"),
        loss => format!("Trial {number}: {name} loses {loss}"),
    };
    let subtitle = "Availability of each vendor (red: what is missing), where the traffic went, and the loss so far.";
    let run = format!("seed {} · linchpin {}", scenario.seed, crate::VERSION);
    frame::sized(
        &Foot { scenario: &scenario.name, run },
        &title,
        subtitle,
        |_| HEIGHT,
        |canvas, room| {
            let rows = rows(scenario, trace);
            let time = Time { scenario, from: 0.0, to: scenario.horizon_hours };
            let left = room.left + 124.0;
            let plot = |top: f64, bottom: f64| Area { left, right: room.right - SIDE - 20.0, top, bottom };
            let strips = plot(room.top + 8.0, room.top + 8.0 + 15.0 * real(rows.len()));
            let rest = room.bottom - 26.0 - strips.bottom;
            let traffic = plot(strips.bottom + 24.0, strips.bottom + 24.0 + (rest - 60.0) * 0.45);
            let losses = plot(traffic.bottom + 30.0, room.bottom - 26.0);
            let side = |area: &Area| Area { left: area.right + 20.0, right: room.right, ..*area };
            let marks = marks(scenario, trace);
            let mut free = f64::NEG_INFINITY;
            for (n, mark) in marks.iter().enumerate() {
                let x = time.scale(&strips).at(mark.at);
                canvas.line(
                    (x, strips.top),
                    (x, losses.bottom),
                    &Stroke { dash: &[2.0, 3.0], ..Stroke::solid(AXIS, 1.0) },
                );
                // Numbers of events that are near each other stand side by side.
                free = x.max(free + 11.0);
                canvas.text(&(n + 1).to_string(), (free, strips.top - 8.0), Anchor::Middle, NOTE);
            }
            availability(canvas, &time, &strips, scenario, trace, &rows);
            let shown = stacked(canvas, &time, &traffic, scenario, trace);
            legend(canvas, &side(&traffic), &shown);
            let path = (style::looks_of(1, 0, |_| 0.0)[0], curve(trace, &time));
            cumulated(canvas, &time, &losses, currency, &[path]);
            marked(canvas, &side(&losses), &marks, currency);
        },
    )
}

/// A stress test: when each portfolio leaves traffic unserved, and its loss so far. An SVG document.
#[must_use]
pub fn stressed(scenario: &Scenario, traces: &[&Trace]) -> String {
    let currency = &scenario.currency;
    let worst = traces.iter().copied().max_by(|a, b| a.loss.total_cmp(&b.loss));
    let best = traces.iter().copied().min_by(|a, b| a.loss.total_cmp(&b.loss));
    let name = |t: &Trace| words::short(scenario.portfolios[t.portfolio].id.as_str());
    let title = match (worst, best) {
        (Some(worst), Some(best)) if best.loss < worst.loss => format!(
            "Under stress {} loses {}, {} {}",
            name(worst),
            words::money(worst.loss, currency),
            name(best),
            words::money(best.loss, currency)
        ),
        (Some(worst), _) if traces.len() == 1 => {
            format!("Under stress {} loses {}", name(worst), words::money(worst.loss, currency))
        }
        (Some(worst), _) => format!("Under stress every portfolio loses {}", words::money(worst.loss, currency)),
        _ => "Under stress".to_owned(),
    };
    let subtitle = "What of each portfolio's traffic is unserved (red), and its loss so far.";
    let run = format!("seed {} · linchpin {}", scenario.seed, crate::VERSION);
    let cost = |p: usize| traces.iter().find(|t| t.portfolio == p).map_or(f64::INFINITY, |t| t.plan + t.loss);
    let looks = style::looks_of(scenario.portfolios.len(), scenario.baseline, cost);
    frame::sized(
        &Foot { scenario: &scenario.name, run },
        &title,
        subtitle,
        |_| HEIGHT,
        |canvas, room| {
            let (from, to) = window(scenario, traces);
            let time = Time { scenario, from, to };
            let left = room.left + 124.0;
            let plot = |top: f64, bottom: f64| Area { left, right: room.right - SIDE - 20.0, top, bottom };
            let pitch = (150.0 / real(traces.len().max(1))).min(17.0);
            let strips = plot(room.top + 4.0, room.top + 4.0 + pitch * real(traces.len()));
            let losses = plot(strips.bottom + 30.0, room.bottom - 26.0);
            let parts = parts_of_revenue(scenario);
            for (row, trace) in traces.iter().enumerate() {
                let top = strips.top + pitch * real(row);
                let name = text::fit(scenario.portfolios[trace.portfolio].id.as_str(), NOTE.size, false, 118.0);
                if pitch >= 12.0 {
                    canvas.text(&name, (strips.left - 8.0, top + pitch / 2.0), Anchor::End, NOTE);
                }
                let levels = unserved(trace, &parts).into_iter();
                strip(canvas, &time, &Area { top: top + 1.0, bottom: top + pitch - 1.0, ..strips }, levels);
            }
            let curves: Vec<_> = traces.iter().map(|t| (looks[t.portfolio], curve(t, &time))).collect();
            cumulated(canvas, &time, &losses, currency, &curves);
            let mut order: Vec<&&Trace> = traces.iter().collect();
            order.sort_by(|a, b| b.loss.total_cmp(&a.loss).then(a.portfolio.cmp(&b.portfolio)));
            let mut y = losses.top + 8.0;
            for trace in order {
                if y > losses.bottom {
                    break;
                }
                let look = &looks[trace.portfolio];
                look.curve(canvas, &[(losses.right + 20.0, y), (losses.right + 48.0, y)]);
                let id = scenario.portfolios[trace.portfolio].id.as_str();
                let name = text::fit(id, STRONG.size, true, SIDE - 36.0);
                canvas.text(&name, (losses.right + 56.0, y), Anchor::Start, STRONG);
                canvas.text(&words::money(trace.loss, currency), (losses.right + 56.0, y + 16.0), Anchor::Start, NOTE);
                y += 38.0;
            }
        },
    )
}

/// The axis of time.
struct Time<'a> {
    scenario: &'a Scenario,
    from: f64,
    to: f64,
}

impl Time<'_> {
    fn scale(&self, area: &Area) -> Scale {
        Scale::linear(self.from, self.to, area.left, area.right)
    }

    fn has(&self, from: f64, to: f64) -> bool {
        to >= self.from && from <= self.to
    }

    /// Moments that bear a date, so many as have room, and the dates.
    fn ticks(&self, room: f64) -> Vec<(f64, String)> {
        let most = (room / 78.0).max(1.0);
        let span = self.to - self.from;
        let days = [1.0, 2.0, 7.0, 14.0].into_iter().map(|d| d * DAY);
        let months = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0, 240.0].into_iter().map(|m| m * MONTH);
        let step = days.chain(months).find(|step| span / step <= most).unwrap_or(600.0 * MONTH);
        let first = (self.from / step - 1e-9).ceil();
        (0..64)
            .map(|i| (first + f64::from(i)) * step)
            .take_while(|t| *t <= self.to + 1e-9)
            .map(|t| (t, self.date(t, step < MONTH)))
            .collect()
    }

    fn date(&self, t: f64, with_day: bool) -> String {
        // A month of the model begins some hours off that of the calendar.
        let date = self.scenario.date(if with_day { t } else { t + 2.0 * DAY });
        let mut parts = date.split(['-', 'T']);
        let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else { return date };
        let month =
            month.parse::<usize>().ok().and_then(|m| super::timeline::MONTHS.get(m.wrapping_sub(1))).unwrap_or(&"");
        if with_day { format!("{} {month} {year}", day.trim_start_matches('0')) } else { format!("{month} {year}") }
    }
}

/// The vendors that have a row.
fn rows(scenario: &Scenario, trace: &Trace) -> Vec<usize> {
    let serves = |v: usize| trace.traffic.iter().flatten().any(|t| t.by_vendor[v] > 0.0);
    let mut rows: Vec<usize> = (0..scenario.vendors.len()).collect();
    if rows.len() > ROWS {
        rows.sort_by_key(|&v| !serves(v));
        rows.truncate(ROWS);
        rows.sort_unstable();
    }
    rows
}

fn availability(canvas: &mut Canvas, time: &Time, area: &Area, scenario: &Scenario, trace: &Trace, rows: &[usize]) {
    for (row, &v) in rows.iter().enumerate() {
        let top = area.top + 15.0 * real(row);
        let name = &scenario.nodes[scenario.vendor_node(v)].id;
        let name = text::fit(name.as_str(), NOTE.size, false, 118.0);
        canvas.text(&name, (area.left - 8.0, top + 7.5), Anchor::End, NOTE);
        let levels = trace.availability[v].iter().map(|l| (l.from_hours, l.to_hours, 1.0 - l.available));
        strip(canvas, time, &Area { top: top + 1.5, bottom: top + 13.5, ..*area }, levels);
    }
}

/// A strip of time that is red where something is missing.
fn strip(canvas: &mut Canvas, time: &Time, area: &Area, levels: impl Iterator<Item = (f64, f64, f64)>) {
    canvas.rect((area.left, area.top), (area.right, area.bottom), GRID, 0.6);
    let x = time.scale(area);
    for (from, to, missing) in levels.filter(|l| l.2 > 0.0 && time.has(l.0, l.1)) {
        let (a, b) = (x.at(from), x.at(to));
        // What is short is still seen.
        canvas.rect((a, area.top), (b.max(a + 1.0).min(area.right), area.bottom), WARN, 0.2 + 0.8 * missing);
    }
}

/// What of all traffic is unserved, from when to when.
fn unserved(trace: &Trace, parts: &[f64]) -> Vec<(f64, f64, f64)> {
    let of = |(traffic, part): (&Vec<Served>, &f64)| -> Vec<(f64, f64)> {
        let missing = traffic.iter().filter(|t| t.unserved > 0.0);
        missing.flat_map(|t| [(t.from_hours, t.unserved * part), (t.to_hours, -t.unserved * part)]).collect()
    };
    let mut steps: Vec<(f64, f64)> = trace.traffic.iter().zip(parts).flat_map(of).collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sum = 0.0;
    let mut out = Vec::new();
    for pair in steps.windows(2) {
        sum += pair[0].1;
        if sum > 1e-9 && pair[1].0 > pair[0].0 {
            out.push((pair[0].0, pair[1].0, sum));
        }
    }
    out
}

/// Draws where the traffic went, as the mean of each column; gives what the colours stand for.
fn stacked(
    canvas: &mut Canvas,
    time: &Time,
    area: &Area,
    scenario: &Scenario,
    trace: &Trace,
) -> Vec<(String, RGBColor)> {
    let n = scenario.vendors.len();
    let parts = parts_of_revenue(scenario);
    let wide = (time.to - time.from) / real(COLUMNS);
    let mut columns = vec![vec![0.0; n + 1]; COLUMNS];
    for (traffic, part) in trace.traffic.iter().zip(&parts) {
        for t in traffic {
            spread(&mut columns, t, *part, time.from, wide);
        }
    }
    let x = time.scale(area);
    let y = Scale::linear(0.0, 1.0, area.bottom, area.top);
    let mut below = vec![0.0; COLUMNS];
    let mut shown = Vec::new();
    let served: Vec<usize> = (0..=n).filter(|&v| columns.iter().any(|c| c[v] > 1e-6)).collect();
    for (nth, &v) in served.iter().enumerate() {
        let (name, fill) = if v == n {
            ("unserved".to_owned(), WARN)
        } else {
            (scenario.nodes[scenario.vendor_node(v)].id.clone(), style::colour(nth))
        };
        let edge = |column: usize| time.from + wide * real(column);
        let line = |heights: &[f64]| -> Vec<Point> {
            let steps = heights.iter().enumerate();
            steps.flat_map(|(c, h)| [(x.at(edge(c)), y.at(*h)), (x.at(edge(c + 1)), y.at(*h))]).collect()
        };
        let above: Vec<f64> = below.iter().zip(&columns).map(|(b, c)| b + c[v]).collect();
        let mut outline = line(&above);
        outline.extend(line(&below).into_iter().rev());
        canvas.area(&outline, fill, 0.85);
        below = above;
        shown.push((name, fill));
    }
    for (part, label) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        canvas.text(label, (area.left - 8.0, y.at(part)), Anchor::End, NOTE);
    }
    canvas.text("Traffic by vendor, services by revenue", (area.left, area.top - 10.0), Anchor::Start, STRONG);
    axis::rule(canvas, (area.left, area.bottom), (area.right, area.bottom));
    shown
}

/// Adds a service's traffic to the columns that it touches.
fn spread(columns: &mut [Vec<f64>], t: &Served, part: f64, from: f64, wide: f64) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a column of the picture")]
    let column = |at: f64| (((at - from) / wide).max(0.0) as usize).min(columns.len() - 1);
    let (first, last) = (column(t.from_hours), column(t.to_hours));
    for (c, sums) in columns.iter_mut().enumerate().take(last + 1).skip(first) {
        let (a, b) = (from + wide * real(c), from + wide * real(c + 1));
        let share = ((t.to_hours.min(b) - t.from_hours.max(a)) / wide).max(0.0) * part;
        for (sum, x) in sums.iter_mut().zip(t.by_vendor.iter().chain([&t.unserved])) {
            *sum += share * x;
        }
    }
}

/// The loss so far, at even moments.
fn curve(trace: &Trace, time: &Time) -> Vec<Point> {
    let step = (time.to - time.from) / real(MOMENTS);
    let moments: Vec<f64> = (0..=MOMENTS).map(|i| time.from + step * real(i)).collect();
    moments.iter().copied().zip(trace.cumulated(&moments)).collect()
}

fn cumulated(canvas: &mut Canvas, time: &Time, area: &Area, currency: &str, curves: &[(style::Look, Vec<Point>)]) {
    let values = curves.iter().flat_map(|(_, points)| points.iter().map(|p| p.1));
    let (low, high) = axis::widened(axis::span(values.chain([0.0])));
    // A little below 0 is no reason for another step of the axis.
    let low = if low < 0.0 && low > -0.02 * high { 0.0 } else { low };
    let (low, high) = axis::rounded(low, high, 4);
    let y = Scale::linear(low, high, area.bottom, area.top);
    let ticks = axis::ticks(low, high, 4);
    let labels = words::money_ticks(&ticks.values, ticks.step, currency);
    let places: Vec<_> = ticks.values.iter().map(|v| y.at(*v)).zip(labels).collect();
    axis::left(canvas, area, &places);
    let x = time.scale(area);
    for (t, label) in time.ticks(area.width()) {
        canvas.line((x.at(t), area.bottom), (x.at(t), area.bottom + 4.0), &Stroke::solid(AXIS, 1.0));
        let half = text::width(&label, NOTE.size, false) / 2.0;
        let at = x.at(t).min(area.right - half + 10.0);
        canvas.text(&label, (at, area.bottom + 14.0), Anchor::Middle, NOTE);
    }
    axis::rule(canvas, (area.left, y.at(0.0)), (area.right, y.at(0.0)));
    canvas.text("Loss so far", (area.left, area.top - 10.0), Anchor::Start, STRONG);
    for (look, points) in curves {
        let points: Vec<Point> = points.iter().map(|p| (x.at(p.0), y.at(p.1))).collect();
        look.curve(canvas, &points);
    }
}

fn legend(canvas: &mut Canvas, room: &Area, shown: &[(String, RGBColor)]) {
    let pitch = ((room.height() - 6.0) / real(shown.len().max(1))).min(18.0);
    // As they are stacked.
    for (i, (name, fill)) in shown.iter().rev().enumerate() {
        let y = room.top + 8.0 + pitch * real(i);
        canvas.rect((room.left, y - 5.5), (room.left + 14.0, y + 5.5), *fill, 0.85);
        let name = text::fit(name.as_str(), NOTE.size, false, room.width() - 22.0);
        canvas.text(&name, (room.left + 22.0, y), Anchor::Start, Type { colour: INK, ..NOTE });
    }
}

/// A costly cause, and when it happened.
struct Mark {
    at: f64,
    name: String,
    amount: f64,
}

/// The events that cost most, in order of time.
fn marks(scenario: &Scenario, trace: &Trace) -> Vec<Mark> {
    let mark = |i: usize| Mark {
        at: trace.events[i].at_hours.max(0.0),
        name: scenario.risks[trace.events[i].risk].id.clone(),
        amount: trace.charged(Cause::Event(i)).iter().sum(),
    };
    let mut marks: Vec<Mark> = (0..trace.events.len()).map(mark).filter(|m| m.amount > 0.0).collect();
    marks.sort_by(|a, b| b.amount.total_cmp(&a.amount));
    marks.truncate(MARKED);
    marks.sort_by(|a, b| a.at.total_cmp(&b.at));
    marks
}

fn marked(canvas: &mut Canvas, room: &Area, marks: &[Mark], currency: &str) {
    if marks.is_empty() {
        return;
    }
    canvas.text("The costliest events", (room.left, room.top - 10.0), Anchor::Start, Type { colour: SOFT, ..BODY });
    for (n, mark) in marks.iter().enumerate() {
        let y = room.top + 10.0 + 34.0 * real(n);
        if y + 16.0 > room.bottom + 20.0 {
            return;
        }
        let name = text::fit(mark.name.as_str(), STRONG.size, true, room.width() - 20.0);
        canvas.text(&(n + 1).to_string(), (room.left, y), Anchor::Start, NOTE);
        canvas.text(&name, (room.left + 18.0, y), Anchor::Start, STRONG);
        canvas.text(&words::money(mark.amount, currency), (room.left + 18.0, y + 16.0), Anchor::Start, NOTE);
    }
}

/// The time that matters: from a little before the first event until nearly all has flowed.
fn window(scenario: &Scenario, traces: &[&Trace]) -> Point {
    let horizon = scenario.horizon_hours;
    let first = traces.iter().flat_map(|t| &t.events).map(|e| e.at_hours.max(0.0)).fold(horizon, f64::min);
    let moments: Vec<f64> = (0..=MOMENTS).map(|i| horizon * real(i) / real(MOMENTS)).collect();
    let size = traces.iter().map(|t| t.loss.abs()).fold(0.0, f64::max);
    let mut last: f64 = first;
    for trace in traces {
        let still = trace.cumulated(&moments).iter().rposition(|x| (x - trace.loss).abs() > 0.01 * size);
        last = last.max(still.and_then(|i| moments.get(i + 1)).copied().unwrap_or(0.0));
        let served = trace.traffic.iter().flatten().filter(|t| t.unserved > 0.0).map(|t| t.to_hours);
        last = last.max(served.fold(0.0, f64::max));
    }
    if first >= last {
        return (0.0, horizon);
    }
    let span = (last - first).max(4.0 * DAY);
    ((first - 0.06 * span).max(0.0), (last + 0.06 * span).min(horizon))
}
