use super::cell::{level_name, number, text};
use crate::measure::tests::fixture;
use crate::output::FORMATS;
use crate::results::Results;

fn results() -> Results {
    let a: Vec<f64> = (0..400).map(|t| if t % 8 == 0 { 200.0 + f64::from(t) / 3.0 } else { 0.0 }).collect();
    let b: Vec<f64> = (0..400).map(|t| if t % 9 == 0 { 90.0 } else { -0.1 }).collect();
    fixture::results(&a, &b)
}

/// The bytes of a file of the run, as text.
fn file(results: &Results, path: &str) -> String {
    let files = FORMATS.iter().flat_map(|format| (format.files)(results));
    let file = files.into_iter().find(|file| file.path == path).expect("a file of that name");
    let mut bytes = vec![];
    (file.write)(results, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn text_that_looks_like_a_formula_is_made_harmless() {
    let risky = ["=1+1", "+cmd", "-x", "@sum", "\tx", "\rx", "\nx", "=cmd|' /C calc'!A0", "-inf", "+NaN", "-"];
    for name in risky {
        assert_eq!(text(name), format!("'{name}"));
    }
    for name in ["a", "openai-only", "", "-5", "+3.25", "-1e-3", "1=1", "a@b", "'quoted", "Ünïcode, \"quoted\""] {
        assert_eq!(text(name), name);
    }
}

#[test]
fn names_from_users_are_harmless_in_every_file() {
    let mut results = results();
    results.portfolios[1] = "=HYPERLINK(\"http://x\")".into();
    for part in &mut results.attribution {
        part.item = "@evil".into();
    }
    for row in &mut results.measures {
        row.item = "+evil".into();
    }
    for file_name in [
        "summary.csv",
        "measures.csv",
        "exceedance.csv",
        "comparison.csv",
        "attribution.csv",
        "timeline.csv",
        "trials.csv",
    ] {
        let text = file(&results, file_name);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut seen = false;
        for cell in reader.records().flat_map(|row| row.unwrap().iter().map(String::from).collect::<Vec<_>>()) {
            let is_risky = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
            assert!(!is_risky, "{file_name}: {cell}");
            seen |= cell.starts_with("'=");
        }
        assert!(seen, "{file_name} keeps the name");
    }
}

#[test]
fn numbers_read_back_as_they_were() {
    let numbers =
        [0.1 + 0.2, 1.0 / 3.0, 1e15, 1e16, 1.5e300, 5e-324, -2.0, 123_456_789.123_456_79, 1e-5, 9.9e-6, f64::MAX];
    for x in numbers {
        assert_eq!(number(x).parse::<f64>().unwrap().to_bits(), x.to_bits(), "{}", number(x));
        assert!(number(x).len() < 25, "{}", number(x));
    }
    assert_eq!([-0.0, 42.0, f64::NAN, f64::INFINITY].map(number), ["0", "42", "", ""]);
}

#[test]
fn columns_do_not_depend_on_the_number_of_portfolios() {
    let mut results = results();
    let header = |results: &Results| file(results, "comparison.csv").lines().next().map(String::from);
    let with_two = header(&results);
    results.comparison.clear();
    assert_eq!(header(&results), with_two);
}

#[test]
fn levels_name_columns() {
    assert_eq!([0.9, 0.95, 0.99, 0.995, 0.999].map(level_name), ["90", "95", "99", "995", "999"]);
}

/// Every number of the long table, read back bit for bit.
#[test]
fn the_long_table_reads_back_the_same() {
    let results = results();
    let text = file(&results, "measures.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), results.measures.len());
    let same = |cell: &str, x: Option<f64>| match x.filter(|x| x.is_finite()) {
        Some(x) => cell.parse::<f64>().is_ok_and(|read| read == x),
        None => cell.is_empty(),
    };
    for (row, measure) in rows.iter().zip(&results.measures) {
        let names = [&results.portfolios[measure.portfolio], measure.quantity, &measure.item, measure.measure];
        assert_eq!(row.iter().take(4).collect::<Vec<_>>(), names);
        let e = measure.estimate;
        for (cell, x) in row.iter().skip(4).zip([measure.level, Some(e.value), e.std_error, e.lower, e.upper]) {
            assert!(same(cell, x), "{cell} is not {x:?} in {row:?}");
        }
        assert_eq!(&row[9], measure.unit);
    }
}

#[test]
fn trials_are_there_only_if_kept() {
    let mut results = results();
    assert_eq!(file(&results, "trials.csv").lines().count(), 801);
    results.trials = None;
    assert!(FORMATS.iter().flat_map(|format| (format.files)(&results)).all(|file| file.path != "trials.csv"));
}

#[test]
fn an_error_of_the_disk_comes_back() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let results = results();
    for file in FORMATS.iter().flat_map(|format| (format.files)(&results)) {
        let kind = (file.write)(&results, &mut Full).map_err(|error| error.kind());
        assert_eq!(kind, Err(std::io::ErrorKind::StorageFull), "{}", file.path);
    }
}

/// The files as a user sees them, the long ones by their first lines.
#[test]
fn files_look_as_they_did() {
    let results = results();
    for name in ["summary", "measures", "exceedance", "comparison", "attribution", "timeline", "trials"] {
        let text = file(&results, &format!("{name}.csv"));
        let head: Vec<&str> = text.lines().take(60).collect();
        insta::assert_snapshot!(name, head.join("\n"));
    }
}
