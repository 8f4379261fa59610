//! Samples held to closed forms: a mean within four of its standard errors, and a wrong one refused.

/// How many standard errors the mean of a sample is off.
pub(super) fn z(sample: &[f64], expected: f64) -> f64 {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let squares: f64 = sample.iter().map(|x| (x - mean).powi(2)).sum();
    (mean - expected) / (squares / (n - 1.0) / n).sqrt()
}

#[track_caller]
pub(super) fn accept(what: &str, sample: &[f64], expected: f64) {
    let z = z(sample, expected);
    assert!(z.abs() < 4.0, "{what}: z = {z:.1}, expected {expected}");
}

#[track_caller]
pub(super) fn refuse(what: &str, sample: &[f64], wrong: f64) {
    let z = z(sample, wrong);
    assert!(z.abs() > 4.0, "{what}: a wrong model passes, z = {z:.1}");
}

/// Products of deviations from exact means: a sample of the covariance.
pub(super) fn covariances(a: &[f64], mean_a: f64, b: &[f64], mean_b: f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).collect()
}
