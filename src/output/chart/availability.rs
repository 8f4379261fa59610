//! How well each service is served: per portfolio its mean availability and that of the worst 1 % of futures, on an axis
//! of nines. What is never interrupted stands in a column of its own, since no axis of nines reaches it.

use super::axis::{self, Area, Scale, real};
use super::canvas::{Anchor, Canvas, Stroke};
use super::frame;
use super::legend::{self, Entry};
use super::style::{self, GRID, INK, NOTE, STRONG, Type};
use super::{Sheet, text, words};
use crate::results::ServiceHeadline;

/// Least height of a row, units.
const THINNEST: f64 = 4.6;
/// Least height that all rows together have.
const ROOM: f64 = 380.0;
/// Hours in a year of the model.
const YEAR: f64 = 8766.0;
/// Width of the column of what is never interrupted.
const NEVER: f64 = 96.0;

pub(super) fn draw(sheet: &Sheet) -> String {
    let table = Table::new(sheet, ROOM);
    let n = sheet.n_services() - table.services.len();
    let services = if n > 0 { format!(" {n} more services are left out.") } else { String::new() };
    let subtitle = format!(
        "Part of the time that a service is served. Filled: mean of all futures; hollow: mean of the worst 1 %.{}{services}",
        sheet.left_out(table.portfolios.len()),
    );
    frame::page(sheet, &title(sheet), &subtitle, |canvas, room| {
        if table.services.is_empty() || table.portfolios.is_empty() {
            return frame::nothing(canvas, &room, "There is no service.");
        }
        let entry = |&portfolio: &usize| Entry { portfolio, remark: String::new() };
        let entries: Vec<Entry> = table.portfolios.iter().map(entry).collect();
        let wide = legend::width(sheet, &entries);
        let names = table.services.iter().map(|&s| text::width(sheet.service(s).text, STRONG.size, true));
        let names = names.fold(50.0, f64::max).min(140.0);
        let plot = Area {
            left: room.left + names + 22.0,
            right: room.right - wide - 24.0,
            top: room.top + 6.0,
            bottom: room.bottom - 58.0,
        };
        let x = table.scale(&plot);
        table.axes(canvas, &plot, &x);
        table.draw(canvas, sheet, &plot, &x, room.left, names);
        let side = Area { left: plot.right + 24.0, ..room };
        legend::draw(canvas, &side, sheet, &entries, |canvas, look, left, y| {
            look.dot(canvas, (left + 8.0, y), 5.5, true);
            look.dot(canvas, (left + 24.0, y), 5.5, false);
        });
    })
}

impl Sheet<'_> {
    fn n_services(&self) -> usize {
        self.results.headlines.iter().map(|h| h.services.len()).max().unwrap_or(0)
    }

    fn service(&self, service: usize) -> text::Name<'_> {
        let text = self.results.services.get(service).map_or("", String::as_str);
        text::Name { text, tells: text::telling(&self.results.services).get(service).copied().unwrap_or(0) }
    }

    fn served(&self, portfolio: usize, service: usize) -> Option<&ServiceHeadline> {
        self.headline(portfolio)?.services.get(service)
    }
}

/// Services and portfolios that have a row, and the range of what lacks to 100 %.
struct Table {
    services: Vec<usize>,
    portfolios: Vec<usize>,
    least: f64,
    most: f64,
    never: bool,
}

impl Table {
    fn new(sheet: &Sheet, height: f64) -> Self {
        let n = sheet.n_services();
        let fits = |services: usize, portfolios: usize| real(services) * (real(portfolios) * THINNEST + 8.0) <= height;
        let all: Vec<usize> = (0..sheet.n()).collect();
        let portfolios = if fits(n, all.len()) { all } else { sheet.at_most(style::COLOURED) };
        let mut services: Vec<usize> = (0..n).collect();
        while services.len() > 1 && !fits(services.len(), portfolios.len()) {
            services.pop();
        }
        let mut lacking = Vec::new();
        for &s in &services {
            for headline in portfolios.iter().filter_map(|&p| sheet.served(p, s)) {
                lacking.push(1.0 - headline.availability.value);
                lacking.push(1.0 - headline.availability_worst_1.value);
            }
        }
        let never = lacking.iter().any(|&l| l <= 1e-9);
        let span = axis::span(lacking.into_iter().filter(|&l| l > 1e-9));
        let (least, most) = span.unwrap_or((1e-4, 1e-2));
        let down = libm::pow(10.0, (libm::log10(least) + 1e-9).floor()).max(1e-9);
        let up = libm::pow(10.0, (libm::log10(most) - 1e-9).ceil()).min(1.0).max(down * 100.0);
        Table { services, portfolios, least: down, most: up.min(1.0), never }
    }

    fn scale(&self, plot: &Area) -> Scale {
        let right = plot.right - if self.never { NEVER } else { 66.0 };
        Scale::log(self.most, self.least, plot.left + 40.0, right)
    }

    fn axes(&self, canvas: &mut Canvas, plot: &Area, x: &Scale) {
        let mut lacking = self.most;
        let mut places = Vec::new();
        while lacking > self.least * 0.5 {
            places.push((x.at(lacking), words::round_availability(1.0 - lacking)));
            let down = Type { size: 13.0, ..NOTE };
            let words = words::hours(lacking * YEAR);
            canvas.text(&words, (x.at(lacking), plot.bottom + 31.0), Anchor::Middle, down);
            lacking /= 10.0;
        }
        axis::bottom(canvas, plot, &places);
        if self.never {
            canvas.rect((plot.right - 52.0, plot.top), (plot.right, plot.bottom), GRID, 0.5);
            let middle = plot.right - 26.0;
            canvas.text("100 %", (middle, plot.bottom + 14.0), Anchor::Middle, NOTE);
            canvas.text("never", (middle, plot.bottom + 31.0), Anchor::Middle, NOTE);
        }
        axis::rule(canvas, (plot.left, plot.bottom), (plot.right, plot.bottom));
        let middle = f64::midpoint(plot.left, plot.right);
        let words = "Availability (log scale of what lacks), and time unserved per year";
        canvas.text(words, (middle, plot.bottom + 51.0), Anchor::Middle, NOTE);
    }

