use super::{Name, fit, telling, width, wrap};

#[test]
fn the_widths_are_those_of_the_embedded_font() {
    for bold in [false, true] {
        let text: String = (b'!'..=b'~').map(char::from).filter(|c| !"<>&\"'".contains(*c)).collect();
        let weight = if bold { "bold" } else { "normal" };
        let at = |n: usize| {
            let text = format!("{}|", text.repeat(n));
            format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><text font-family='Inter' font-size='10' font-weight='{weight}'>{text}</text></svg>"
            )
        };
        let box_of = |svg: &str| f64::from(super::super::png::tree(svg).unwrap().root().bounding_box().width());
        let measured = box_of(&at(2)) - box_of(&at(1));
        let expected = width(&text, 10.0, bold);
        assert!((measured / expected - 1.0).abs() < 0.01, "{measured} against {expected}");
    }
}

#[test]
fn what_fits_is_left_alone_and_the_rest_is_cut() {
    assert_eq!(fit("short", 10.0, false, 100.0), "short");
    let cut = fit("a rather long name", 10.0, false, 50.0);
    assert!(
        cut.contains('…') && cut.starts_with('a') && cut.ends_with('e') && width(&cut, 10.0, false) <= 50.0,
        "{cut}"
    );
    assert_eq!(fit("anything", 10.0, false, -5.0), "…");
}

#[test]
fn names_that_are_cut_can_still_be_told_apart() {
    let names = ["number-1", "number-12", "number-3", "other"]
        .map(|n| format!("a-portfolio-with-a-very-long-name-{n}-that-somebody-thought-was-a-good-idea"));
    let tells = telling(&names);
    for room in [60.0, 90.0, 150.0, 300.0] {
        let cut: Vec<String> =
            (0..4).map(|i| fit(Name { text: &names[i], tells: tells[i] }, 14.0, true, room)).collect();
        for (i, name) in cut.iter().enumerate() {
            assert!(width(name, 14.0, true) <= room, "{name}");
            assert!(!cut[..i].contains(name), "{cut:?}");
        }
        let lines: Vec<_> =
            (0..4).map(|i| wrap(Name { text: &names[i], tells: tells[i] }, 14.0, true, room, 2)).collect();
        assert!((0..4).all(|i| !lines[..i].contains(&lines[i])), "{lines:?}");
    }
    assert!(telling(&[]).is_empty());
    assert_eq!(telling(&["ab", "abc", "b"].map(String::from)), [1, 2, 0]);
}

#[test]
fn lines_break_where_a_reader_would() {
    assert_eq!(wrap("openai with standby", 10.0, false, 70.0, 3), ["openai with", "standby"]);
    assert_eq!(wrap("neutral-platform", 10.0, false, 60.0, 3), ["neutral-", "platform"]);
    assert_eq!(wrap("aaaaaaaaaaaa", 10.0, false, 30.0, 9).concat(), "aaaaaaaaaaaa");
    let two = wrap("one two three four five six", 10.0, false, 40.0, 2);
    assert!(two.len() == 2 && two[1].contains('…'), "{two:?}");
    assert!(wrap("  ", 10.0, false, 40.0, 2).is_empty());
    assert_eq!(wrap("名前", 10.0, false, 1.0, 9), ["名", "前"]);
}
