use super::poisson::Poisson;
use super::*;
use rand::{Rng as _, SeedableRng as _};

#[test]
fn philox_gives_the_published_vectors() {
    // Random123 1.14, kat_vectors.
    assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox4x32_10([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    assert_eq!(
        philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

#[test]
fn stream_is_xoshiro256_plus_plus() {
    let mut ours = Stream([1, 2, 3, 4]);
    let mut bytes = [0u8; 32];
    for (i, byte) in [1u8, 2, 3, 4].iter().enumerate() {
        bytes[i * 8] = *byte;
    }
    let mut theirs = rand_xoshiro::Xoshiro256PlusPlus::from_seed(bytes);
    for _ in 0..1000 {
        assert_eq!(ours.next(), theirs.next_u64());
    }
}

#[test]
fn addresses_are_part_of_what_a_seed_promises() {
    let key = Key::new(1, "risk.a-outage", "duration");
    let mut stream = key.stream(7);
    let drawn = [key.uniform(0, 0), key.uniform(1, 0), key.uniform(1, 5), stream.uniform(), stream.uniform()];
    assert_eq!(drawn.map(f64::to_bits), GOLDEN);
}

#[test]
fn many_addresses_abreast_give_what_each_gives_alone() {
    let key = |k: usize| Key::new(1, "test", &k.to_string());
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let trial = 0x1234_5678_9abc_def0;
    for n in [0, 1, 7, 8, 9, 21] {
        let (keys, mut uniforms) = ((0..n).map(key).collect::<Vec<_>>(), Vec::new());
        abreast::uniforms(&keys, trial, &mut uniforms);
        assert_eq!(bits(&uniforms), bits(&keys.iter().map(|key| key.uniform(trial, 0)).collect::<Vec<_>>()));
    }
    for lengths in [&[][..], &[0, 0], &[5], &[8, 0, 1, 16, 70, 3, 0, 24, 9, 64, 2], &[1, 2, 3, 4, 100, 0]] {
        let pairs: Vec<abreast::Pair> = (lengths.iter().enumerate())
            .map(|(k, &n)| abreast::Pair { keys: [key(k), key(k + 100)], n, times: 26_298.0 })
            .collect();
        let n = lengths.iter().sum();
        let (mut firsts, mut seconds) = (vec![f64::NAN; n], vec![f64::NAN; n]);
        abreast::streams(&pairs, trial, &mut firsts, &mut seconds);
        let alone = |which: usize, times: f64| -> Vec<f64> {
            let stream = |pair: &abreast::Pair| {
                let mut stream = pair.keys[which].stream(trial);
                (0..pair.n).map(|_| stream.uniform() * times).collect::<Vec<_>>()
            };
            pairs.iter().flat_map(stream).collect()
        };
        assert_eq!((bits(&firsts), bits(&seconds)), (bits(&alone(0, 26_298.0)), bits(&alone(1, 1.0))), "{lengths:?}");
    }
}

#[test]
fn addresses_differ_in_every_part() {
    let base = Key::new(1, "a", "b").uniform(0, 0);
    for other in [
        Key::new(2, "a", "b").uniform(0, 0),
        Key::new(1, "b", "b").uniform(0, 0),
        Key::new(1, "a", "a").uniform(0, 0),
        Key::new(1, "a", "b").uniform(1, 0),
        Key::new(1, "a", "b").uniform(0, 1),
        Key::new(1, "ab", "").uniform(0, 0),
    ] {
        assert_ne!(base.to_bits(), other.to_bits());
    }
}

#[test]
fn poisson_counts_match_their_law() {
    for mean in [0.0, 0.09, 2.0, 72.0, 1500.0, 250_000.0] {
        let law = Poisson::new(mean);
        let mut stream = Key::new(3, "test", "poisson").stream(0);
        let n = 40_000;
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let counts: Vec<f64> = (0..n).map(|_| law.quantile(stream.uniform()) as f64).collect();
        let average = counts.iter().sum::<f64>() / f64::from(n);
        let variance = counts.iter().map(|c| (c - average) * (c - average)).sum::<f64>() / f64::from(n);
        let error = (mean / f64::from(n)).sqrt();
        assert!((average - mean).abs() <= 4.0 * error, "mean {average} of {mean}");
        assert!(
            (variance - mean).abs() <= 4.0 * ((2.0 * mean * mean + mean) / f64::from(n)).sqrt(),
            "variance {variance} of {mean}"
        );
    }
    assert_eq!(Poisson::new(0.3).quantile(0.740_818), 0);
    assert_eq!(Poisson::new(0.3).quantile(0.740_819), 1);
}

#[test]
fn poisson_counts_without_a_table_are_those_of_one() {
    for mean in [0.0, 1e-9, 0.09, 2.0, 29.9, 30.1, 72.0, 1500.0, 250_000.0] {
        let law = Poisson::new(mean);
        let mut stream = Key::new(4, "test", "poisson").stream(0);
        for _ in 0..4_000 {
            let u = stream.uniform();
            assert_eq!(poisson::quantile(mean, u), law.quantile(u), "mean {mean}, u {u}");
        }
        for u in [unit(0), 1e-12, 1e-6, 1.0 - 1e-6, 1.0 - 1e-12] {
            assert_eq!(poisson::quantile(mean, u), law.quantile(u), "mean {mean}, u {u}");
        }
        assert!(poisson::quantile(mean, unit(u64::MAX)) < 1_000 + 2 * law.quantile(0.5));
    }
    assert!((999_000..1_001_000).contains(&poisson::quantile(f64::INFINITY, 0.5)), "no count is endless");
}

const GOLDEN: [u64; 5] = [
    4_571_634_786_088_193_920,
    4_599_169_519_498_430_430,
    4_600_408_299_055_830_034,
    4_601_611_724_900_613_746,
    4_589_678_214_865_315_064,
];
