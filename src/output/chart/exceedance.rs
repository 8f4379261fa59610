//! Loss exceedance curves: how likely a larger loss is, for every portfolio, with its 95 % band.

use super::axis::{self, Area, Scale};
use super::canvas::{Anchor, Canvas, Point, Stroke};
use super::frame;
use super::legend::{self, Entry};
use super::style::{NOTE, Type, WARN, WHITE};
use super::{Sheet, text, words};
use crate::results::{Estimate, Exceedance, ExceedancePoint};

/// No lower probability is drawn,
const LOWEST: f64 = 1e-6;
/// nor one that fewer trials than these reached.
const FEWEST: f64 = 10.0;

pub(super) fn draw(sheet: &Sheet) -> String {
    let horizon = words::horizon(&sheet.results.provenance);
    let bands = if sheet.n() > 0 { " Bands: 95 % confidence." } else { "" };
    let subtitle = format!("How likely the loss over {horizon} is larger than an amount.{bands}");
    frame::page(sheet, &title(sheet), &subtitle, |canvas, room| {
        let entries = entries(sheet);
        let wide = legend::width(sheet, &entries);
        let plot = Area {
            left: room.left + 92.0,
            right: room.right - wide - 26.0,
            top: room.top + 6.0,
            bottom: room.bottom - 42.0,
        };
        let curves = Curves::new(sheet);
        if curves.points.iter().all(Vec::is_empty) {
            return frame::nothing(canvas, &room, "No loss is known well enough to be drawn.");
        }
        axes(canvas, sheet, &plot, &curves);
        appetite(canvas, sheet, &plot, &curves);
        for p in sheet.back_to_front() {
            curves.band(canvas, sheet, &plot, p);
        }
        for p in sheet.back_to_front() {
            sheet.looks[p].curve(canvas, &curves.line(&plot, p));
        }
        for (p, at) in marks(sheet, &plot, &curves) {
            sheet.looks[p].dot(canvas, at, 5.0, true);
        }
        let side = Area { left: plot.right + 26.0, ..room };
        legend::draw(canvas, &side, sheet, &entries, legend::curve);
    })
}

/// The points of all curves, and the range they span.
struct Curves<'a> {
    points: Vec<Vec<&'a ExceedancePoint>>,
    losses: Point,
    lowest: f64,
}

impl<'a> Curves<'a> {
    fn new(sheet: &Sheet<'a>) -> Self {
        let points: Vec<_> = (0..sheet.n()).map(|p| curve(sheet, p)).collect();
        let all = || points.iter().flatten();
        let lowest = axis::span(all().map(|p| p.probability)).map_or(1e-2, |s| s.0.min(0.1));
        let mut span = axis::span(all().map(|p| p.loss.value).chain([0.0]));
        if let (Some((low, high)), Some(a)) = (span, sheet.results.provenance.appetite)
            && a < high * 2.0
        {
            span = Some((low.min(a), high.max(a * 1.1)));
        }
        let (low, high) = axis::widened(span);
        let high = if high > 0.0 { high + (high - low) * 0.03 } else { high };
        Curves { points, losses: (low, high), lowest }
    }

    fn x(&self, plot: &Area) -> Scale {
        Scale::linear(self.losses.0, self.losses.1, plot.left, plot.right)
    }

    fn y(&self, plot: &Area) -> Scale {
        Scale::log(self.lowest * 0.98, 1.0, plot.bottom, plot.top)
    }

    fn line(&self, plot: &Area, portfolio: usize) -> Vec<Point> {
        let (x, y) = (self.x(plot), self.y(plot));
        self.points[portfolio].iter().map(|p| (x.at(p.loss.value), y.at(p.probability))).collect()
    }

    fn band(&self, canvas: &mut Canvas, sheet: &Sheet, plot: &Area, portfolio: usize) {
        let look = &sheet.looks[portfolio];
        if !look.coloured {
            return;
        }
        let (x, y) = (self.x(plot), self.y(plot));
        let mut outline = Vec::new();
        let mut back = Vec::new();
        for p in &self.points[portfolio] {
            if let Some((lower, upper)) = words::interval(&p.loss) {
                outline.push((x.at(lower), y.at(p.probability)));
                back.push((x.at(upper), y.at(p.probability)));
            }
        }
        outline.extend(back.into_iter().rev());
        canvas.area(&outline, look.colour, 0.16);
    }
}

