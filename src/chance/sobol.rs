//! Scrambled Sobol' points: draws of many trials spread evenly, each of them as random as by itself.
//!
//! Trials are dealt in turn to [`REPLICATES`] sequences of points, each scrambled for itself. Within a sequence points lie evenly, so that
//! means over it have less error; sequences know nothing of each other, and how much their means differ says how much that is.

use super::{Key, mix};

/// Independent sequences of points.
pub const REPLICATES: usize = 64;
/// No figure is taken to have a smaller part than this of the variance that independent trials would leave it. Evenness may take away nearly all
/// but what a few rare trials carry, which most runs have not seen.
pub(crate) const LEAST_VARIANCE: f64 = 0.25;
/// How many coordinates a point has.
pub(crate) const DIMENSIONS: usize = 32;
/// Bits of a coordinate that are spread evenly: those of 65,536 points of a sequence, which are four million trials. What follows them is drawn.
const DEPTH: u32 = 16;
const CELLS: f64 = 65_536.0;
/// Bits of a point's number that are looked at.
const NUMBERS: usize = 40;

/// Primitive polynomials over GF(2), the highest coefficient first, with the first odd numbers of each sequence.
///
/// Source: Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", 2008 (`new-joe-kuo-6`).
#[rustfmt::skip]
const SEQUENCES: [(u32, &[u32]); DIMENSIONS] = [
    (1, &[]), (3, &[1]), (7, &[1, 3]), (11, &[1, 3, 1]), (13, &[1, 1, 1]), (19, &[1, 1, 3, 3]), (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]), (41, &[1, 1, 5, 5, 5]), (47, &[1, 1, 7, 11, 19]), (55, &[1, 1, 5, 1, 1]), (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]), (67, &[1, 3, 3, 9, 7, 49]), (91, &[1, 1, 1, 15, 21, 21]), (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]), (109, &[1, 3, 1, 15, 13, 25]), (115, &[1, 1, 5, 5, 19, 61]), (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]), (143, &[1, 1, 3, 13, 7, 35, 63]), (145, &[1, 3, 5, 9, 1, 25, 53]), (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]), (171, &[1, 1, 5, 11, 19, 41, 61]), (185, &[1, 3, 5, 3, 3, 13, 69]), (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]), (203, &[1, 1, 3, 9, 25, 29, 41]), (211, &[1, 3, 5, 13, 23, 1, 55]), (213, &[1, 3, 7, 3, 13, 59, 17]),
];

/// The points of all trials.
#[derive(Debug, Clone)]
pub(crate) struct Points {
    key: Key,
    /// Per dimension and bit of a point's number: what the bit adds (modulo 2, bit by bit).
    directions: Vec<[u16; NUMBERS]>,
}

impl Points {
    /// `key`: of the scrambling.
    pub(crate) fn new(key: Key) -> Self {
        let directions = SEQUENCES.iter().map(|(polynomial, first)| directions(*polynomial, first)).collect();
        Self { key, directions }
    }

    /// A coordinate of the trial's point. `u`: a uniform of the trial's own, for all but its leading bits.
    ///
    /// Source: Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals", 1967; Owen, "Randomly permuted
    /// (t,m,s)-nets and (t,s)-sequences", 1995, for the scrambling.
    pub(crate) fn coordinate(&self, trial: u64, dimension: usize, u: f64) -> f64 {
        let (replicate, number) = (trial % REPLICATES as u64, trial / REPLICATES as u64);
        if number >> NUMBERS != 0 {
            return u;
        }
        let whole = self.point(number, dimension);
        let Key(key) = self.key;
        let key = mix(key ^ mix(replicate * DIMENSIONS as u64 + dimension as u64));
        // Whether a bit is turned round depends on those before it.
        let turned = (0..DEPTH).fold(0, |turned, bit| {
            let before = 1 << bit | whole >> (DEPTH - bit);
            turned << 1 | mix(key ^ u64::from(before)) & 1
        });
        #[expect(clippy::cast_precision_loss, reason = "16 bits")]
        let leading = (u64::from(whole) ^ turned) as f64;
        ((leading + u) / CELLS).min(1.0 - f64::EPSILON / 2.0)
    }

    /// A coordinate of a point that is not scrambled.
    fn point(&self, number: u64, dimension: usize) -> u32 {
        let directions = &self.directions[dimension];
        let (mut left, mut point) = (number, 0);
        while left != 0 {
            point ^= directions[left.trailing_zeros() as usize];
            left &= left - 1;
        }
        u32::from(point)
    }
}

