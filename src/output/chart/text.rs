//! How wide a text is in the embedded font, and how to make it fit. Knows neither colours nor places.

/// Advance widths of ` ` to `~`, thousandths of the font size: Inter Regular.
#[rustfmt::skip]
const REGULAR: [u16; 95] = [
    281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360,
    631, 407, 610, 618, 646, 593, 620, 566, 619, 620, 288, 302, 662, 662, 662, 511,
    966, 690, 654, 730, 722, 601, 590, 746, 743, 269, 571, 672, 565, 903, 753, 765,
    639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471, 456,
    323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549, 242, 876, 591, 600,
    612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662,
];

/// The same of Inter `SemiBold`.
#[rustfmt::skip]
const BOLD: [u16; 95] = [
    252, 321, 523, 644, 650, 1004, 663, 326, 373, 373, 540, 673, 319, 465, 319, 379,
    660, 423, 623, 636, 666, 612, 640, 576, 640, 640, 319, 329, 673, 673, 673, 543,
    999, 728, 659, 737, 722, 605, 588, 749, 746, 277, 580, 703, 565, 922, 759, 769,
    645, 773, 652, 650, 660, 736, 728, 1020, 720, 713, 652, 373, 379, 373, 481, 469,
    351, 574, 624, 583, 624, 591, 389, 625, 612, 262, 262, 569, 262, 900, 612, 609,
    624, 624, 397, 549, 353, 612, 587, 839, 569, 588, 566, 455, 359, 455, 673,
];

/// Width of `text` at font size `size`, units. Exact but for kerning in ASCII; beyond, a good guess.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|c| f64::from(advance(c, bold))).sum::<f64>() * size / 1000.0
}

fn advance(c: char, bold: bool) -> u16 {
    let table = if bold { &BOLD } else { &REGULAR };
    let ascii = u32::from(c).checked_sub(32).and_then(|i| usize::try_from(i).ok());
    match (ascii.and_then(|i| table.get(i)), c) {
        (Some(&w), _) => w,
        (None, '\u{a0}') => table[0],
        (None, '·') => 288,
        (None, '\u{300}'..='\u{36f}') => 0,
        (None, '\u{1100}'..) if !('\u{2000}'..='\u{2bff}').contains(&c) => 1000,
        (None, _) => 650,
    }
}

/// A text to be written, and the letter (from 0) that tells it from the name most like it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub text: &'a str,
    /// Where the name is cut short, this letter stays. 0 of a text that needs no telling apart.
    pub tells: usize,
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for Name<'a> {
    fn from(text: &'a T) -> Self {
        Name { text: text.as_ref(), tells: 0 }
    }
}

/// Of each name the letter that tells it from all others: the one after the longest beginning that it shares with
/// another.
pub(super) fn telling(names: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&i| &names[i]);
    let mut tells = vec![0; names.len()];
    // The most alike stand next to each other in order.
    for pair in order.windows(2) {
        let letters = names[pair[0]].chars().zip(names[pair[1]].chars());
        let shared = letters.take_while(|(a, b)| a == b).count();
        for &i in pair {
            tells[i] = shared.min(names[i].chars().count().saturating_sub(1)).max(tells[i]);
        }
    }
    tells
}

/// The text, or as much of it as fits into `room`, with an ellipsis in its middle: names often differ at their end.
/// Where they differ in their middle, that is kept, between two.
pub(super) fn fit<'a>(name: impl Into<Name<'a>>, size: f64, bold: bool, room: f64) -> String {
    let Name { text, tells } = name.into();
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let (dots, room) = (width("…", size, bold), room.max(0.0));
    let wide = |letters: &[char]| letters.iter().map(|c| f64::from(advance(*c, bold))).sum::<f64>() * size / 1000.0;
    let fitting = |letters: &mut dyn Iterator<Item = &char>, room: f64| {
        let mut used = 0.0;
        letters
            .take_while(|c| {
                used += f64::from(advance(**c, bold)) * size / 1000.0;
                used <= room
            })
            .count()
    };
    let some = |letters: &[char]| letters.iter().collect::<String>().trim().to_owned();
    let end = letters.len() - fitting(&mut letters.iter().rev(), (room - dots) * 0.4);
    let begin = fitting(&mut letters.iter(), room - dots - wide(&letters[end..]));
    if tells == 0 || tells < begin || tells >= end {
        return format!("{}…{}", some(&letters[..begin]), some(&letters[end..]));
    }
    let room = room - 2.0 * dots;
    let begin = fitting(&mut letters.iter(), room * 0.25);
    let from = (tells + 1 - fitting(&mut letters[..=tells].iter().rev(), room * 0.4).max(1)).max(begin);
    let to = from + fitting(&mut letters[from..].iter(), room - wide(&letters[..begin])).max(1);
    format!("{}…{}…", some(&letters[..begin]), some(&letters[from..to]))
}

/// The text in at most `most` lines no wider than `room`, broken at spaces or after `-`, `_`, `/`, in need anywhere.
/// What does not fit is left out of the last line.
pub(super) fn wrap<'a>(name: impl Into<Name<'a>>, size: f64, bold: bool, room: f64, most: usize) -> Vec<String> {
    let Name { text, mut tells } = name.into();
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if lines.len() + 1 >= most || width(rest, size, bold) <= room {
            lines.push(fit(Name { text: rest, tells }, size, bold, room));
            break;
        }
        let (line, after) = rest.split_at(break_at(rest, size, bold, room));
        lines.push(line.trim_end().to_owned());
        let after = after.trim_start();
        tells = tells.saturating_sub(rest.chars().count() - after.chars().count());
        rest = after;
    }
    lines
}

/// Where to break the first line: a byte index above 0. At the last space that fits, else after a hyphen.
fn break_at(text: &str, size: f64, bold: bool, room: f64) -> usize {
    let (mut used, mut space, mut hyphen, mut hard) = (0.0, None, None, 0);
    for (i, c) in text.char_indices() {
        used += f64::from(advance(c, bold)) * size / 1000.0;
        if c == ' ' {
            space = Some(i).filter(|&i| i > 0);
        }
        if used > room {
            break;
        }
        hard = i + c.len_utf8();
        if matches!(c, '-' | '_' | '/') {
            hyphen = Some(hard);
        }
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    space.or(hyphen).unwrap_or(hard.max(first))
}

#[cfg(test)]
mod tests;
