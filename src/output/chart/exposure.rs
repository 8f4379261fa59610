//! What the loss of each vendor and platform would cost: a heat map per portfolio, nodes × how long they are lost. The
//! amount stands in the cell, so that colour only guides the eye; darker is more, in print too. As high as its rows need.

use plotters::prelude::RGBColor;

use super::axis::{Area, real};
use super::canvas::{Anchor, Canvas, HEIGHT, Stroke, Type};
use super::style::{GRID, INK, NOTE, SOFT, STRONG, WHITE};
use super::{Chart, frame, text, words};
use crate::scenario::Scenario;
use crate::study::exposure::{Exposure, LOST, Lost};

/// From little to much (`OrRd` of `ColorBrewer`, its end darker): each lighter than the next in grey too.
const HEAT: [RGBColor; 5] = [
    RGBColor(254, 240, 217),
    RGBColor(253, 204, 138),
    RGBColor(252, 141, 89),
    RGBColor(215, 48, 31),
    RGBColor(110, 0, 0),
];
/// What is gained.
const GAIN: RGBColor = RGBColor(222, 235, 247);
/// Losses smaller than the largest by more than this are all the lightest.
const DECADES: f64 = 5.0;
/// An amount in a cell.
const AMOUNT: Type = Type { size: 12.0, bold: false, colour: INK };
/// Widest name of a node, units.
const NAME: f64 = 190.0;
/// Widest and narrowest cell.
const CELL: (f64, f64) = (110.0, 46.0);
/// Height of a row, of what stands above the rows of a panel, and between platforms and vendors.
const ROW: f64 = 21.0;
const HEAD: f64 = 46.0;
const BETWEEN: f64 = 5.0;
/// Between panels.
const GAP: (f64, f64) = (18.0, 18.0);

/// The heat map of what the loss of each node would cost, `all` as [`exposure`](crate::study::exposure::exposure) gives it.
#[must_use]
pub fn exposure(scenario: &Scenario, all: &[Exposure]) -> Chart {
    let map = Map::new(scenario, all);
    let left_out = match map.harmless.as_slice() {
        [] => String::new(),
        names => format!(" Costs nothing: {}.", names.join(", ")),
    };
    let never = if all.iter().any(|e| e.recovery_hours.is_none()) {
        " Framed: some traffic is never served again."
    } else {
        ""
    };
    let subtitle =
        format!("Loss, present value, if one vendor or platform is lost alone. Darker is more.{never}{left_out}");
    let foot =
        frame::Foot { scenario: &scenario.name, run: format!("nothing else happens · linchpin {}", crate::VERSION) };
    let title = map.title();
    let rows = map.height();
    let svg = frame::sized(
        &foot,
        &title,
        &subtitle,
        |top| (top + rows + 42.0).max(HEIGHT),
        |canvas, room| {
            if map.nodes.is_empty() {
                return frame::nothing(canvas, &room, "No loss of a vendor or platform costs anything.");
            }
            for portfolio in 0..scenario.portfolios.len() {
                map.panel(canvas, portfolio, &map.place(portfolio, &room));
            }
        },
    );
    Chart { name: "exposure", svg }
}

/// What is drawn, and how large.
struct Map<'a> {
    scenario: &'a Scenario,
    all: &'a [Exposure],
    /// Nodes whose loss changes anything for anybody.
    nodes: Vec<usize>,
    /// The names of the others.
    harmless: Vec<&'a str>,
    ids: Vec<String>,
    portfolios: Vec<String>,
    /// The least and the largest loss that colours tell apart.
    span: (f64, f64),
    name: f64,
    cell: f64,
    across: usize,
}