/// Bratley and Fox, "Algorithm 659: implementing Sobol's quasirandom sequence generator", 1988.
#[expect(clippy::cast_possible_truncation, reason = "the leading bits are what is wanted")]
fn directions(polynomial: u32, first: &[u32]) -> [u16; NUMBERS] {
    let degree = first.len();
    // Each an odd number below 2^(its place from 1).
    let mut odd: Vec<u64> = first.iter().map(|&m| u64::from(m)).collect();
    for k in degree..NUMBERS {
        let earlier = (1..=degree).filter(|i| polynomial >> (degree - i) & 1 == 1);
        let sum = earlier.fold(0, |sum, i| sum ^ odd[k - i] << i);
        odd.push(if degree == 0 { 1 } else { sum ^ odd[k - degree] });
    }
    std::array::from_fn(|k| {
        let (bits, depth) = (k as u32 + 1, DEPTH);
        (if bits > depth { odd[k] >> (bits - depth) } else { odd[k] << (depth - bits) }) as u16
    })
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small whole numbers"
)]
mod tests {
    use super::*;

    /// Another implementation (SciPy 1.16, `scipy.stats.qmc.Sobol`, not scrambled): number of a point, dimension, its first 16 bits.
    #[test]
    fn points_are_those_of_others() {
        let points = Points::new(Key::new(1, "a", "b"));
        for (number, dimension, bits) in [
            (1, 0, 32_768),
            (3, 1, 16_384),
            (7, 2, 8_192),
            (86, 7, 31_232),
            (653, 15, 33_728),
            (3_073, 30, 53_232),
            (2_048, 31, 5_744),
            (3_684, 20, 59_824),
        ] {
            assert_eq!(points.point(number, dimension), bits, "{number} {dimension}");
        }
    }

    /// Of every 2^k points of a sequence one lies in each of 2^k intervals, and in each of as many rectangles of the first two dimensions; what
    /// trials of one sequence do, others do elsewhere.
    #[test]
    fn points_lie_evenly_however_they_are_scrambled() {
        for seed in 0..3 {
            let points = Points::new(Key::new(seed, "a", "b"));
            let of = |replicate: u64, number: u64, dimension| {
                points.coordinate(number * REPLICATES as u64 + replicate, dimension, 0.3)
            };
            for dimension in 0..DIMENSIONS {
                for (first, n) in [(0, 64), (64, 64), (1_024, 1_024)] {
                    let mut hit = vec![0; n];
                    (first..first + n as u64).for_each(|k| hit[(of(5, k, dimension) * n as f64) as usize] += 1);
                    assert!(hit.iter().all(|hits| *hits == 1), "{dimension}");
                }
            }
            for (wide, high) in [(8, 8), (4, 16), (64, 1)] {
                let mut hit = vec![0; 64];
                let place = |k| (of(7, k, 0) * f64::from(wide)) as usize * high + (of(7, k, 1) * high as f64) as usize;
                (0..64).for_each(|k| hit[place(k)] += 1);
                assert!(hit.iter().all(|hits| *hits == 1));
            }
            let differ = (0..64).filter(|&k| (of(1, k, 0) - of(2, k, 0)).abs() > 1e-3).count();
            assert!(differ > 50, "{differ}");
        }
    }

    /// Each point by itself is uniform, and so are its coordinates together: over sequences, by quarters.
    #[test]
    fn a_point_is_uniform_by_itself() {
        let mut hit = [[0_u32; 4]; 4];
        let seeds = 2_000;
        for seed in 0..seeds {
            let points = Points::new(Key::new(seed, "a", "b"));
            let quarter = |dimension| (4.0 * points.coordinate(12_345, dimension, 0.5)) as usize;
            hit[quarter(0)][quarter(9)] += 1;
        }
        let expected = seeds as f64 / 16.0;
        let chi: f64 = hit.iter().flatten().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
        assert!(chi < 37.7, "χ² of 15 degrees of freedom at one in a thousand: {chi}");
    }

    #[test]
    fn a_coordinate_lies_between_0_and_1() {
        let points = Points::new(Key::new(1, "a", "b"));
        for trial in (0..5_000_000).step_by(7) {
            let x = points.coordinate(trial, (trial % 32) as usize, 1.0 - f64::EPSILON / 4.0);
            assert!(x > 0.0 && x < 1.0);
        }
    }
}
