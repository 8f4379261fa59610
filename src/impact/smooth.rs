//! Factors over a time so short that a parabola says all of them: what most outages meet while revenue and capability
//! are on their way somewhere.

use crate::chance::math::exp;
use crate::plan::ServicePlan;
use crate::plan::curve::Flow;
use crate::plan::curve::walk::Moments;
use crate::world::ramp::Ramp;

/// What a parabola may leave out of a product of more than two rising factors, as a part of it.
const LEFT_OUT: f64 = 1e-12;

/// Hours that are looked at by their parabolas.
pub(super) const SHORT: f64 = 24.0;

/// Flows of times asked for last, per service: most portfolios ask for the same. They outlast trials: what flows depends
/// on nothing else.
#[derive(Debug, Default)]
pub(super) struct Flows {
    known: Vec<Vec<Known>>,
}

/// A time by the bits of its ends, what flows then, and the nominal area.
#[derive(Debug, Clone, Copy)]
struct Known {
    time: (u64, u64),
    flow: Flow,
    nominal: f64,
}

/// A discount over a short time of which a parabola leaves out nothing that counts.
pub(super) const LITTLE_DISCOUNT: f64 = 5e-4;

/// Times that are kept, each in the place that its bits say.
const KNOWN: usize = 1 << 12;

impl Flows {
    pub(super) fn open(&mut self, n_services: usize) {
        self.known.resize_with(n_services, Vec::new);
    }

    /// What flows of a service during [from, to), at present value; and the nominal area if that is used and anything
    /// hangs on it.
    #[inline]
    pub(super) fn of(
        &mut self,
        s: usize,
        service: &ServicePlan,
        (rho, bills): (f64, bool),
        (from, to): (f64, f64),
    ) -> (Flow, f64) {
        let nominal = |flow: &Flow| {
            if rho.abs() * (to - from) > LITTLE_DISCOUNT {
                return service.nominal.area(from, to);
            }
            // Undiscounted around the centre, where e^ρx is a parabola.
            exp(rho * flow.centre) * (flow.area + 0.5 * rho * rho * flow.spread)
        };
        if service.present.is_smooth() {
            let flow = service.present.flow(from, to);
            return (flow, if bills && service.usage > 0.0 { nominal(&flow) } else { 0.0 });
        }
        let known = &mut self.known[s];
        if known.is_empty() {
            let flow = Flow { area: 0.0, centre: 0.0, spread: 0.0 };
            known.resize(KNOWN, Known { time: (0, 0), flow, nominal: 0.0 });
        }
        let time = (from.to_bits(), to.to_bits());
        let mixed = (time.0 ^ time.1.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = &mut known[(mixed >> 52) as usize];
        if place.time != time {
            let flow = service.present.flow(from, to);
            *place = Known { time, flow, nominal: if service.usage > 0.0 { nominal(&flow) } else { 0.0 } };
        }
        (place.flow, place.nominal)
    }
}

/// Ramps, cut where one begins, is reached or ends. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(super) struct Spans {
    all: Vec<Span>,
    lines: Vec<Line>,
    /// Those of the lines that rise.
    rising: Vec<Line>,
    /// Per month: the span in which it begins, and whether nothing is at work all through it.
    months: Vec<(usize, bool)>,
}

/// When a span ends, the last never; its lines, those that rise, and the product of all others.
#[derive(Debug, Clone, Copy)]
struct Span {
    end: f64,
    lines: (usize, usize),
    rising: (usize, usize),
    constant: f64,
}

/// A ramp during a span: which of the ramps, and the factor `at` + `rise` × t.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) nth: usize,
    at: f64,
    rise: f64,
}

impl Spans {
    /// `months`: when they begin.
    #[expect(clippy::needless_pass_by_value, reason = "an iterator that is cloned for every walk")]
    pub(super) fn prepare(&mut self, ramps: impl Iterator<Item = Ramp> + Clone, months: &[f64]) {
        let Self { all: spans, lines, rising, months: of_months } = self;
        spans.clear();
        lines.clear();
        rising.clear();
        let ends = ramps.clone().flat_map(|r| [r.start, r.start + r.over, r.end]).chain([f64::INFINITY]);
        spans.extend(ends.map(|end| Span { end, lines: (0, 0), rising: (0, 0), constant: 1.0 }));
        spans.sort_unstable_by(|a, b| a.end.total_cmp(&b.end));
        spans.dedup_by(|a, b| a.end.to_bits() == b.end.to_bits());
        let mut from = f64::NEG_INFINITY;
        for span in &mut *spans {
            (span.lines.0, span.rising.0) = (lines.len(), rising.len());
            let there = ramps.clone().enumerate().filter(|(_, r)| r.start <= from && from < r.end);
            lines.extend(there.map(|(nth, r)| {
                let rise = if from < r.start + r.over { r.change / r.over } else { 0.0 };
                Line { nth, at: if rise == 0.0 { 1.0 + r.change } else { 1.0 - rise * r.start }, rise }
            }));
            for line in &lines[span.lines.0..] {
                if line.rise == 0.0 {
                    span.constant *= line.at;
                } else {
                    rising.push(*line);
                }
            }
            (span.lines.1, span.rising.1) = (lines.len(), rising.len());
            from = span.end;
        }
        of_months.clear();
        let mut at = 0;
        of_months.extend(months.iter().enumerate().map(|(n, &month)| {
            while spans[at].end <= month {
                at += 1;
            }
            let Span { end, lines: (first, last), .. } = spans[at];
            (at, first == last && months.get(n + 1).is_some_and(|&next| next <= end))
        }));
    }

