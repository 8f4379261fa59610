use proptest::prelude::*;

use super::{Moments, Replicates, Tree};
use crate::chance::sobol::REPLICATES;

#[test]
fn moments_are_those_of_the_textbook() {
    let moments = Moments::from_slice(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
    assert_eq!((moments.n, moments.mean(), moments.m2), (8, 5.0, 32.0));
    assert_eq!(moments.standard_error(), Some((32.0_f64 / 7.0 / 8.0).sqrt()));
}

#[test]
fn moments_of_nothing_and_of_one_value_have_no_error() {
    assert_eq!(Moments::from_slice(&[]), Moments::default());
    let one = Moments::from_slice(&[3.0]);
    assert_eq!((one.mean(), one.sd(), one.standard_error()), (3.0, 0.0, None));
}

#[test]
fn a_great_mean_does_not_drown_a_small_spread() {
    let moments = Moments::from_slice(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
    assert_eq!(moments.variance(), 30.0);
}

fn losses() -> impl Strategy<Value = Vec<f64>> {
    let loss = prop_oneof![Just(0.0), -1e6..1e6, (-30.0..30.0).prop_map(libm::exp), -1.0..1.0];
    proptest::collection::vec(loss, 1..400)
}

#[test]
fn a_weight_of_two_counts_twice_in_the_mean_but_tells_no_more() {
    let weighted = Moments::weighted([(1.0, 2.0), (4.0, 1.0), (6.0, 1.0)].into_iter());
    assert_eq!((weighted.n, weighted.weight, weighted.mean, weighted.m2), (3, 4.0, 3.0, 18.0));
    // Σ w² (x − 3)² = 16 + 1 + 9.
    assert_eq!(weighted.standard_error(), Some((26.0_f64 * 1.5).sqrt() / 4.0));
    assert_eq!(weighted.effective_n(), 16.0 / 6.0);
    let equal = Moments::weighted([(1.0, 1.0), (4.0, 1.0), (7.0, 1.0)].into_iter());
    assert_eq!(equal.standard_error(), Moments::from_slice(&[1.0, 4.0, 7.0]).standard_error());
}

/// Two trials of each replicate, which are always a pair of 1 and 3: replicates do not differ, and half of the error of independent trials is left. And
/// the other way round.
#[test]
fn replicates_say_what_error_a_mean_has() {
    let pairs = |x: fn(usize) -> f64| Moments::weighted_by_replicates((0..2 * REPLICATES).map(move |k| (x(k), 1.0)));
    let even = pairs(|k| if k < REPLICATES { 1.0 } else { 3.0 });
    let independent = 1.0 / (2.0 * REPLICATES as f64 - 1.0).sqrt();
    assert!((even.standard_error().unwrap() - independent / 2.0).abs() < 1e-12, "{even:?}");
    assert_eq!(Moments::weighted_by_replicates([(3.0, 1.0); 200].into_iter()).standard_error(), Some(0.0));
    // As many replicates of 1 as of 3.
    let error = pairs(|k| if k % 2 == 0 { 1.0 } else { 3.0 }).standard_error().unwrap();
    assert!((error - 1.0 / (REPLICATES as f64 - 1.0).sqrt()).abs() < 1e-12, "{error}");
    // In a tree, from sums, the same; a column beyond those that replicates sum keeps its error.
    let mut tree = Tree::default();
    let mut replicates = Replicates::new(1);
    let x = |k: usize| 0.1 * (k * k % 37) as f64;
    for trial in 0..2 * REPLICATES {
        replicates.weigh(trial as u64, 1.0);
        replicates.add(trial as u64, 1.0, 0, &[x(trial)]);
    }
    let column = Moments::weighted((0..2 * REPLICATES).map(|k| (x(k), 1.0)));
    tree.push(0, vec![column; 2], replicates);
    let [first, second] = tree.total()[..] else { panic!("two columns") };
    assert!(
        (first.standard_error().unwrap() / pairs(|k| 0.1 * (k * k % 37) as f64).standard_error().unwrap() - 1.0).abs()
            < 1e-9
    );
    assert_eq!(second.standard_error(), column.standard_error());
}

#[test]
fn a_tree_gives_the_same_however_its_blocks_were_parted() {
    let block = |k: u64| vec![Moments::from_slice(&[1.0 / (k + 1) as f64, (k * k) as f64 / 7.0, -0.3]); 2];
    let replicates = |k: u64| {
        let mut replicates = Replicates::new(2);
        for trial in 40 * k..40 * (k + 1) {
            replicates.weigh(trial, 1.0);
            replicates.add(trial, 1.0, 0, &[1.0 / (trial + 1) as f64, 0.1 * trial as f64]);
        }
        replicates
    };
    let of = |from: u64, to: u64| {
        let mut tree = Tree::default();
        (from..to).for_each(|k| tree.push(k, block(k), replicates(k)));
        tree
    };
    let whole = of(0, 23);
    for cuts in [vec![1], vec![4, 5, 16], vec![7, 8, 9, 22], (1..23).collect()] {
        let mut joined = Tree::default();
        let mut from = 0;
        for to in cuts.into_iter().chain([23]) {
            joined.join(of(from, to));
            from = to;
        }
        assert_eq!(joined, whole);
    }
    assert_eq!(whole.total()[0].n, 69);
    assert!(Tree::default().total().is_empty());
}

proptest! {
    #[test]
    fn merged_moments_are_those_of_the_whole(values in losses(), at in 0.0..1.0) {
        let (left, right) = values.split_at((values.len() as f64 * at) as usize);
        let mut merged = Moments::from_slice(left);
        merged.merge(&Moments::from_slice(right));
        let whole = Moments::from_slice(&values);
        prop_assert_eq!(merged.n, whole.n);
        prop_assert!((merged.mean - whole.mean).abs() <= 1e-12 * values.iter().map(|x| x.abs()).sum::<f64>());
        prop_assert!((merged.m2 - whole.m2).abs() <= 1e-11 * whole.m2);
    }


    #[test]
    fn merged_weighted_moments_are_those_of_the_whole(values in losses(), at in 0.0..1.0) {
        let weight = |k: usize| [0.25, 1.0, 1.75][k % 3];
        let of = |from: usize, to: usize| Moments::weighted((from..to).map(|k| (values[k], weight(k))));
        let cut = (values.len() as f64 * at) as usize;
        let mut merged = of(0, cut);
        merged.merge(&of(cut, values.len()));
        let whole = of(0, values.len());
        let size = values.iter().map(|x| x.abs()).sum::<f64>();
        prop_assert!((merged.mean - whole.mean).abs() <= 1e-12 * size);
        prop_assert!((merged.m2 - whole.m2).abs() <= 1e-11 * whole.m2);
        for (ours, theirs, scale) in [
            (merged.squares[0], whole.squares[0], whole.squares[0]),
            (merged.squares[1], whole.squares[1], 10.0 * size),
            (merged.squares[2], whole.squares[2], whole.squares[2]),
        ] {
            prop_assert!((ours - theirs).abs() <= 1e-11 * scale, "{} {}", ours, theirs);
        }
    }
}
