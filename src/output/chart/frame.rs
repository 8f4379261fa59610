//! What every page has: a title that says what is seen, a line on how to read it, a footer that says where the figures
//! come from, and a legend. Knows no chart.

use super::axis::{Area, real};
use super::canvas::{self, Anchor, Canvas, HEIGHT, Stroke, WIDTH};
use super::style::{BODY, GRID, Look, NOTE, SOFT, STRONG, TITLE, Type};
use super::{Sheet, text, words};

const MARGIN: f64 = 32.0;
const LEGEND_WIDEST: f64 = 230.0;
const LEGEND_LINE: f64 = 17.0;
/// From the left of a legend's entry to its text.
const SAMPLE: f64 = 42.0;

/// Draws a page; `draw` gets the room between head and foot.
pub(super) fn page(
    sheet: &Sheet,
    title: &str,
    subtitle: &str,
    draw: impl FnOnce(&mut Canvas, Area),
) -> String {
    canvas::picture(title, |canvas| {
        let top = head(canvas, title, subtitle);
        foot(canvas, sheet);
        let room = Area {
            left: MARGIN,
            right: WIDTH - MARGIN,
            top,
            bottom: HEIGHT - 42.0,
        };
        draw(canvas, room);
    })
}

fn head(canvas: &mut Canvas, title: &str, subtitle: &str) -> f64 {
    let room = WIDTH - 2.0 * MARGIN;
    let mut y = 34.0;
    for line in text::wrap(title, TITLE.size, true, room, 2) {
        canvas.text(&line, (MARGIN, y), Anchor::Start, TITLE);
        y += 28.0;
    }
    y -= 1.0;
    for line in text::wrap(subtitle, BODY.size, false, room, 2) {
        canvas.text(
            &line,
            (MARGIN, y),
            Anchor::Start,
            Type {
                colour: SOFT,
                ..BODY
            },
        );
        y += 19.0;
    }
    y + 6.0
}

fn foot(canvas: &mut Canvas, sheet: &Sheet) {
    let from = &sheet.results.provenance;
    let run = format!(
        "{} trials · seed {} · {} from {} · linchpin {}",
        words::grouped(&from.trials.to_string()),
        from.seed,
        words::horizon(from),
        from.start.get(..10).unwrap_or(&from.start),
        from.version,
    );
    let run = text::fit(&run, NOTE.size, false, WIDTH * 0.66);
    let room = WIDTH - 2.0 * MARGIN - text::width(&run, NOTE.size, false) - 20.0;
    let y = HEIGHT - 20.0;
    canvas.line(
        (MARGIN, y - 15.0),
        (WIDTH - MARGIN, y - 15.0),
        &Stroke::solid(GRID, 1.0),
    );
    let name = text::fit(&from.scenario, NOTE.size, false, room);
    canvas.text(&name, (MARGIN, y), Anchor::Start, NOTE);
    canvas.text(&run, (WIDTH - MARGIN, y), Anchor::End, NOTE);
}

/// An entry of a legend: a portfolio and a remark on it, or none.
pub(super) struct Entry {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// What is said of it below its name; may be empty.
    pub remark: String,
}

/// How wide a legend of these entries is.
pub(super) fn legend_width(sheet: &Sheet, entries: &[Entry]) -> f64 {
    let wide = |e: &Entry| {
        let name = text::width(sheet.name(e.portfolio), STRONG.size, true);
        name.max(text::width(&e.remark, NOTE.size, false))
    };
    (entries.iter().map(wide).fold(80.0, f64::max) + SAMPLE + 2.0).min(LEGEND_WIDEST)
}

/// Draws a legend from the top of `room`: the coloured portfolios each, the grey ones together. `sample` draws what
/// stands before a name, around the given left end.
pub(super) fn legend(
    canvas: &mut Canvas,
    room: &Area,
    sheet: &Sheet,
    entries: &[Entry],
    sample: impl Fn(&mut Canvas, &Look, f64, f64),
) {
    let mut blocks: Vec<(Look, Vec<String>, String)> = Vec::new();
    let wide = room.width() - SAMPLE;
    for e in entries.iter().filter(|e| sheet.looks[e.portfolio].coloured) {
        let name = text::wrap(sheet.name(e.portfolio), STRONG.size, true, wide, 2);
        blocks.push((sheet.looks[e.portfolio], name, e.remark.clone()));
    }
    let grey: Vec<usize> = entries
        .iter()
        .map(|e| e.portfolio)
        .filter(|&p| !sheet.looks[p].coloured)
        .collect();
    let lines: usize = blocks.iter().map(|b| b.1.len()).sum::<usize>();
    let remarks = blocks.iter().filter(|b| !b.2.is_empty()).count();
    let rest_lines = if grey.is_empty() { 0 } else { 4 };
    let needs = |n: usize| real(n) * LEGEND_LINE + real(blocks.len()) * 3.0;
    let with_remarks = needs(lines + remarks + rest_lines) <= room.height();
    let all = lines + rest_lines + if with_remarks { remarks } else { 0 };
    let spare = (room.height() - needs(all)) / real(blocks.len().max(1));
    let gap = 3.0 + spare.clamp(0.0, 9.0);
    let mut y = room.top + 8.0;
    for (look, name, remark) in &blocks {
        sample(canvas, look, room.left, y);
        for line in name {
            canvas.text(line, (room.left + SAMPLE, y), Anchor::Start, STRONG);
            y += LEGEND_LINE;
        }
        if with_remarks && !remark.is_empty() {
            canvas.text(remark, (room.left + SAMPLE, y), Anchor::Start, NOTE);
            y += LEGEND_LINE;
        }
        y += gap;
    }
    if let Some(&first) = grey.first() {
        sample(canvas, &sheet.looks[first], room.left, y);
        let names: Vec<&str> = grey.iter().map(|&p| sheet.name(p)).collect();
        let others = format!("{} others: {}", grey.len(), names.join(", "));
        let mut left = 6;
        for line in text::wrap(&others, NOTE.size, false, wide, 6) {
            if left > 0 && y < room.bottom {
                canvas.text(&line, (room.left + SAMPLE, y), Anchor::Start, NOTE);
            }
            left -= 1;
            y += LEGEND_LINE;
        }
    }
}

/// A sample of a curve, for legends of lines.
pub(super) fn curve_sample(canvas: &mut Canvas, look: &Look, left: f64, y: f64) {
    look.curve(canvas, &[(left, y), (left + SAMPLE - 9.0, y)]);
}