    fn draw(&self, canvas: &mut Canvas, sheet: &Sheet, plot: &Area, x: &Scale, left: f64, room: f64) {
        let band = plot.height() / real(self.services.len().max(1));
        let pitch = ((band - 8.0) / real(self.portfolios.len().max(1))).clamp(4.0, 34.0);
        for (i, &s) in self.services.iter().enumerate() {
            let top = plot.top + band * real(i);
            if i > 0 {
                canvas.line((left, top), (plot.right, top), &Stroke::solid(GRID, 1.2));
            }
            let middle = top + band / 2.0;
            let most = if band > 56.0 {
                3
            } else if band > 36.0 {
                2
            } else {
                1
            };
            let lines = text::wrap(sheet.service(s), STRONG.size, true, room, most);
            let mut y = middle - 17.0 * (real(lines.len()) - 1.0) / 2.0;
            for line in lines {
                canvas.text(&line, (left, y), Anchor::Start, STRONG);
                y += 17.0;
            }
            let first = middle - pitch * (real(self.portfolios.len()) - 1.0) / 2.0;
            for (k, &p) in self.portfolios.iter().enumerate() {
                if let Some(served) = sheet.served(p, s) {
                    let y = first + pitch * real(k);
                    row(canvas, sheet, (p, served), plot, x, (y, pitch));
                }
            }
        }
    }
}

/// One portfolio's mean and worst, joined by a line.
fn row(
    canvas: &mut Canvas,
    sheet: &Sheet,
    (portfolio, served): (usize, &ServiceHeadline),
    plot: &Area,
    x: &Scale,
    (y, pitch): (f64, f64),
) {
    let look = &sheet.looks[portfolio];
    let radius = (pitch * 0.36).clamp(2.4, 6.0);
    let mean = words::known(&served.availability).map(|a| place(plot, x, a));
    let worst = words::known(&served.availability_worst_1).map(|a| place(plot, x, a));
    if let (Some(mean), Some(worst)) = (mean, worst) {
        canvas.line((worst, y), (mean, y), &Stroke::solid(look.edge(), 1.5));
    }
    if let Some(worst) = worst {
        look.dot(canvas, (worst, y), radius, false);
    }
    if let Some(mean) = mean {
        look.dot(canvas, (mean, y), radius, true);
    }
    if pitch >= 16.0 {
        figures(canvas, served, (mean, worst), plot, y, radius);
    }
}

/// Where an availability stands: on the axis of nines, or in the column of 100 %.
fn place(plot: &Area, x: &Scale, availability: f64) -> f64 {
    let lacking = 1.0 - availability;
    if lacking <= 1e-9 { plot.right - 26.0 } else { x.at(lacking) }
}

/// Writes mean and worst beside their marks.
fn figures(
    canvas: &mut Canvas,
    served: &ServiceHeadline,
    (mean, worst): (Option<f64>, Option<f64>),
    plot: &Area,
    y: f64,
    radius: f64,
) {
    let kind = Type { colour: INK, ..NOTE };
    let write = |canvas: &mut Canvas, value: f64, at: f64, to_right: bool| {
        let words = words::availability(value);
        let wide = text::width(&words, kind.size, false);
        let gap = radius + 5.0;
        if to_right && at + gap + wide < plot.right {
            canvas.text(&words, (at + gap, y), Anchor::Start, kind);
        } else if !to_right && at - gap - wide > plot.left {
            canvas.text(&words, (at - gap, y), Anchor::End, kind);
        }
    };
    if let Some(at) = mean.filter(|_| served.availability.value < 1.0 - 1e-9) {
        write(canvas, served.availability.value, at, true);
    }
    if let Some(at) = worst.filter(|w| mean.is_none_or(|m| (m - w).abs() > 4.0)) {
        write(canvas, served.availability_worst_1.value, at, false);
    }
}

/// The service that the baseline serves worst, and the portfolio that serves it best.
fn title(sheet: &Sheet) -> String {
    let base = sheet.results.baseline;
    let n = sheet.headline(base).map_or(0, |h| h.services.len());
    let lacking = |p: usize, s: usize| sheet.served(p, s).map(|h| h.unserved_hours.value).filter(|v| v.is_finite());
    let known = (0..n).filter_map(|s| lacking(base, s).map(|l| (s, l)));
    let name = sheet.short(base);
    let Some((service, hours)) = known.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) else {
        return format!("How well {name} serves is not known");
    };
    let what = words::short(sheet.service(service));
    let over = words::horizon(&sheet.results.provenance);
    if hours <= 0.0 {
        return format!("With {name} no service is ever interrupted");
    }
    let mut others: Vec<(usize, f64)> =
        (0..sheet.n()).filter(|&p| p != base).filter_map(|p| lacking(p, service).map(|l| (p, l))).collect();
    others.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let here = words::hours(hours);
    let here = format!("{what} is unserved {here} in {over} with {name}");
    match others.first() {
        Some(&(p, 0.0)) => format!("{here}, never with {}", sheet.short(p)),
        Some(&(p, best)) if best < hours * 0.95 => {
            format!("{here}, {} with {}", words::hours(best), sheet.short(p))
        }
        Some(_) => format!("{here}, and no portfolio does better"),
        None => here,
    }
}
