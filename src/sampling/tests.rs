//! Whether tilted trials, by their weights, are those of the scenario.

use super::*;
use crate::scenario::{NoFiles, read};

/// `TUNE=file cargo test --release --lib -- --ignored --nocapture tune_a_file`: what a pilot finds there.
#[test]
#[ignore = "for looking, not for testing"]
fn tune_a_file() {
    for path in std::env::var("TUNE").unwrap().split(',') {
        let text = std::fs::read(path).unwrap();
        let scenario = read("x.toml", &text, &NoFiles).unwrap().scenario;
        let begun = std::time::Instant::now();
        let tuned = tune(&scenario, scenario.seed, &|_| true).unwrap();
        println!("{path}: {:.1?}, cost {:.2}", begun.elapsed(), tuned.cost);
        for tilted in &tuned.tilts {
            let name = tilted.risk.map_or("", |r| &scenario.risks[r].id);
            println!("  {} {name} {} {:.3?}", tilted.component, tilted.quantity, tilted.how);
        }
        for (p, gain) in scenario.portfolios.iter().zip(&tuned.gains) {
            println!("  {:20} {:.2?}", p.id, gain);
        }
    }
}