/// The lowest probability that is drawn.
fn lowest(sheet: &Sheet) -> f64 {
    (FEWEST / axis::count(sheet.results.provenance.trials)).clamp(LOWEST, 0.05)
}

/// The points of a portfolio's curve that enough trials stand for, likeliest first.
fn curve<'a>(sheet: &Sheet<'a>, portfolio: usize) -> Vec<&'a ExceedancePoint> {
    let lowest = lowest(sheet);
    let mine = |p: &&ExceedancePoint| {
        p.kind == Exceedance::Horizon
            && p.portfolio == portfolio
            && p.loss.value.is_finite()
            && p.probability >= lowest
            && p.probability <= 1.0
    };
    let mut points: Vec<_> = sheet.results.exceedance.iter().filter(mine).collect();
    points.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    points
}

fn axes(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, curves: &Curves) {
    let (x, y) = (curves.x(plot), curves.y(plot));
    let provenance = &sheet.results.provenance;
    let (low, high) = curves.losses;
    let ticks = axis::ticks(low, high, 6);
    let labels = words::money_ticks(&ticks.values, ticks.step, &provenance.currency);
    let places: Vec<_> = ticks.values.iter().map(|v| x.at(*v)).zip(labels).collect();
    axis::bottom(canvas, plot, &places);
    let places: Vec<_> = one_in(curves.lowest).into_iter().map(|(p, w)| (y.at(p), w)).collect();
    axis::left(canvas, plot, &places);
    if low < 0.0 && high >= 0.0 {
        axis::rule(canvas, (x.at(0.0), plot.top), (x.at(0.0), plot.bottom));
    }
    axis::rule(canvas, (plot.left, plot.bottom), (plot.right, plot.bottom));
    let gain = if low < -0.01 * high { "; below 0 a gain" } else { "" };
    let over = words::horizon(provenance);
    let unit = format!("Loss over {over}, present value ({}){gain}", provenance.currency);
    let middle = f64::midpoint(plot.left, plot.right);
    canvas.text(&unit, (middle, plot.bottom + 36.0), Anchor::Middle, NOTE);
    let middle = f64::midpoint(plot.top, plot.bottom);
    canvas.upward("Probability of a larger loss (log scale)", (plot.left - 84.0, middle), NOTE);
}

/// Probabilities 1, 1/2, 1/5, 1/10 … down to `lowest`, in words.
fn one_in(lowest: f64) -> Vec<(f64, String)> {
    let mut marks = Vec::new();
    let mut decade = 1.0;
    loop {
        for times in [1.0, 2.0, 5.0] {
            let probability = 1.0 / (decade * times);
            if probability < lowest * 0.999 {
                return marks;
            }
            let certain = probability > 0.999;
            marks.push((probability, if certain { "certain".to_owned() } else { words::odds(probability) }));
        }
        decade *= 10.0;
    }
}

/// Marks the appetite, and the corner outside of it.
fn appetite(canvas: &mut Canvas, sheet: &Sheet, plot: &Area, curves: &Curves) {
    let provenance = &sheet.results.provenance;
    let Some(limit) = provenance.appetite.filter(|a| a.is_finite()) else {
        return;
    };
    let kind = Type { colour: WARN, ..NOTE };
    let words = match provenance.appetite_probability {
        Some(p) => format!(
            "appetite: at most {} of futures over {}",
            words::percent(p),
            words::round_money(limit, &provenance.currency)
        ),
        None => format!("appetite {}", words::round_money(limit, &provenance.currency)),
    };
    let at = curves.x(plot).at(limit);
    if limit > curves.losses.1 {
        let at = (plot.right - 4.0, plot.top + 12.0);
        let words = format!("{words} →");
        let wide = text::width(&words, kind.size, false) + 6.0;
        canvas.rect((at.0 - wide, at.1 - 9.0), (at.0 + 3.0, at.1 + 9.0), WHITE, 0.85);
        canvas.text(&words, at, Anchor::End, kind);
        return;
    }
    let floor = provenance.appetite_probability.map_or(plot.bottom, |p| curves.y(plot).at(p));
    if provenance.appetite_probability.is_some() {
        canvas.rect((at, plot.top), (plot.right, floor), WARN, 0.07);
        canvas.line((at, floor), (plot.right, floor), &Stroke::solid(WARN, 1.4));
    }
    canvas.line((at, plot.top), (at, floor), &Stroke::solid(WARN, 1.4));
    if at < f64::midpoint(plot.left, plot.right) {
        canvas.text(&words, (at + 7.0, plot.top + 12.0), Anchor::Start, kind);
    } else {
        canvas.text(&words, (at - 7.0, plot.top + 12.0), Anchor::End, kind);
    }
}

