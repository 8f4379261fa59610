//! What every page has: a title that says what is seen, a line on how to read it, a footer that says where the figures
//! come from. Knows no chart.

use super::axis::{Area, real};
use super::canvas::{self, Anchor, Canvas, HEIGHT, Stroke, WIDTH};
use super::style::{BODY, GRID, NOTE, SOFT, TITLE, Type};
use super::{Sheet, text, words};

const MARGIN: f64 = 32.0;

/// Width between the margins.
pub(super) const ROOM: f64 = WIDTH - 2.0 * MARGIN;

/// What the footer says: which scenario, and which run of it.
pub(super) struct Foot<'a> {
    pub scenario: &'a str,
    pub run: String,
}

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
    sized(&Foot { scenario: &from.scenario, run }, title, subtitle, |_| HEIGHT, draw)
}

/// The same of a height that depends on where the head ends.
pub(super) fn sized(
    foot: &Foot,
    title: &str,
    subtitle: &str,
    height: impl FnOnce(f64) -> f64,
    draw: impl FnOnce(&mut Canvas, Area),
) -> String {
    let head = Head::new(title, subtitle);
    let height = height(head.bottom());
    canvas::picture(title, height, |canvas| {
        head.draw(canvas);
        foot.draw(canvas, height);
        draw(canvas, Area { left: MARGIN, right: WIDTH - MARGIN, top: head.bottom(), bottom: height - 42.0 });
    })
}

/// Title and subtitle, broken into lines.
struct Head {
    kind: Type,
    title: Vec<String>,
    subtitle: Vec<String>,
}

impl Head {
    fn new(title: &str, subtitle: &str) -> Self {
        let whole = |size: &f64| text::width(title, *size, true) <= ROOM;
        let size = [TITLE.size, TITLE.size - 1.0, TITLE.size - 2.0].into_iter().find(whole);
        let kind = Type { size: size.unwrap_or(TITLE.size - 2.0), ..TITLE };
        Head { kind, title: balanced(title, kind, ROOM), subtitle: text::wrap(subtitle, BODY.size, false, ROOM, 2) }
    }

    /// Where the room below begins.
    fn bottom(&self) -> f64 {
        34.0 + 27.0 * real(self.title.len()) + 19.0 * real(self.subtitle.len()) + 6.0
    }

    fn draw(&self, canvas: &mut Canvas) {
        let mut y = 34.0;
        for line in &self.title {
            canvas.text(line, (MARGIN, y), Anchor::Start, self.kind);
            y += 27.0;
        }
        for line in &self.subtitle {
            canvas.text(line, (MARGIN, y), Anchor::Start, Type { colour: SOFT, ..BODY });
            y += 19.0;
        }
    }
}

impl Foot<'_> {
    fn draw(&self, canvas: &mut Canvas, height: f64) {
        let run = text::fit(&self.run, NOTE.size, false, WIDTH * 0.66);
        let room = ROOM - text::width(&run, NOTE.size, false) - 20.0;
        let y = height - 20.0;
        canvas.line((MARGIN, y - 15.0), (WIDTH - MARGIN, y - 15.0), &Stroke::solid(GRID, 1.0));
        let name = text::fit(self.scenario, NOTE.size, false, room);
        canvas.text(&name, (MARGIN, y), Anchor::Start, NOTE);
        canvas.text(&run, (WIDTH - MARGIN, y), Anchor::End, NOTE);
    }
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

/// Says in the middle of the page why there is no picture.
pub(super) fn nothing(canvas: &mut Canvas, room: &Area, why: &str) {
    let middle = (f64::midpoint(room.left, room.right), f64::midpoint(room.top, room.bottom));
    canvas.text(why, middle, Anchor::Middle, Type { colour: SOFT, ..BODY });
}
