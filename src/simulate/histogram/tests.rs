use proptest::prelude::*;

use super::{Histogram, rank};

#[test]
fn ranks_are_those_of_exact_arithmetic() {
    for n in [1_000, 10_000, 1_000_000, 3_000_000, 1_000_000_000_u64] {
        for thousandths in [10, 50, 100, 250, 500, 750, 900, 950, 990, 995, 998, 999_u64] {
            let p = thousandths as f64 / 1000.0;
            assert_eq!(rank(n, p), n / 1000 * thousandths, "n {n}, p {p}");
            assert_eq!(rank(n, 1.0 - (1000 - thousandths) as f64 / 1000.0), n / 1000 * thousandths);
            assert_eq!(rank(n + 1, p), n / 1000 * thousandths + 1, "n {n} + 1, p {p}");
        }
    }
    assert_eq!((rank(1, 0.0), rank(1, 0.999), rank(10, 1.0)), (1, 1, 10));
}

#[test]
fn quantiles_at_atoms_are_exact() {
    let mut histogram = Histogram::default();
    histogram.add_all(&[0.0; 90]);
    histogram.add_all(&[-1_234.567; 5]);
    histogram.add_all(&[1e6 / 3.0; 5]);
    let levels = [0.01, 0.05, 0.0501, 0.5, 0.95, 0.951, 1.0];
    assert_eq!(histogram.quantiles(levels), levels.map(|p| histogram.quantile(p)));
    assert_eq!(histogram.quantiles(levels), [-1_234.567, -1_234.567, 0.0, 0.0, 0.0, 1e6 / 3.0, 1e6 / 3.0]);
}

#[test]
fn the_ends_of_the_floats_have_bins() {
    let mut histogram = Histogram::default();
    let values = [f64::MIN, -f64::MIN_POSITIVE, -5e-324, 0.0, -0.0, 5e-324, f64::MAX];
    histogram.add_all(&values);
    assert_eq!(histogram.n(), 7);
    for (k, value) in values.iter().enumerate() {
        assert_eq!(histogram.quantile((k as f64 + 0.5) / 7.0), *value);
    }
    assert!(Histogram::default().quantile(0.5).is_nan());
}

fn losses() -> impl Strategy<Value = Vec<f64>> {
    let loss = prop_oneof![Just(0.0), -1e6..1e6, (-30.0..30.0).prop_map(libm::exp), -1.0..1.0];
    proptest::collection::vec(loss, 1..400)
}

fn histogram(values: &[f64]) -> Histogram {
    let mut histogram = Histogram::default();
    histogram.add_all(values);
    histogram
}

/// Values that crowd at either end of a bin, or at both, or lie even: what stands for them has their mean, and is theirs at the ends.
#[test]
fn what_stands_for_a_bin_has_its_mean() {
    let at: [fn(f64) -> f64; 4] =
        [|u| u * u * u * u, |u| 1.0 - 0.02 * u * u * u, |u| if u < 0.3 { 0.0 } else { 0.9 }, |u| u];
    for (k, sign) in (0..8).map(|i| (i % 4, if i < 4 { 1.0 } else { -1.0 })) {
        let values: Vec<f64> = (0..1000).map(|i| sign * (4.0 + 0.24 * at[k](f64::from(i) / 999.0))).collect();
        let mut whole = Histogram::with_means(4);
        let (some, others) = values.split_at(271);
        let part = |values: &[f64]| {
            let mut histogram = Histogram::with_means(4);
            histogram.add_all(values);
            histogram
        };
        whole.merge(&part(others));
        whole.merge(&part(some));
        let bytes = postcard::to_stdvec(&whole).expect("numbers have bytes");
        let whole: Histogram = postcard::from_bytes(&bytes).expect("they are its own");
        assert!(whole == part(&values));
        let held: Vec<_> = whole.ascending().collect();
        assert_eq!(held.len(), 1);
        let pieces: Vec<(f64, u64)> = held[0].pieces().collect();
        assert!(pieces.is_sorted_by(|a, b| a.0 <= b.0) && pieces.len() > 10);
        assert_eq!(pieces.iter().map(|piece| piece.1).sum::<u64>(), 1000);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        assert_eq!((pieces[0].0, pieces[pieces.len() - 1].0), (sorted[0], sorted[999]));
        assert_eq!((whole.quantile(1e-9), whole.quantile(1.0)), (sorted[0], sorted[999]));
        let mean = values.iter().sum::<f64>() / 1000.0;
        let ours = pieces.iter().map(|&(value, n)| value * n as f64).sum::<f64>() / 1000.0;
        // Half of one of the parts in which values are told apart.
        assert!((ours - mean).abs() <= 0.5 * 0.25 / 65_536.0, "{k} {sign}: {ours}, {mean}");
    }
}

