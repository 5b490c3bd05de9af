// States of rest in the view: cells in which both components change sign, then Newton's method.

const NEWTON_STEPS = 40;
// Relative to the size of the eigenvalues: below this a real part is not told from zero.
const NEUTRAL = 1e-7;
// More than these on one view are a line of them, of which points are shown.
const MOST = 40;

/** All that a grid shows: [{u, v, kind, form, eigenvalues, vectors, residual}]. */
export function findEquilibria(model, field) {
  const found = [];
  for (const [u, v] of model.dimension > 1 ? cells(field) : intervals(field)) {
    const point = polish(model, u, v, field.view);
    if (point !== null && !isKnown(model, found, point, field.view)) found.push(point);
    if (found.length > 4 * MOST) break;
  }
  const listed = found.map((point) => classify(model, point));
  listed.sort((a, b) => a.u - b.u || a.v - b.v);
  const flat = listed.filter((point) => point.kind === "non-hyperbolic").length;
  return { points: listed, isContinuum: flat > 4 && flat >= listed.length / 2 };
}

/** Centers of the cells whose corners have both signs of both components. */
function* cells({ view, columns, rows, first, second }) {
  // An exact zero counts for both signs: states of rest lie on walls that nothing crosses.
  const mixed = (f, k) => {
    const [a, b, c, d] = [f[k], f[k + 1], f[k + columns], f[k + columns + 1]];
    return (a >= 0 || b >= 0 || c >= 0 || d >= 0) && (a <= 0 || b <= 0 || c <= 0 || d <= 0);
  };
  for (let j = 0; j + 1 < rows; j += 1) {
    for (let i = 0; i + 1 < columns; i += 1) {
      const k = j * columns + i;
      if (!mixed(first, k) || !mixed(second, k)) continue;
      yield [
        view[0] + ((view[1] - view[0]) * (i + 0.5)) / (columns - 1),
        view[2] + ((view[3] - view[2]) * (j + 0.5)) / (rows - 1),
      ];
    }
  }
}

/** Middles of the intervals over which a field on a line changes sign. */
function* intervals({ view, columns, first }) {
  for (let i = 0; i + 1 < columns; i += 1) {
    const [a, b] = [first[i], first[i + 1]];
    if ((a >= 0 || b >= 0) && (a <= 0 || b <= 0)) {
      yield [view[0] + ((view[1] - view[0]) * (i + 0.5)) / (columns - 1), 0];
    }
  }
}

/** Newton's method, damped; null where it does not come to rest in the view. */
export function polish(model, u, v, view) {
  const flat = model.dimension === 1;
  const wide = view[1] - view[0];
  const high = flat ? 1 : view[3] - view[2];
  let size = Infinity;
  for (let step = 0; step < NEWTON_STEPS; step += 1) {
    const f = model.at(u, v);
    const [a, b] = [f[0], flat ? 0 : f[1]];
    size = Math.hypot(a, b);
    if (!Number.isFinite(size)) return null;
    const [du, dv] = solve(model.jacobian(u, v), a, b, flat, wide, high);
    const far = Math.max(Math.abs(du) / wide, Math.abs(dv) / high);
    const share = far > 0.1 ? 0.1 / far : 1;
    u -= share * du;
    v -= share * dv;
    if (far < 4e-16 * (1 + Math.abs(u) / wide + Math.abs(v) / high) || size === 0) break;
  }
  [u, v] = model.wrap(u, v, [view[0], view[2]]);
  const edge = 1e-9;
  const isIn = u >= view[0] - edge * wide && u <= view[1] + edge * wide
    && (flat || (v >= view[2] - edge * high && v <= view[3] + edge * high));
  const f = model.at(u, v);
  const residual = Math.hypot(f[0], flat ? 0 : f[1]);
  const slope = Math.hypot(...Array.from(model.jacobian(u, v)).slice(0, flat ? 1 : 4));
  const near = residual <= 1e-9 * Math.max(slope * Math.min(wide, high), 1e-300);
  return isIn && near && model.contains(u, v) ? { u, v, residual } : null;
}

/** The step that Newton's method takes back; the shortest where the matrix is singular. */
function solve(m, a, b, flat, wide, high) {
  if (flat) return [m[0] === 0 ? 0 : a / m[0], 0];
  // In units of the view, so that singular means the same in all units.
  const [p, q, r, s] = [m[0] * wide, m[1] * high, m[2] * wide, m[3] * high];
  const determinant = p * s - q * r;
  const size = p * p + q * q + r * r + s * s;
  if (Math.abs(determinant) > 1e-9 * size) {
    return [(wide * (s * a - q * b)) / determinant, (high * (p * b - r * a)) / determinant];
  }
  if (size === 0) return [0, 0];
  return [(wide * (p * a + r * b)) / size, (high * (q * a + s * b)) / size];
}

function isKnown(model, found, point, view) {
  const high = model.dimension === 1 ? 1 : view[3] - view[2];
  return found.some((other) => {
    const near = Math.hypot((other.u - point.u) / (view[1] - view[0]), (other.v - point.v) / high);
    return near < 1e-6;
  });
}

/** The point with its eigenvalues, their directions, its kind and form. */
export function classify(model, point) {
  const m = Array.from(model.jacobian(point.u, point.v));
  if (model.dimension === 1) {
    const value = model.isFlow ? m[0] : m[0] + 1;
    const eigenvalues = [[value, 0]];
    return { ...point, eigenvalues, vectors: null, ...kindOf(eigenvalues, model.isFlow, 1) };
  }
  if (!model.isFlow) {
    m[0] += 1;
    m[3] += 1;
  }
  const { eigenvalues, vectors, scale } = eigen(m);
  return { ...point, eigenvalues, vectors, ...kindOf(eigenvalues, model.isFlow, scale) };
}

/** Eigenvalues of a 2 × 2 matrix, the larger real part first, and real directions. */
export function eigen([a, b, c, d]) {
  const half = (a + d) / 2;
  const square = ((a - d) / 2) ** 2 + b * c;
  const scale = Math.abs(a) + Math.abs(b) + Math.abs(c) + Math.abs(d);
  if (square < 0) {
    const turn = Math.sqrt(-square);
    return { eigenvalues: [[half, turn], [half, -turn]], vectors: null, scale: Math.hypot(half, turn) };
  }
  const root = Math.sqrt(square);
  const values = [half + root, half - root];
  const vectors = values.map((value) => {
    const [x, y] = Math.abs(b) > Math.abs(c) ? [b, value - a] : [value - d, c];
    const length = Math.hypot(x, y);
    if (length > 1e-14 * scale) return [x / length, y / length];
    return Math.abs(value - a) <= Math.abs(value - d) ? [1, 0] : [0, 1];
  });
  return { eigenvalues: values.map((v) => [v, 0]), vectors, scale: Math.max(...values.map(Math.abs)) };
}

function kindOf(eigenvalues, isFlow, scale) {
  const rates = eigenvalues.map(([re, im]) => (isFlow ? re : Math.log(Math.hypot(re, im))));
  const bound = NEUTRAL * (isFlow ? Math.max(scale, 1e-300) : 1);
  const turns = eigenvalues[0][1] !== 0;
  const form = turns ? "focus" : "node";
  if (rates.some((rate) => Math.abs(rate) <= bound)) {
    return turns ? { kind: "center", form: null } : { kind: "non-hyperbolic", form: null };
  }
  if (rates.every((rate) => rate < 0)) return { kind: "sink", form };
  if (rates.every((rate) => rate > 0)) return { kind: "source", form };
  return { kind: "saddle", form: null };
}
