// A Hopfield network of spins: couplings by three rules, E(x) = −½ xᵀWx, and how it settles.

/** W of Hebb’s rule, row by row: (1/N) Σ ξ ξᵀ without diagonal. */
export function hebb(patterns) {
  return couplings(patterns, (i, j) => patterns.reduce((sum, p) => sum + p[i] * p[j], 0) / patterns[0].length);
}

/** W that projects onto the span of the patterns, without diagonal; null if they are dependent. */
export function pseudoInverse(patterns) {
  const size = patterns[0].length;
  const products = patterns.map((p) => patterns.map((q) => p.reduce((sum, x, i) => sum + x * q[i], 0)));
  const inverse = inverted(products);
  if (inverse === null) return null;
  // Σ_μν ξ^μ_i (ΞΞᵀ)⁻¹_μν ξ^ν_j, by one sum after the other.
  const half = patterns.map((_, m) => Float64Array.from({ length: size }, (__, j) => (
    patterns.reduce((sum, q, n) => sum + inverse[m][n] * q[j], 0)
  )));
  return couplings(patterns, (i, j) => patterns.reduce((sum, p, m) => sum + p[i] * half[m][j], 0));
}

/** W of Storkey’s rule, pattern by pattern. */
export function storkey(patterns) {
  const size = patterns[0].length;
  const weights = new Float64Array(size * size);
  for (const pattern of patterns) {
    const field = fieldsOf(weights, pattern);
    // h_ij leaves out the terms of i and j; that of i is zero.
    const h = (i, j) => field[i] - weights[i * size + j] * pattern[j];
    const change = new Float64Array(size * size);
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j < size; j += 1) {
        if (i === j) continue;
        change[i * size + j] = (pattern[i] * pattern[j] - pattern[i] * h(j, i) - h(i, j) * pattern[j]) / size;
      }
    }
    change.forEach((x, k) => {
      weights[k] += x;
    });
  }
  return weights;
}

function couplings(patterns, entry) {
  const size = patterns[0].length;
  const weights = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) weights[i * size + j] = weights[j * size + i] = entry(i, j);
  }
  return weights;
}

/** The inverse of a small matrix by elimination; null where it has none. */
function inverted(matrix) {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let k = 0; k < size; k += 1) {
    const pivot = rows.slice(k).reduce((best, row, m) => (Math.abs(row[k]) > Math.abs(rows[best][k]) ? k + m : best), k);
    if (Math.abs(rows[pivot][k]) < 1e-9 * matrix[0][0]) return null;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    const lead = rows[k][k];
    rows[k] = rows[k].map((x) => x / lead);
    rows.forEach((row, m) => {
      if (m !== k) rows[m] = row.map((x, j) => x - row[k] * rows[k][j]);
    });
  }
  return rows.map((row) => row.slice(size));
}

/** W x. */
export function fieldsOf(weights, state) {
  const size = state.length;
  return Float64Array.from(state, (_, i) => {
    let sum = 0;
    for (let j = 0; j < size; j += 1) sum += weights[i * size + j] * state[j];
    return sum;
  });
}

/** −½ xᵀWx. */
export function energyOf(weights, state) {
  const fields = fieldsOf(weights, state);
  return -state.reduce((sum, x, i) => sum + x * fields[i], 0) / 2;
}

/** Random numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomNumbers(seed) {
  let at = seed >>> 0;
  return () => {
    at = (at + 0x6d2b79f5) >>> 0;
    let x = Math.imul(at ^ (at >>> 15), at | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** The order of spins in a sweep. */
export function orderOf(size, random) {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Turn spins to the signs of their fields until all agree: states after each flip, or step.
 *
 * `update` is "random" or "sequential" (one spin after another, which never raises the energy) or
 * "synchronous" (all at once, which may end in a 2-cycle). A spin whose field is zero stays.
 */
export function settle(weights, start, update, random, mostSweeps) {
  const size = start.length;
  const states = [Int8Array.from(start)];
  const energies = [energyOf(weights, start)];
  const sign = (field, x) => (Math.abs(field) <= REST ? x : Math.sign(field));
  for (let sweep = 0; sweep < mostSweeps; sweep += 1) {
    const state = Int8Array.from(states[states.length - 1]);
    if (update === "synchronous") {
      const fields = fieldsOf(weights, state);
      const next = state.map((x, i) => sign(fields[i], x));
      if (same(next, state)) return { states, energies, ends: "rest" };
      states.push(next);
      energies.push(energyOf(weights, next));
      if (states.length > 2 && same(next, states[states.length - 3])) return { states, energies, ends: "cycle" };
      continue;
    }
    const order = update === "random" ? orderOf(size, random) : state.map((_, i) => i);
    let flips = 0;
    for (let k = 0; k < size; k += 1) {
      const i = order[k];
      let field = 0;
      for (let j = 0; j < size; j += 1) field += weights[i * size + j] * state[j];
      if (sign(field, state[i]) === state[i]) continue;
      state[i] = -state[i];
      flips += 1;
      states.push(Int8Array.from(state));
      energies.push(energyOf(weights, state));
    }
    if (flips === 0) return { states, energies, ends: "rest" };
  }
  return { states, energies, ends: "sweeps" };
}

// Fields of so little are sums of terms that cancel: rounding has no sign.
const REST = 1e-12;

function same(one, other) {
  return one.every((x, i) => x === other[i]);
}

/** The overlap of a state with each pattern, from −1 to 1. */
export function overlaps(patterns, state) {
  return patterns.map((p) => p.reduce((sum, x, i) => sum + x * state[i], 0) / state.length);
}