impl<'a> Map<'a> {
    fn new(scenario: &'a Scenario, all: &'a [Exposure]) -> Self {
        let ids: Vec<String> = scenario.nodes.iter().map(|node| node.id.clone()).collect();
        let portfolios: Vec<String> = scenario.portfolios.iter().map(|portfolio| portfolio.id.clone()).collect();
        let matters = |node: &usize| all.iter().any(|e| e.node == *node && !is_nothing(e));
        let (nodes, harmless): (Vec<usize>, Vec<usize>) = (0..ids.len()).partition(matters);
        let most = all.iter().map(|e| e.loss).filter(|loss| loss.is_finite()).fold(0.0, f64::max);
        let floor = most * libm::pow(10.0, -DECADES);
        let least = all.iter().map(|e| e.loss).filter(|loss| *loss > 0.0).fold(f64::INFINITY, f64::min).max(floor);
        let name = nodes.iter().map(|&n| text::width(&ids[n], NOTE.size, false)).fold(40.0, f64::max).min(NAME) + 8.0;
        let amounts = all.iter().map(|e| text::width(&amount(scenario, e), AMOUNT.size, false));
        let needed = amounts.fold(CELL.1, f64::max) + 5.0;
        let n = portfolios.len().max(1);
        let wide = name + needed * real(LOST.len());
        let across = (1..=n).rev().find(|&k| wide * real(k) + GAP.0 * real(k - 1) <= frame::ROOM).unwrap_or(1);
        // As many rows of panels as needed, the rows as even as can be.
        let across = n.div_ceil(n.div_ceil(across));
        let free = (frame::ROOM - GAP.0 * real(across - 1)) / real(across) - name;
        let harmless = harmless.into_iter().map(|n| scenario.nodes[n].id.as_str()).collect();
        let cell = (free / real(LOST.len())).min(CELL.0.max(needed));
        Map { scenario, all, nodes, harmless, ids, portfolios, span: (least, most), name, cell, across }
    }

    fn rows(&self) -> f64 {
        let vendors = self.nodes.iter().filter(|&&n| n >= self.scenario.n_platforms).count();
        let is_mixed = vendors > 0 && vendors < self.nodes.len();
        ROW * real(self.nodes.len()) + if is_mixed { BETWEEN } else { 0.0 }
    }

    fn height(&self) -> f64 {
        let down = self.portfolios.len().div_ceil(self.across);
        (HEAD + self.rows() + GAP.1) * real(down)
    }

    fn place(&self, portfolio: usize, room: &Area) -> Area {
        let wide = self.name + self.cell * real(LOST.len());
        let left = room.left + (wide + GAP.0) * real(portfolio % self.across);
        let top = room.top + (HEAD + self.rows() + GAP.1) * real(portfolio / self.across);
        Area { left, right: left + wide, top, bottom: top + HEAD + self.rows() }
    }

    fn panel(&self, canvas: &mut Canvas, portfolio: usize, place: &Area) {
        let tells = text::telling(&self.portfolios);
        let baseline = if portfolio == self.scenario.baseline && self.portfolios.len() > 1 { "(baseline)" } else { "" };
        let room = place.width() - text::width(baseline, NOTE.size, false) - 6.0;
        let name = text::Name { text: &self.portfolios[portfolio], tells: tells[portfolio] };
        let heading = text::fit(name, STRONG.size, true, room);
        canvas.text(&heading, (place.left, place.top + 10.0), Anchor::Start, STRONG);
        let behind = place.left + text::width(&heading, STRONG.size, true) + 6.0;
        canvas.text(baseline, (behind, place.top + 10.0), Anchor::Start, NOTE);
        let left = place.left + self.name;
        for (k, lost) in LOST.iter().enumerate() {
            let middle = left + self.cell * (real(k) + 0.5);
            canvas.text(&lost.name(), (middle, place.top + 33.0), Anchor::Middle, NOTE);
        }
        let tells = text::telling(&self.ids);
        let mut top = place.top + HEAD;
        for (row, &node) in self.nodes.iter().enumerate() {
            let is_first_vendor = node >= self.scenario.n_platforms;
            if row > 0 && is_first_vendor && self.nodes[row - 1] < self.scenario.n_platforms {
                top += BETWEEN;
            }
            let name = text::Name { text: &self.ids[node], tells: tells[node] };
            let name = text::fit(name, NOTE.size, false, self.name - 8.0);
            canvas.text(&name, (place.left, top + ROW / 2.0), Anchor::Start, Type { colour: INK, ..NOTE });
            for (k, lost) in LOST.iter().enumerate() {
                let left = left + self.cell * real(k);
                let cell = Area { left, right: left + self.cell, top, bottom: top + ROW };
                if let Some(e) = self.find(node, *lost, portfolio) {
                    self.cell(canvas, e, &cell);
                }
            }
            top += ROW;
        }
    }