    /// Nothing is ever at work.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Nothing is at work in a month.
    #[inline]
    pub(super) fn is_quiet(&self, month: usize) -> bool {
        self.months[month].1
    }

    /// What is at work all through [from, to), which begins in a month; none if that changes within.
    #[inline]
    pub(super) fn during(&self, month: usize, from: f64, to: f64) -> Option<&[Line]> {
        self.span(month, from, to).map(|span| &self.lines[span.lines.0..span.lines.1])
    }

    /// The same, if a parabola says all that counts of its product with another around `t`.
    #[inline]
    pub(super) fn smooth_with(&self, other: &Product, month: usize, (from, to): (f64, f64), t: f64) -> Option<&[Line]> {
        let span = self.span(month, from, to)?;
        let (first, last) = span.rising;
        let lines = &self.lines[span.lines.0..span.lines.1];
        // Two that rise are a parabola.
        let few = other.rising as usize + (last - first) <= 2;
        let whole = || self.rising[first..last].iter().fold(*other, |left, line| left.times(line, t));
        (few || whole().is_smooth(to - from)).then_some(lines)
    }

    /// The product of what is at work all through [from, to), which begins in a month, around `t`; none if that changes
    /// within.
    #[inline]
    pub(super) fn product(&self, month: usize, (from, to): (f64, f64), t: f64) -> Option<Product> {
        let span = self.span(month, from, to)?;
        let constant = Product { value: span.constant, ..Product::ONE };
        Some(self.rising[span.rising.0..span.rising.1].iter().fold(constant, |all, line| all.times(line, t)))
    }

    #[inline]
    fn span(&self, month: usize, from: f64, to: f64) -> Option<&Span> {
        let (mut span, _) = self.months[month];
        while self.all[span].end <= from {
            span += 1;
        }
        Some(&self.all[span]).filter(|span| to <= span.end)
    }
}

/// A product of factors around a moment: its value, slope and bend there, and how steep they are that rise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Product {
    value: f64,
    slope: f64,
    bend: f64,
    rising: u32,
    steep: f64,
}

impl Product {
    pub(super) const ONE: Self = Self { value: 1.0, slope: 0.0, bend: 0.0, rising: 0, steep: 0.0 };

    /// This × a factor, around `t`.
    #[inline]
    pub(super) fn times(self, line: &Line, t: f64) -> Self {
        if line.rise == 0.0 {
            let Self { value, slope, bend, .. } = self;
            return Self { value: value * line.at, slope: slope * line.at, bend: bend * line.at, ..self };
        }
        let factor = line.at + line.rise * t;
        Self {
            value: self.value * factor,
            slope: self.slope * factor + self.value * line.rise,
            bend: self.bend * factor + 2.0 * self.slope * line.rise,
            rising: self.rising + 1,
            steep: self.steep + (line.rise / factor).abs(),
        }
    }

    /// Less what is left of it after another factor.
    #[inline]
    pub(super) fn less(self, after: &Self) -> Self {
        Self {
            value: self.value - after.value,
            slope: self.slope - after.slope,
            bend: self.bend - after.bend,
            ..*after
        }
    }

    /// ∫ of a flow × this; around the flow's centre.
    #[inline]
    pub(super) fn of(&self, flow: &Flow) -> f64 {
        flow.area * self.value + 0.5 * flow.spread * self.bend
    }

    /// ∫ of what flows × this; around the moment that the moments are around.
    #[inline]
    pub(super) fn of_moments(&self, flow: &Moments) -> f64 {
        flow.area * self.value + flow.first * self.slope + 0.5 * flow.second * self.bend
    }

    /// A parabola says all that counts of it over so many hours.
    #[inline]
    pub(super) fn is_smooth(&self, hours: f64) -> bool {
        let steep = self.steep * hours;
        self.rising <= 2 || steep * steep * steep < 192.0 * LEFT_OUT
    }
}
