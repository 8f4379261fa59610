//! How a far tail settled as trials were added: TVaR of every portfolio with its 95 % band.

use super::axis::{self, Area, Scale};
use super::canvas::{Canvas, Point};
use super::legend::{self, Entry};
use super::style::NOTE;
use super::{Sheet, canvas::Anchor, frame, words};
use crate::results::ConvergencePoint;

pub(super) fn draw(sheet: &Sheet) -> String {
    let level = sheet.results.convergence.iter().find_map(|point| point.level);
    // Not rounded: 99.5 % is not 100 %.
    let named = level.map_or_else(String::new, |level| format!(" {} %", (1e4 * level).round() / 100.0));
    let subtitle = format!("TVaR{named} of loss after so many trials. Bands: 95 % confidence; ±: standard error.");
    frame::page(sheet, &title(sheet, &named), &subtitle, |canvas, room| {
        let paths: Vec<Vec<&ConvergencePoint>> = (0..sheet.n()).map(|p| path(sheet, p)).collect();
        let all = || paths.iter().flatten();
        let Some((first, last)) = axis::span(all().map(|p| axis::count(p.trials))).filter(|(a, b)| a < b) else {
            return frame::nothing(canvas, &room, "Too few trials to show how the figures settle.");
        };
        let entry = |portfolio: usize| Entry { portfolio, remark: remark(sheet, &paths[portfolio]) };
        let entries: Vec<Entry> = (0..sheet.n()).map(entry).collect();
        let wide = legend::width(sheet, &entries);
        let plot = Area {
            left: room.left + 92.0,
            right: room.right - wide - 26.0,
            top: room.top + 6.0,
            bottom: room.bottom - 42.0,
        };
        // The widest bands, of the fewest trials, are left to run out of the picture.
        let ends = |p: &&&ConvergencePoint| axis::count(p.trials) * 8.0 >= last;
        let bands = all().filter(ends).filter_map(|p| words::interval(&p.estimate)).flat_map(|(a, b)| [a, b]);
        let (low, high) = axis::widened(axis::span(all().map(|p| p.estimate.value).chain(bands).chain([0.0])));
        let y = Scale::linear(low, high + (high - low) * 0.05, plot.bottom, plot.top);
        let x = Scale::log(first, last, plot.left, plot.right);
        axes(canvas, sheet, &plot, &x, &y, (first, last), (low, high));
        let clamped = |value: f64| y.at(value).clamp(plot.top, plot.bottom);
        for p in sheet.back_to_front().into_iter().filter(|&p| sheet.looks[p].coloured) {
            let known: Vec<_> = (paths[p].iter())
                .filter_map(|point| Some((x.at(axis::count(point.trials)), words::interval(&point.estimate)?)))
                .collect();
            let outline = known.iter().map(|(x, (lower, _))| (*x, clamped(*lower)));
            let back = known.iter().rev().map(|(x, (_, upper))| (*x, clamped(*upper)));
            canvas.area(&outline.chain(back).collect::<Vec<Point>>(), sheet.looks[p].colour, 0.16);
        }
        for p in sheet.back_to_front() {
            let at = |point: &&ConvergencePoint| (x.at(axis::count(point.trials)), y.at(point.estimate.value));
            sheet.looks[p].curve(canvas, &paths[p].iter().map(at).collect::<Vec<_>>());
        }
        let side = Area { left: plot.right + 26.0, ..room };
        legend::draw(canvas, &side, sheet, &entries, legend::curve);
    })
}

/// TVaR of a portfolio, by number of trials.
fn path<'a>(sheet: &Sheet<'a>, portfolio: usize) -> Vec<&'a ConvergencePoint> {
    let mine = |p: &&ConvergencePoint| p.portfolio == portfolio && p.measure == "tvar" && p.estimate.value.is_finite();
    let mut path: Vec<_> = sheet.results.convergence.iter().filter(mine).collect();
    path.sort_by_key(|point| point.trials);
    path
}

/// Relative standard error at the end.
fn error(path: &[&ConvergencePoint]) -> Option<f64> {
    path.last().and_then(|last| last.estimate.relative_error()).filter(|error| error.is_finite())
}

fn remark(sheet: &Sheet, path: &[&ConvergencePoint]) -> String {
    match (path.last(), error(path)) {
        (Some(last), Some(error)) => format!("{} ± {}", sheet.money(last.estimate.value), words::percent(error)),
        (Some(last), None) => format!("{}, error not known", sheet.money(last.estimate.value)),
        _ => String::new(),
    }
}

fn axes(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, x: &Scale, y: &Scale, trials: Point, losses: Point) {
    let currency = &sheet.results.provenance.currency;
    let ticks = axis::ticks(losses.0, losses.1, 6);
    let labels = words::money_ticks(&ticks.values, ticks.step, currency);
    axis::left(canvas, plot, &ticks.values.iter().map(|v| y.at(*v)).zip(labels).collect::<Vec<_>>());
    let mut marks = Vec::new();
    let mut decade = 1.0;
    let steps: &[f64] = if trials.1 / trials.0 > 1e3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    while decade <= trials.1 {
        let within = steps.iter().map(|step| step * decade).filter(|n| *n >= trials.0 * 0.999 && *n <= trials.1);
        marks.extend(within.map(|n| (x.at(n), words::grouped(&format!("{n:.0}")))));
        decade *= 10.0;
    }
    axis::bottom(canvas, plot, &marks);
    if losses.0 < 0.0 {
        axis::rule(canvas, (plot.left, y.at(0.0)), (plot.right, y.at(0.0)));
    }
    axis::rule(canvas, (plot.left, plot.bottom), (plot.right, plot.bottom));
    let middle = f64::midpoint(plot.left, plot.right);
    canvas.text("Trials (log scale)", (middle, plot.bottom + 36.0), Anchor::Middle, NOTE);
    let middle = f64::midpoint(plot.top, plot.bottom);
    canvas.upward(&format!("TVaR of loss, present value ({currency})"), (plot.left - 84.0, middle), NOTE);
}

/// The least certain portfolio.
fn title(sheet: &Sheet, level: &str) -> String {
    let errors: Vec<Option<f64>> = (0..sheet.n()).map(|p| error(&path(sheet, p))).collect();
    let trials = words::trials(sheet.results.provenance.trials);
    if errors.is_empty() || errors.iter().any(Option::is_none) {
        return format!("{trials} are too few to know the error of TVaR{level}");
    }
    let known = errors.iter().flatten().copied().enumerate();
    let (worst, error) = known.fold((0, 0.0), |worst, (p, e)| if e > worst.1 { (p, e) } else { worst });
    if error == 0.0 {
        return format!("TVaR{level} is certain: chance has no part in it");
    }
    let of =
        if sheet.n() == 1 { String::new() } else { format!(" at most; {} is the least certain", sheet.short(worst)) };
    format!("After {trials}, TVaR{level} has a standard error of {}{of}", words::percent(error))
}
