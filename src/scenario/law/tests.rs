use crate::chance::law::Law;
use crate::scenario::{FileError, Files, read};

struct Csv;

impl Files for Csv {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match path {
            "data/x.csv" => Ok(b"\xef\xbb\xbfwhen, hours\n1,3\n2,0.5\n3,3\n4,24\n".to_vec()),
            _ => Err(FileError::NotFound),
        }
    }
}

fn scenario(effect: &str) -> String {
    format!(
        "start = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\n[service.s]\nrevenue = \"$1k/h\"\n[risk.r]\nkind = \"outage\"\non = \"a\"\n\
         arrivals = {{ per_year = 1 }}\n{effect}\n[portfolio.p]\nshares = {{ a = 1.0 }}\n"
    )
}

/// The law of a duration written so.
fn duration(form: &str) -> Law {
    let text = scenario(&format!("duration = {form}"));
    let read = read("x.toml", text.as_bytes(), &Csv).unwrap_or_else(|problems| panic!("{problems}"));
    read.scenario.risks[0].effects.outage.as_ref().expect("an outage").duration.clone()
}

/// The law of a change of revenue written so.
fn change(form: &str) -> Law {
    let text = scenario(&format!("duration = \"1 h\"\nrevenue_change = {{ s = {form} }}"));
    let read = read("x.toml", text.as_bytes(), &Csv).unwrap_or_else(|problems| panic!("{problems}"));
    read.scenario.risks[0].effects.revenue_change[0].1.clone()
}

#[track_caller]
fn close(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-9 * other.abs().max(1e-300), "{one} is not {other}");
}

#[test]
fn an_interval_is_the_5th_and_95th_percentile() {
    let law = duration("\"1 h to 10 h\"");
    let Law::LogNormal { mu, sigma } = law else { panic!("{law:?}") };
    // Known answer KA-1.
    close(mu, 1.151_292_546_497_022_8);
    close(sigma, 0.699_936_168_962_9);
}

#[test]
fn a_change_is_one_plus_a_log_normal() {
    let law = change("\"-8% to +15%\"");
    assert!(matches!(law, Law::LogNormalChange { .. }));
    close(law.quantile(0.05), -0.08);
    close(law.quantile(0.95), 0.15);
    assert_eq!(change("-0.04"), Law::Constant(-0.04));
}

#[test]
fn log_normals_by_two_parameters() {
    let law = duration("{ median = \"1.2 h\", p95 = \"8 h\" }");
    close(law.quantile(0.5), 1.2);
    close(law.quantile(0.95), 8.0);
    let law = duration("{ p90 = \"8 h\", p10 = \"60 min\" }");
    close(law.quantile(0.1), 1.0);
    close(law.quantile(0.9), 8.0);
    let law = duration("{ mean = \"5 h\", sd = \"10 h\" }");
    close(law.mean().expect("a mean"), 5.0);
    close(law.variance().expect("a variance"), 100.0);
    assert_eq!(duration("{ median = \"1 h\", sigma = 1.2 }"), Law::LogNormal { mu: 0.0, sigma: 1.2 });
}

#[test]
fn bounded_and_textbook_laws() {
    assert_eq!(duration("{ pert = [\"1 h\", \"2 h\", \"9 h\"] }"), Law::Pert { min: 1.0, mode: 2.0, max: 9.0 });
    assert_eq!(duration("{ pert = [\"2 h\", \"2 h\", \"2 h\"] }"), Law::Constant(2.0));
    let triangular = Law::Triangular { min: 24.0, mode: 48.0, max: 72.0 };
    assert_eq!(duration("{ triangular = [\"1 day\", \"2 days\", \"3 days\"] }"), triangular);
    assert_eq!(duration("{ uniform = [\"1 h\", \"9 h\"] }"), Law::Uniform { min: 1.0, max: 9.0 });
    assert_eq!(duration("{ weibull = { shape = 0.8, scale = \"3 h\" } }"), Law::Weibull { shape: 0.8, scale: 3.0 });
    assert_eq!(duration("{ gamma = { shape = 2, scale = \"3 h\" } }"), Law::Gamma { shape: 2.0, scale: 3.0 });
    assert_eq!(duration("{ pareto = { shape = 2.5, scale = \"3 h\" } }"), Law::Pareto { shape: 2.5, scale: 3.0 });
    assert_eq!(
        duration("{ loglogistic = { shape = 3, scale = \"3 h\" } }"),
        Law::LogLogistic { shape: 3.0, scale: 3.0 }
    );
    assert_eq!(duration("{ exponential = \"3 h\" }"), Law::Exponential { mean: 3.0 });
    let text = scenario("duration = \"1 h\"\nleaves = { beta = { mean = 0.25, sd = 0.25 } }");
    let scenario = read("x.toml", text.as_bytes(), &Csv).expect("sound").scenario;
    let leaves = &scenario.risks[0].effects.outage.as_ref().expect("an outage").leaves;
    close(leaves.mean().expect("a mean"), 0.25);
}

#[test]
fn values_and_rows_are_sorted_and_joined() {
    let law = duration("{ values = [\"4 h\", \"1 h\"], weights = [1, 3] }");
    assert_eq!(law, Law::Discrete { values: vec![1.0, 4.0], cumulative: vec![0.75, 1.0] });
    let law = duration("{ empirical = \"data/x.csv\", column = \"hours\" }");
    assert_eq!(law, Law::Discrete { values: vec![0.5, 3.0, 24.0], cumulative: vec![0.25, 0.75, 1.0] });
    let cut = duration("{ empirical = \"data/x.csv\", column = \"hours\", max = \"12 h\" }");
    let Law::Discrete { values, cumulative } = cut else { panic!("{cut:?}") };
    assert_eq!(values, [0.5, 3.0]);
    close(cumulative[0], 1.0 / 3.0);
}

#[test]
fn bounds_truncate() {
    let law = duration("{ median = \"1 h\", sigma = 2, min = \"5 min\", max = \"9 h\" }");
    let (low, high) = law.support();
    close(low, 5.0 / 60.0);
    close(high, 9.0);
    assert!(law.quantile(1e-9) >= low && law.quantile(1.0 - 1e-9) <= high);
}

#[test]
fn a_file_is_recorded_once() {
    let text = scenario(
        "duration = { empirical = \"data/x.csv\", column = \"hours\" }\nover = { empirical = \"data/x.csv\", column = \"hours\" }\n\
         revenue_change = { s = \"-1%\" }",
    );
    let scenario = read("x.toml", text.as_bytes(), &Csv).expect("sound").scenario;
    let paths: Vec<&str> = scenario.files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["data/x.csv"]);
}
