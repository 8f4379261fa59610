//! What is said of a run whose check of itself failed.

use linchpin::results::{Check, Checked, Results};

use super::{amount, terminal};

/// One sentence on all checks that failed, the worst of them in figures; empty if none did.
pub(super) fn sentence(results: &Results) -> String {
    let failed: Vec<&Check> = results.checks.iter().filter(|check| check.verdict == Checked::Failed).collect();
    let far = |check: &Check| check.z.map_or(f64::INFINITY, f64::abs);
    let Some(worst) = failed.iter().max_by(|a, b| far(a).total_cmp(&far(b))) else {
        return String::new();
    };
    let how_many = match failed.len() {
        1 => "A self-check failed".to_owned(),
        n => format!("{} self-checks failed, most of all this one", amount::count(n as u64)),
    };
    let item = terminal::plain(&worst.item);
    let what = match worst.what {
        "events" => format!("number of `{item}` in a trial"),
        "hours_down" | "node_hours_down" => format!("hours down of `{item}`"),
        _ => format!("mean `{}` of `{item}`", terminal::plain(&worst.of)),
    };
    let distance = worst.z.map_or_else(String::new, |z| format!(", {} standard errors away", amount::figure(z.abs())));
    format!(
        "{how_many}: by formula the {what} is {}, simulated it is {}{distance}. Do not trust the figures of this run \
         until that is understood; checks.csv has every check.",
        amount::figure(worst.expected),
        amount::figure(worst.simulated)
    )
}

#[cfg(test)]
mod tests {
    use linchpin::Options;
    use linchpin::results::{Check, Checked};
    use linchpin::scenario::{NoFiles, read};

    use super::sentence;

    #[test]
    fn only_what_fails_is_told() {
        let text = "start = 2026-01-01\nhorizon = \"1 year\"\nvendor.a = {}\nservice.s = { revenue = \"$1k/h\" }\nportfolio.p = { shares = { a = 1.0 } }\nrisk.r = { kind = \"outage\", on = \"a\", arrivals = { per_year = 9 }, duration = \"1 h to 5 h\" }";
        let scenario = read("x.toml", text.as_bytes(), &NoFiles).expect("sound").scenario;
        let mut results = linchpin::run(&scenario, &Options::of(0..2_000), &|_| true).expect("not stopped");
        assert_eq!(results.checks.iter().filter(|check| check.verdict == Checked::Passed).count(), 2);
        assert_eq!(sentence(&results), "");
        results.checks[1] =
            Check { simulated: 2.5, z: Some(-12.3), verdict: Checked::Failed, ..results.checks[1].clone() };
        let said = sentence(&results);
        assert!(said.starts_with("A self-check failed: by formula the mean `duration` of `r` is 2."), "{said}");
        assert!(said.contains("simulated it is 2.5, 12.3 standard errors away. Do not trust"), "{said}");
        results.checks[0] = Check { z: Some(40.0), verdict: Checked::Failed, ..results.checks[0].clone() };
        let said = sentence(&results);
        assert!(
            said.contains("2 self-checks failed, most of all this one: by formula the number of `r` in a trial is 9")
        );
    }
}
