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
        let trials = std::env::var("TRIALS").map_or(scenario.trials, |n| n.parse().unwrap());
        let tuned = tune(&scenario, scenario.seed, trials, &|_| true).unwrap();
        println!("{path}: {:.1?}, cost {:.2}", begun.elapsed(), tuned.cost);
        for tilted in &tuned.tilts {
            let name = tilted.risk.map_or("", |r| &scenario.risks[r].id);
            println!("  {} {:.2} {name} {} {:.3?}", tilted.component, tilted.share, tilted.quantity, tilted.how);
        }
        for (p, gain) in scenario.portfolios.iter().zip(&tuned.gains) {
            println!("  {:20} {:.2?}", p.id, gain);
        }
        let plan = Plan::new(&scenario, 77).sampled_by(tuned.mixture.as_ref());
        let drawn = pilot::draw(&plan, 0..5000, &|_| true).unwrap();
        for (p, gain) in scenario.portfolios.iter().zip(gain::gains(&drawn)) {
            println!("  again {:20} {:.2?}", p.id, gain);
        }
    }
}

#[test]
#[ignore = "for looking, not for testing"]
fn look_at_a_file() {
    let text = std::fs::read(std::env::var("TUNE").unwrap()).unwrap();
    let p: usize = std::env::var("PORTFOLIO").unwrap().parse().unwrap();
    let scenario = read("x.toml", &text, &NoFiles).unwrap().scenario;
    let tuned = tune(&scenario, scenario.seed, scenario.trials, &|_| true).unwrap();
    let plan = Plan::new(&scenario, 77).sampled_by(tuned.mixture.as_ref());
    let drawn = pilot::draw(&plan, 0..5000, &|_| true).unwrap();
    let mut sorted: Vec<(f64, f64, u64)> = drawn.iter().map(|d| (d.losses[p], d.weight, d.trial)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let losses: Vec<(f64, f64)> = sorted.iter().map(|s| (s.0, s.1)).collect();
    let q = fit::quantile(&losses, 0.995);
    let all: f64 = losses.iter().map(|l| l.1).sum();
    let tvar = q + losses.iter().map(|l| l.1 * (l.0 - q).max(0.0)).sum::<f64>() / 0.005 / all;
    println!("q {q:.3e} tvar {tvar:.3e} mean weight {}", all / 5000.0);
    let i = |x: f64| (x - q).max(0.0) / 0.005 - (tvar - q);
    let total: f64 = losses.iter().map(|l| (l.1 * i(l.0)).powi(2)).sum();
    println!("body {:.3}", losses.iter().filter(|l| l.0 <= q).map(|l| (l.1 * i(l.0)).powi(2)).sum::<f64>() / total);
    println!("plain/total: {:.2}", losses.iter().map(|l| l.1 * i(l.0).powi(2)).sum::<f64>() / total);
    sorted.sort_by(|a, b| (b.1 * i(b.0)).abs().total_cmp(&(a.1 * i(a.0)).abs()));
    let mut world = crate::world::World::default();
    for (loss, w, trial) in &sorted[..25] {
        world.draw(&plan, *trial);
        let events: Vec<String> = (world.events.iter())
            .filter(|e| plan.risks[e.risk as usize].mean < 3.0)
            .map(|e| format!("{}@{:.0}", scenario.risks[e.risk as usize].id, e.tau / 730.5))
            .collect();
        println!("{:.3} loss {loss:.3e} w {w:.3} {}", (w * i(*loss)).powi(2) / total, events.join(" "));
    }
}