/// The worst level that the sample is large enough for: its odds, and each portfolio's `VaR` there. It must be one
/// that is drawn, with an interval.
fn level(sheet: &Sheet) -> Option<(f64, Vec<Estimate>)> {
    let at = |odds: f64, pick: fn(&crate::results::Headline) -> Estimate| {
        let all: Vec<_> = sheet.results.headlines.iter().map(pick).collect();
        let known = |e: &Estimate| e.value.is_finite() && words::interval(e).is_some();
        (odds >= lowest(sheet) && !all.is_empty() && all.iter().all(known)).then_some((odds, all))
    };
    at(0.01, |h| h.var_99).or_else(|| at(0.05, |h| h.var_95))
}

/// Where the coloured curves pass the level that the title speaks of.
fn marks(sheet: &Sheet, plot: &Area, curves: &Curves) -> Vec<(usize, Point)> {
    let Some((odds, var)) = level(sheet) else {
        return Vec::new();
    };
    let (x, y) = (curves.x(plot), curves.y(plot));
    let coloured = sheet.back_to_front().into_iter().filter(|&p| sheet.looks[p].coloured);
    coloured.filter_map(|p| Some((p, (x.at(var.get(p)?.value), y.at(odds))))).collect()
}

/// Legend: the fattest tail first.
fn entries(sheet: &Sheet) -> Vec<Entry> {
    let mut order: Vec<usize> = (0..sheet.n()).collect();
    let Some((odds, var)) = level(sheet) else {
        return order.into_iter().map(|portfolio| Entry { portfolio, remark: String::new() }).collect();
    };
    let value = |p: usize| var.get(p).map_or(f64::NAN, |e| e.value);
    order.sort_by(|&a, &b| value(b).total_cmp(&value(a)));
    let remark = |p: usize| format!("{}: {} or more", words::odds(odds), sheet.money(value(p)));
    order.into_iter().map(|portfolio| Entry { portfolio, remark: remark(portfolio) }).collect()
}

fn title(sheet: &Sheet) -> String {
    let Some((level, var)) = level(sheet) else {
        return "Too few trials to tell how large a rare loss is".to_owned();
    };
    let odds = words::odds(level);
    let mut order: Vec<usize> = (0..var.len()).collect();
    order.sort_by(|&a, &b| var[b].value.total_cmp(&var[a].value));
    let worst = order[0];
    let amount = sheet.money(var[worst].value);
    let loses = |amount: &str| format!("{odds} futures loses {amount} or more");
    if var[worst].value <= 0.0 {
        let most = format!("{:.0} of 100", (100.0 * (1.0 - level)).round());
        return format!("Nothing is lost in {most} futures, whatever the portfolio");
    }
    let Some(&second) = order.get(1) else {
        return sentence(&loses(&amount));
    };
    let least = var[order[order.len() - 1]].value;
    if var[worst].value - least <= var[worst].value * 0.01 {
        return format!("The same tail everywhere: {} with every portfolio", loses(&amount));
    }
    if words::clearly_above(&var[worst], &var[second]) {
        return format!("{} has the fattest tail: {}", sheet.short(worst), loses(&amount));
    }
    let best = order[order.len() - 1];
    if words::clearly_above(&var[worst], &var[best]) {
        let low = sheet.money(least);
        return format!(
            "{} has the thinnest tail: {}, against {amount} with {}",
            sheet.short(best),
            loses(&low),
            sheet.short(worst)
        );
    }
    format!("No portfolio's tail is clearly the fattest: {} at worst", loses(&amount))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}
