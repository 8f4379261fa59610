//! Many addresses of one trial at once, side by side in vectors: the same bits as each by itself.

use std::ops::Range;

use fearless_simd::{Bytes, Level, Simd, SimdBase, dispatch, f64x8, u64x8};

use super::{HALF_A_CELL, Key, MIX, ONE, PHILOX_ROUNDS, PHILOX_STEPS, PHILOX_TIMES, STREAM, halves};

/// How many stand side by side.
const WIDTH: usize = 8;
/// Pairs of streams that do.
const PAIRS: usize = WIDTH / 2;
const LOW: u64 = u32::MAX as u64;

/// One number of each of them.
type Row = [u64; WIDTH];

/// Two streams that are read together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) keys: [Key; 2],
    /// How many uniforms are read of each.
    pub(crate) n: usize,
    /// What those of the first are multiplied by.
    pub(crate) times: f64,
}

/// The uniform at the first counter of `trial`, of each key.
pub(crate) fn uniforms(keys: &[Key], trial: u64, out: &mut Vec<f64>) {
    out.clear();
    dispatch!(Level::new(), simd => for keys in keys.chunks(WIDTH) {
        let mut eight = [Key::NONE; WIDTH];
        eight[..keys.len()].copy_from_slice(keys);
        let [a, b, ..] = blocks(simd, eight, trial, 0);
        let uniforms: [f64; WIDTH] = unit(a | (b << 32)).into();
        out.extend_from_slice(&uniforms[..keys.len()]);
    });
}

/// The streams of `trial`, pair after pair: the first of each into `firsts`, the second into `seconds`.
pub(crate) fn streams(pairs: &[Pair], trial: u64, firsts: &mut [f64], seconds: &mut [f64]) {
    dispatch!(Level::new(), simd => read(simd, pairs, trial, firsts, seconds));
}

#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn read<S: Simd>(simd: S, pairs: &[Pair], trial: u64, firsts: &mut [f64], seconds: &mut [f64]) {
    let (mut seeds, mut state, mut times) = ([[0; WIDTH]; 4], [[0; WIDTH]; 4], [1.0; WIDTH]);
    // Which numbers each place has yet to write. When it is done the next pair takes its place.
    let mut left: [Range<usize>; PAIRS] = std::array::from_fn(|_| 0..0);
    let (mut next, mut end) = (0, 0);
    loop {
        for (place, left) in left.iter_mut().enumerate() {
            while Range::is_empty(left) && next < pairs.len() {
                let own = next % PAIRS;
                if own == 0 {
                    seeds = seed(simd, &pairs[next..], trial);
                }
                for (state, seeds) in state.iter_mut().zip(&seeds) {
                    (state[place], state[place + PAIRS]) = (seeds[own], seeds[own + PAIRS]);
                }
                times[place] = pairs[next].times;
                *left = end..end + pairs[next].n;
                (next, end) = (next + 1, left.end);
            }
        }
        if left.iter().all(Range::is_empty) {
            return;
        }
        let columns = eight_of_each(simd, &mut state, &times);
        for (place, left) in left.iter_mut().enumerate() {
            let n = left.len().min(WIDTH);
            let columns = (&columns[place], &columns[place + PAIRS]);
            if n == WIDTH {
                let whole = |list: &mut [f64], column: &[f64; WIDTH]| {
                    if let Some(list) = list.first_chunk_mut() {
                        *list = *column;
                    }
                };
                whole(&mut firsts[left.start..], columns.0);
                whole(&mut seconds[left.start..], columns.1);
            } else {
                let own = left.start..left.start + n;
                let some = |list: &mut [f64], column: &[f64]| list.iter_mut().zip(column).for_each(|(to, x)| *to = *x);
                some(&mut firsts[own.clone()], columns.0);
                some(&mut seconds[own], columns.1);
            }
            left.start += n;
        }
    }
}

/// The next eight uniforms of each stream, those of one after the other.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn eight_of_each<S: Simd>(simd: S, state: &mut [Row; 4], times: &[f64; WIDTH]) -> [[f64; WIDTH]; WIDTH] {
    let mut s = state.map(|row| u64x8::from_slice(simd, &row));
    let times = f64x8::from_slice(simd, times);
    let mut rows: [f64x8<S>; WIDTH] = std::array::from_fn(|_| {
        let out = rotate_left(s[0] + s[3], 23) + s[0];
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate_left(s[3], 45);
        unit(out) * times
    });
    *state = s.map(Into::into);
    // Three perfect shuffles make columns of rows.
    for _ in 0..3 {
        let (low, high) = rows.split_at(WIDTH / 2);
        let shuffled: [_; WIDTH / 2] = std::array::from_fn(|i| low[i].interleave(high[i]));
        rows = std::array::from_fn(|i| if i % 2 == 0 { shuffled[i / 2].0 } else { shuffled[i / 2].1 });
    }
    rows.map(Into::into)
}

/// The states in which the streams of the first pairs begin.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn seed<S: Simd>(simd: S, pairs: &[Pair], trial: u64) -> [Row; 4] {
    let mut keys = [Key::NONE; WIDTH];
    for (place, pair) in pairs.iter().take(PAIRS).enumerate() {
        [keys[place], keys[place + PAIRS]] = pair.keys;
    }
    let [a, b, c, d] = blocks(simd, keys, trial, u64::MAX);
    let (x, y) = (a | (b << 32), c | (d << 32));
    [x, y, mix(x ^ STREAM[0]), mix(y ^ STREAM[1])].map(Into::into)
}

/// [`Key::block`] of each key, its numbers in the low halves.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn blocks<S: Simd>(simd: S, keys: [Key; WIDTH], trial: u64, counter: u64) -> [u64x8<S>; 4] {
    let ([t0, t1], [c0, c1]) = (halves(trial), halves(counter));
    let keys = u64x8::from_slice(simd, &keys.map(|key| key.0));
    // What stands above the low halves is never looked at.
    let (mut c, mut k) = ([t0, t1, c0, c1].map(|x| u64x8::splat(simd, u64::from(x))), [keys, keys >> 32]);
    for _ in 0..PHILOX_ROUNDS {
        let (x, y) = ((c[0] & LOW) * u64::from(PHILOX_TIMES[0]), (c[2] & LOW) * u64::from(PHILOX_TIMES[1]));
        c = [(y >> 32) ^ c[1] ^ k[0], y, (x >> 32) ^ c[3] ^ k[1], x];
        k = [k[0] + u64::from(PHILOX_STEPS[0]), k[1] + u64::from(PHILOX_STEPS[1])];
    }
    c.map(|x| x & LOW)
}

/// [`super::mix`] of each.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn mix<S: Simd>(z: u64x8<S>) -> u64x8<S> {
    let z = z + MIX[0];
    let z = (z ^ (z >> 30)) * MIX[1];
    let z = (z ^ (z >> 27)) * MIX[2];
    z ^ (z >> 31)
}

/// [`super::unit`] of each.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn unit<S: Simd>(bits: u64x8<S>) -> f64x8<S> {
    ((bits >> 12) | ONE).bitcast::<f64x8<S>>() - 1.0 + HALF_A_CELL
}

#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn rotate_left<S: Simd>(x: u64x8<S>, by: u32) -> u64x8<S> {
    (x << by) | (x >> (u64::BITS - by))
}
