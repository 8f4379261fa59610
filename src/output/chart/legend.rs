//! A legend of portfolios: what stands for each, its name, a remark. Knows no chart.

use super::axis::{Area, real};
use super::canvas::{Anchor, Canvas};
use super::style::{Look, NOTE, STRONG};
use super::{Sheet, text};

const WIDEST: f64 = 230.0;
const LINE: f64 = 17.0;
/// From the left of an entry to its text.
const SAMPLE: f64 = 42.0;
/// Lines kept for the names of the grey ones.
const REST: usize = 4;

/// A portfolio and a remark on it.
pub(super) struct Entry {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// What is said of it below its name; may be empty.
    pub remark: String,
}

/// How wide a legend of these entries is.
pub(super) fn width(sheet: &Sheet, entries: &[Entry]) -> f64 {
    let wide = |e: &Entry| {
        let name = text::width(sheet.name(e.portfolio).text, STRONG.size, true);
        name.max(text::width(&e.remark, NOTE.size, false))
    };
    (entries.iter().map(wide).fold(80.0, f64::max) + SAMPLE + 2.0).min(WIDEST)
}

/// What is said of one coloured portfolio.
struct Block<'a> {
    look: &'a Look,
    name: Vec<String>,
    remark: &'a str,
}

/// Draws a legend from the top of `room`: the coloured portfolios each, the grey ones together. `sample` draws what
/// stands before a name, from the left end and vertical middle that it is given.
pub(super) fn draw(
    canvas: &mut Canvas,
    room: &Area,
    sheet: &Sheet,
    entries: &[Entry],
    sample: impl Fn(&mut Canvas, &Look, f64, f64),
) {
    let wide = room.width() - SAMPLE;
    let (coloured, grey): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|e| sheet.looks[e.portfolio].coloured);
    let block = |e: &&'_ Entry| Block {
        look: &sheet.looks[e.portfolio],
        name: text::wrap(sheet.name(e.portfolio), STRONG.size, true, wide, 2),
        remark: "",
    };
    let mut blocks: Vec<Block> = coloured.iter().map(block).collect();
    let names: usize = blocks.iter().map(|b| b.name.len()).sum();
    let rest = if grey.is_empty() { 0 } else { REST };
    let needs = |lines: usize| real(lines) * LINE + real(blocks.len()) * 3.0;
    let mut used = needs(names + rest);
    if needs(names + rest + blocks.len()) <= room.height() {
        used = needs(names + rest + blocks.len());
        for (block, entry) in blocks.iter_mut().zip(&coloured) {
            block.remark = &entry.remark;
        }
    }
    let gap = 3.0 + ((room.height() - used) / real(blocks.len().max(1))).clamp(0.0, 9.0);
    let mut y = room.top + 8.0;
    for block in &blocks {
        sample(canvas, block.look, room.left, y);
        y = lines(canvas, block, room.left + SAMPLE, y) + gap;
    }
    if let Some(first) = grey.first() {
        sample(canvas, &sheet.looks[first.portfolio], room.left, y);
        let names: Vec<&str> = grey.iter().map(|e| sheet.name(e.portfolio).text).collect();
        let others = format!("{} others: {}", grey.len(), names.join(", "));
        let mut most = REST;
        while y + LINE * real(most) < room.bottom && most < 12 {
            most += 1;
        }
        for line in text::wrap(&others, NOTE.size, false, wide, most) {
            canvas.text(&line, (room.left + SAMPLE, y), Anchor::Start, NOTE);
            y += LINE;
        }
    }
}

/// Writes name and remark; returns where the next line would be.
fn lines(canvas: &mut Canvas, block: &Block, left: f64, mut y: f64) -> f64 {
    for line in &block.name {
        canvas.text(line, (left, y), Anchor::Start, STRONG);
        y += LINE;
    }
    if !block.remark.is_empty() {
        canvas.text(block.remark, (left, y), Anchor::Start, NOTE);
        y += LINE;
    }
    y
}

/// A sample of a curve.
pub(super) fn curve(canvas: &mut Canvas, look: &Look, left: f64, y: f64) {
    look.curve(canvas, &[(left, y), (left + SAMPLE - 9.0, y)]);
}
