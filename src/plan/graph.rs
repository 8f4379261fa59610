//! Who stands on whom: availability of vendors from that of nodes (MODEL section 4).

use crate::scenario::{RunsOn, Scenario};

/// The dependency graph, in an order in which what is needed comes first.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    n_platforms: usize,
    needs: Vec<RunsOn>,
    /// Per vendor: the nodes it rests on and itself, each after what it needs.
    beneath: Vec<Vec<usize>>,
}

impl Graph {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let needs: Vec<RunsOn> = scenario.nodes.iter().map(|n| n.runs_on.clone()).collect();
        let beneath = (0..scenario.vendors.len())
            .map(|v| {
                let mut order = Vec::new();
                visit(&needs, scenario.vendor_node(v), &mut order);
                order
            })
            .collect();
        Self { n_platforms: scenario.n_platforms, needs, beneath }
    }

    /// The nodes a vendor rests on, itself last.
    pub(crate) fn beneath(&self, vendor: usize) -> &[usize] {
        &self.beneath[vendor]
    }

    /// A of a vendor, from the own availability of each node. `scratch`: one value per node.
    pub(crate) fn availability(&self, vendor: usize, own: impl Fn(usize) -> f64, scratch: &mut [f64]) -> f64 {
        for &node in &self.beneath[vendor] {
            let below = match &self.needs[node] {
                RunsOn::All(list) => list.iter().map(|&n| scratch[n]).product(),
                RunsOn::AnyOf(list) => list.iter().map(|&n| scratch[n]).fold(0.0, f64::max),
            };
            scratch[node] = own(node) * below;
        }
        scratch[self.n_platforms + vendor]
    }

    /// How often a factor on each node of `on`, all else at 1, enters a vendor's availability: A = factor^n. The vendor is
    /// struck if n > 0.
    pub(crate) fn exponent(&self, vendor: usize, on: &[usize], scratch: &mut [u32]) -> u32 {
        for &node in &self.beneath[vendor] {
            let below = match &self.needs[node] {
                RunsOn::All(list) => list.iter().map(|&n| scratch[n]).sum(),
                // The largest power of a fraction is the one with the least exponent.
                RunsOn::AnyOf(list) => list.iter().map(|&n| scratch[n]).min().unwrap_or(0),
            };
            scratch[node] = u32::from(on.contains(&node)) + below;
        }
        scratch[self.n_platforms + vendor]
    }
}

/// A factor that enters so many times.
pub(crate) fn power(base: f64, exponent: u32) -> f64 {
    if exponent == 1 { base } else { (0..exponent).fold(1.0, |product, _| product * base) }
}

fn visit(needs: &[RunsOn], node: usize, order: &mut Vec<usize>) {
    if order.contains(&node) {
        return;
    }
    let (RunsOn::All(list) | RunsOn::AnyOf(list)) = &needs[node];
    for &below in list {
        visit(needs, below, order);
    }
    order.push(node);
}