proptest! {
    #[test]
    fn a_value_counts_as_often_as_it_is_said(values in losses(), times in proptest::collection::vec(0..4_u64, 400)) {
        let each: Vec<(f64, u64)> = values.iter().copied().zip(times).collect();
        let copies: Vec<f64> = each.iter().flat_map(|&(v, n)| std::iter::repeat_n(v, n as usize)).collect();
        for new in [Histogram::new, Histogram::with_means] {
            let (mut counted, mut copied) = (new(8), new(8));
            // Twice: by then all bins are known.
            for _ in 0..2 {
                counted.add_each(each.iter().copied());
                copied.add_all(&copies);
            }
            prop_assert_eq!(counted.n(), 2 * copies.len() as u64);
            prop_assert!(counted == copied);
        }
    }

    #[test]
    fn merged_histograms_are_that_of_the_whole_in_any_order(values in losses(), at in 0.0..1.0, p in 0.0..1.0) {
        let (left, right) = values.split_at((values.len() as f64 * at) as usize);
        let (mut forth, mut back) = (histogram(left), histogram(right));
        forth.merge(&histogram(right));
        back.merge(&histogram(left));
        let whole = histogram(&values);
        prop_assert_eq!(forth.n(), whole.n());
        prop_assert_eq!(forth.quantile(p).to_bits(), whole.quantile(p).to_bits());
        prop_assert_eq!(back.quantile(p).to_bits(), whole.quantile(p).to_bits());
    }

    #[test]
    fn quantiles_are_in_the_bin_of_the_sample_s(values in losses(), p in 0.0..1.0) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let exact = sorted[rank(values.len() as u64, p) as usize - 1];
        prop_assert!((histogram(&values).quantile(p) - exact).abs() <= exact.abs() / 256.0);
    }
}

/// Bytes that no histogram gave are refused, before they ask for more memory than there is.
#[test]
fn bins_that_no_values_have_are_refused() {
    let whole = |bins: &[(u64, f64, f64, u64)], bits: u32| {
        let bins: Vec<_> = bins.iter().map(|&(n, min, max, beyond)| (super::Bin { n, min, max }, beyond)).collect();
        let bytes = postcard::to_stdvec(&super::Stored { bits, keeps_means: true, bins }).expect("numbers have bytes");
        postcard::from_bytes::<Histogram>(&bytes).is_ok()
    };
    assert!(whole(&[(3, 4.0, 4.1, 3 << 15), (7, 0.0, 0.0, 0)], 4));
    assert!(whole(&[(3, 4.0, 4.0, 0)], 20) && !whole(&[(3, 4.0, 4.0, 0)], 36), "bins");
    assert!(!whole(&[(3, 4.1, 4.0, 3 << 15)], 4), "extremes");
    assert!(!whole(&[(3, 4.0, 9.0, 3 << 15)], 4), "two bins");
    assert!(!whole(&[(3, f64::NAN, 4.0, 0)], 4) && !whole(&[(3, 4.0, f64::NAN, 0)], 4), "no number");
    assert!(!whole(&[(3, 4.0, 4.1, 4 << 16)], 4), "a mean beyond the bin");
    assert!(!whole(&[(u64::MAX, 4.0, 4.1, 0), (1, 8.0, 8.1, 0)], 4), "more than can be counted");
}
