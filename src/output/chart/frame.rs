//! What every page has: a title that says what is seen, a line on how to read it, a footer that says where the figures
//! come from. Knows no chart.

use super::axis::Area;
use super::canvas::{self, Anchor, Canvas, HEIGHT, Stroke, WIDTH};
use super::style::{BODY, GRID, NOTE, SOFT, TITLE, Type};
use super::{Sheet, text, words};

const MARGIN: f64 = 32.0;

/// Draws a page; `draw` gets the room between head and foot.
pub(super) fn page(sheet: &Sheet, title: &str, subtitle: &str, draw: impl FnOnce(&mut Canvas, Area)) -> String {
    let from = &sheet.results.provenance;
    let run = format!(
        "{} · seed {} · {} from {} · linchpin {}",
        words::trials(from.trials),
        from.seed,
        words::horizon(from),
        from.start.get(..10).unwrap_or(&from.start),
        from.version,
    );
    page_of(title, subtitle, (&from.scenario, &run), draw)
}

/// The same of what is no run; `from`: the scenario, and where the figures come from.
pub(super) fn page_of(title: &str, subtitle: &str, from: (&str, &str), draw: impl FnOnce(&mut Canvas, Area)) -> String {
    canvas::picture(title, |canvas| {
        let top = head(canvas, title, subtitle);
        foot(canvas, from);
        let room = Area { left: MARGIN, right: WIDTH - MARGIN, top, bottom: HEIGHT - 42.0 };
        draw(canvas, room);
    })
}

fn head(canvas: &mut Canvas, title: &str, subtitle: &str) -> f64 {
    let room = WIDTH - 2.0 * MARGIN;
    let whole = |size: &f64| text::width(title, *size, true) <= room;
    let size = [TITLE.size, TITLE.size - 1.0, TITLE.size - 2.0].into_iter().find(whole);
    let kind = Type { size: size.unwrap_or(TITLE.size - 2.0), ..TITLE };
    let mut y = 34.0;
    for line in balanced(title, kind, room) {
        canvas.text(&line, (MARGIN, y), Anchor::Start, kind);
        y += 27.0;
    }
    for line in text::wrap(subtitle, BODY.size, false, room, 2) {
        canvas.text(&line, (MARGIN, y), Anchor::Start, Type { colour: SOFT, ..BODY });
        y += 19.0;
    }
    y + 6.0
}

/// The text in at most two lines, of about one length.
fn balanced(words: &str, kind: Type, room: f64) -> Vec<String> {
    let half = text::width(words, kind.size, kind.bold) / 2.0;
    if half * 2.0 > room && half * 1.15 < room {
        let lines = text::wrap(words, kind.size, kind.bold, half * 1.15, 3);
        if lines.len() == 2 {
            return lines;
        }
    }
    text::wrap(words, kind.size, kind.bold, room, 2)
}

fn foot(canvas: &mut Canvas, (scenario, run): (&str, &str)) {
    let run = text::fit(run, NOTE.size, false, WIDTH * 0.66);
    let room = WIDTH - 2.0 * MARGIN - text::width(&run, NOTE.size, false) - 20.0;
    let y = HEIGHT - 20.0;
    canvas.line((MARGIN, y - 15.0), (WIDTH - MARGIN, y - 15.0), &Stroke::solid(GRID, 1.0));
    let name = text::fit(scenario, NOTE.size, false, room);
    canvas.text(&name, (MARGIN, y), Anchor::Start, NOTE);
    canvas.text(&run, (WIDTH - MARGIN, y), Anchor::End, NOTE);
}

/// Says in the middle of the page why there is no picture.
pub(super) fn nothing(canvas: &mut Canvas, room: &Area, why: &str) {
    let middle = (f64::midpoint(room.left, room.right), f64::midpoint(room.top, room.bottom));
    canvas.text(why, middle, Anchor::Middle, Type { colour: SOFT, ..BODY });
}