    fn find(&self, node: usize, lost: Lost, portfolio: usize) -> Option<&Exposure> {
        self.all.iter().find(|e| (e.node, e.lost, e.portfolio) == (node, lost, portfolio))
    }

    fn cell(&self, canvas: &mut Canvas, e: &Exposure, cell: &Area) {
        let (a, b) = ((cell.left + 1.0, cell.top + 1.0), (cell.right - 1.0, cell.bottom - 1.0));
        let middle = (f64::midpoint(cell.left, cell.right), f64::midpoint(cell.top, cell.bottom));
        if is_nothing(e) {
            canvas.rect(a, b, GRID, 0.5);
            canvas.text("–", middle, Anchor::Middle, Type { colour: SOFT, ..AMOUNT });
            return;
        }
        let heat = self.heat(e.loss);
        canvas.rect(a, b, heat, 1.0);
        if e.recovery_hours.is_none() {
            let corners = [a, (b.0, a.1), b, (a.0, b.1), a, (b.0, a.1)];
            canvas.path(&corners, &Stroke::solid(INK, 1.6));
        }
        let said = text::fit(&amount(self.scenario, e), AMOUNT.size, false, cell.width() - 4.0);
        let colour = if super::style::luminance(heat) < 0.43 { WHITE } else { INK };
        canvas.text(&said, middle, Anchor::Middle, Type { colour, ..AMOUNT });
    }

    /// The colour of a loss, by its logarithm.
    fn heat(&self, loss: f64) -> RGBColor {
        if loss <= 0.0 {
            return GAIN;
        }
        let (least, most) = self.span;
        let part = if most > least { libm::log(loss / least) / libm::log(most / least) } else { 1.0 };
        between(part.clamp(0.0, 1.0))
    }

    fn title(&self) -> String {
        let worst = self.all.iter().filter(|e| e.loss > 0.0).max_by(|a, b| {
            // Of equals the first.
            a.loss.total_cmp(&b.loss).then_with(|| (b.node, b.portfolio).cmp(&(a.node, a.portfolio)))
        });
        let Some(e) = worst else {
            return "No loss of a vendor or platform costs anything".to_owned();
        };
        let (node, portfolio) = (words::short(&self.ids[e.node]), words::short(&self.portfolios[e.portfolio]));
        let amount = amount(self.scenario, e);
        match e.lost {
            Lost::ForGood => format!("Losing {node} for good would cost {amount} with {portfolio}"),
            Lost::Hours(_) => format!("Losing {node} for {} would cost {amount} with {portfolio}", e.lost.name()),
        }
    }
}

fn is_nothing(e: &Exposure) -> bool {
    e.loss == 0.0 && e.unserved_hours <= 0.0
}

fn amount(scenario: &Scenario, e: &Exposure) -> String {
    words::money(e.loss, &scenario.currency)
}

/// The colour at a part, 0 to 1, of the way from little to much.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between colours: 0 to 255, and 0 to 3")]
pub(super) fn between(part: f64) -> RGBColor {
    let last = HEAT.len() - 2;
    let at = part * real(HEAT.len() - 1);
    let k = (at.floor() as usize).min(last);
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * (at - real(k))).round() as u8;
    let (from, to) = (HEAT[k], HEAT[k + 1]);
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
