//! The order of update. NIR has none: each cycle of neurons has an edge that delivers the spikes of the step before, and the
//! file does not say which one.
//!
//! Data flows from the input. In a cycle, the neuron that the input reaches first is updated first, and the edges that lead
//! back to it are recurrent. What is left of the cycle is treated in the same way.

use std::collections::{BTreeSet, VecDeque};

/// Maximum number of nested cycles that are distinguished; deeper ones are cut where a depth-first search closes them.
const MAX_NESTING: usize = 64;

/// Maximum number of edges between neurons, those through other nodes included.
const MAX_EDGES: usize = 10_000_000;

/// Returns nodes, given with their targets, in the order of update; the node `first` is the input. A neuron that comes before
/// another one, or is the same, gets the values of the step before from it. `is_neuron` says which nodes have a state; the
/// places of the others have no meaning.
pub(crate) fn update_order(targets: &[Vec<usize>], is_neuron: &[bool], first: usize) -> Vec<usize> {
    let mut forward = between_neurons(targets, is_neuron).unwrap_or_else(|| targets.to_vec());
    let reached = breadth_first(&forward, first);
    for _ in 0..MAX_NESTING {
        let component = components(&forward);
        // Of each cycle, the neuron that the input reaches first.
        let mut heads: Vec<Option<usize>> = vec![None; targets.len()];
        for node in (0..targets.len()).filter(|&node| is_neuron[node]) {
            let head = &mut heads[component[node]];
            if head.is_none_or(|head| reached[node] < reached[head]) {
                *head = Some(node);
            }
        }
        let mut is_cut = false;
        for (node, targets) in forward.iter_mut().enumerate() {
            let before = targets.len();
            targets.retain(|&target| {
                component[target] != component[node] || heads[component[node]] != Some(target)
            });
            is_cut |= targets.len() < before;
        }
        if !is_cut {
            break;
        }
    }
    reverse_postorder(&forward, first)
}

/// Returns for the input and for each neuron the neurons that its values reach, in the order of the edges. A matrix can get
/// values of this step and of the one before, so that cycles are cut between neurons. Nodes without targets, such as the
/// output, count as neurons. `None` if there are too many.
fn between_neurons(targets: &[Vec<usize>], is_neuron: &[bool]) -> Option<Vec<Vec<usize>>> {
    let is_end = |node: usize| is_neuron[node] || targets[node].is_empty();
    let mut found: Vec<Vec<usize>> = vec![Vec::new(); targets.len()];
    let mut seen = vec![usize::MAX; targets.len()];
    let mut is_root = vec![true; targets.len()];
    targets.iter().flatten().for_each(|&target| is_root[target] = false);
    let mut work = 0;
    for node in (0..targets.len()).filter(|&node| is_neuron[node] || is_root[node]) {
        let mut waiting: VecDeque<usize> = targets[node].iter().copied().collect();
        while let Some(target) = waiting.pop_front() {
            work += 1;
            if work > MAX_EDGES {
                return None;
            }
            if std::mem::replace(&mut seen[target], node) == node {
                continue;
            }
            if is_end(target) {
                found[node].push(target);
            } else {
                waiting.extend(&targets[target]);
            }
        }
    }
    Some(found)
}
/// Returns for each node when a breadth-first search from the input finds it; those that it does not find come last.
fn breadth_first(targets: &[Vec<usize>], first: usize) -> Vec<usize> {
    let mut reached = vec![usize::MAX; targets.len()];
    let mut waiting = VecDeque::from([first]);
    let mut count = 0;
    while let Some(node) = waiting.pop_front() {
        if reached[node] == usize::MAX {
            reached[node] = count;
            count += 1;
            waiting.extend(&targets[node]);
        }
    }
    for place in reached.iter_mut().filter(|place| **place == usize::MAX) {
        *place = count;
        count += 1;
    }
    reached
}

/// Returns the strongly connected component of each node, as the index of one of its nodes (Kosaraju's algorithm).
fn components(targets: &[Vec<usize>]) -> Vec<usize> {
    let mut sources: Vec<Vec<usize>> = vec![Vec::new(); targets.len()];
    for (node, targets) in targets.iter().enumerate() {
        targets.iter().for_each(|&target| sources[target].push(node));
    }
    let mut component = vec![usize::MAX; targets.len()];
    for root in reverse_postorder(targets, 0) {
        let mut waiting = vec![root];
        while let Some(node) = waiting.pop() {
            if component[node] == usize::MAX {
                component[node] = root;
                waiting.extend(&sources[node]);
            }
        }
    }
    component
}

/// Returns the nodes in the reverse postorder of a depth-first search from `first`: edges lead forward, except those that
/// close a cycle.
fn reverse_postorder(targets: &[Vec<usize>], first: usize) -> Vec<usize> {
    let mut visited = vec![false; targets.len()];
    let mut postorder = Vec::with_capacity(targets.len());
    // What the first node does not reach comes first in the result, because it can feed what it reaches.
    let roots = (first..targets.len()).take(1).chain(0..targets.len());
    for root in roots {
        if std::mem::replace(&mut visited[root], true) {
            continue;
        }
        // Each entry: a node, and how many of its targets are left. Targets are visited from the last to the first, so that
        // the first one comes first in the result.
        let mut stack = vec![(root, targets[root].len())];
        while let Some((node, left)) = stack.last_mut() {
            if *left == 0 {
                postorder.push(*node);
                stack.pop();
                continue;
            }
            *left -= 1;
            let target = targets[*node][*left];
            if !std::mem::replace(&mut visited[target], true) {
                stack.push((target, targets[target].len()));
            }
        }
    }
    postorder.reverse();
    debug_assert_eq!(postorder.iter().collect::<BTreeSet<_>>().len(), targets.len(), "each node comes once");
    postorder
}

#[cfg(test)]
mod tests {
    use super::update_order;

    #[test]
    fn edges_lead_forward_unless_they_close_a_cycle() {
        // 0 -> 1 -> 2 -> 1, 2 -> 3, 4 -> 3
        let targets = [vec![1], vec![2], vec![1, 3], vec![], vec![3]];
        assert_eq!(update_order(&targets, &[true; 5], 0), [4, 0, 1, 2, 3]);
        // Siblings keep the order of the edges.
        assert_eq!(update_order(&[vec![2, 1], vec![3], vec![3], vec![]], &[true; 4], 0), [0, 2, 1, 3]);
    }

    #[test]
    fn a_matrix_can_be_a_part_of_a_cycle_and_of_a_path() {
        // The input 0 and the neurons 1 and 2 feed the matrix 3, which feeds neuron 2.
        let targets = [vec![1, 3], vec![3], vec![3], vec![2]];
        let order = update_order(&targets, &[false, true, true, false], 0);
        let neurons: Vec<usize> = order.into_iter().filter(|node| [1, 2].contains(node)).collect();
        assert_eq!(neurons, [1, 2]);
    }

    #[test]
    fn what_the_input_reaches_first_is_updated_first() {
        // Two synapses 1 and 2 of a neuron 3, which feeds both: 3 comes after them, whichever a search meets first.
        let targets = [vec![1, 2], vec![3], vec![3], vec![1, 2]];
        assert_eq!(update_order(&targets, &[true; 4], 0), [0, 1, 2, 3]);
        // A path of three layers, a shortcut, and feedback.
        let targets = [vec![1], vec![2, 3], vec![3], vec![1, 2]];
        assert_eq!(update_order(&targets, &[true; 4], 0), [0, 1, 2, 3]);
    }
}
