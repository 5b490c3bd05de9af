// Runs of a system: the classical Runge–Kutta method with a step checked by halving, and orbits.

// Relative to the view: what one step may be off.
const TOLERANCE = 1e-8;
// Relative to the view: how far one step may go, so that a curve looks like one.
export const LONGEST = 0.02;
const MOST_POINTS = 6000;
// Relative to the view: how close to a state of rest a separatrix has reached it.
const GOAL = 1e-3;

const never = () => false;

/** One step of the classical method, into `out`. */
export function step(model, u, v, t, h, out) {
  const flat = model.dimension === 1;
  let f = model.at(u, v, t);
  const a = f[0];
  const b = flat ? 0 : f[1];
  f = model.at(u + (h / 2) * a, v + (h / 2) * b, t + h / 2);
  const c = f[0];
  const d = flat ? 0 : f[1];
  f = model.at(u + (h / 2) * c, v + (h / 2) * d, t + h / 2);
  const p = f[0];
  const q = flat ? 0 : f[1];
  f = model.at(u + h * p, v + h * q, t + h);
  out[0] = u + (h / 6) * (a + 2 * c + 2 * p + f[0]);
  out[1] = flat ? v : v + (h / 6) * (b + 2 * d + 2 * q + f[1]);
}

/**
 * Follow a flow from (u, v) for `duration`, backwards where `sign` is −1.
 *
 * `ends` says why it ends: "time", "left" (it is far out of the view), "rest", "steps" or "lost"
 * (the field is not finite there), "goal" (it is at one of the states `goals`), or "round" (`isRound`
 * says so). `times` count from the start, which is at the time `begin`.
 */
export function follow(model, u, v, options) {
  const { duration, sign = 1, view, begin = 0, most = MOST_POINTS, goals = [] } = options;
  const { tolerance = TOLERANCE, longest = LONGEST, isRound = never } = options;
  const wide = view[1] - view[0];
  const high = model.dimension === 1 ? wide : view[3] - view[2];
  const times = [0];
  const us = [u];
  const vs = [v];
  const [once, half, twice] = [new Float64Array(2), new Float64Array(2), new Float64Array(2)];
  let t = 0;
  let h = duration / 100;
  let ends = "time";
  while (t < duration) {
    if (times.length > most) {
      ends = "steps";
      break;
    }
    const f = model.at(u, v, begin + sign * t);
    const speed = Math.hypot(f[0] / wide, model.dimension === 1 ? 0 : f[1] / high);
    if (!Number.isFinite(speed)) {
      ends = "lost";
      break;
    }
    const last = duration - t;
    if (speed * last < 1e-9 && !model.system.time) {
      ends = "rest";
      times.push(duration);
      us.push(u);
      vs.push(v);
      break;
    }
    h = Math.min(h, last, longest / speed);
    let error = Infinity;
    for (let tries = 0; tries < 60; tries += 1) {
      step(model, u, v, begin + sign * t, sign * h, once);
      step(model, u, v, begin + sign * t, (sign * h) / 2, half);
      step(model, half[0], half[1], begin + sign * (t + h / 2), (sign * h) / 2, twice);
      error = Math.hypot((twice[0] - once[0]) / wide, (twice[1] - once[1]) / high) / 15;
      if (error <= tolerance) break;
      h /= Number.isFinite(error) ? Math.min(4, Math.max(1.4, 1.1 * (error / tolerance) ** 0.2)) : 8;
    }
    if (!(error <= tolerance)) {
      ends = "lost";
      break;
    }
    [u, v] = model.inside(twice[0] + (twice[0] - once[0]) / 15, twice[1] + (twice[1] - once[1]) / 15);
    t = h === last ? duration : t + h;
    times.push(t);
    us.push(u);
    vs.push(v);
    h *= Math.min(2, 0.9 * (tolerance / Math.max(error, 1e-3 * tolerance)) ** 0.2);
    if (isRound(u, v)) {
      ends = "round";
      break;
    }
    if (goals.some((goal) => Math.hypot((u - goal.u) / wide, (v - goal.v) / high) < GOAL)) {
      ends = "goal";
      break;
    }
    if (isFar(model, u, v, view, wide, high) || !model.contains(u, v)) {
      ends = "left";
      break;
    }
  }
  return { times, us, vs, sign, ends, begin };
}

/** Whether a point is so far out of the view that nobody waits for it to come back. */
function isFar(model, u, v, view, wide, high) {
  const free = (axis) => model.system.period[axis] === null;
  if (free(0) && (u < view[0] - 2 * wide || u > view[1] + 2 * wide)) return true;
  if (model.dimension === 1) return false;
  return free(1) && (v < view[2] - 2 * high || v > view[3] + 2 * high);
}

/** The orbit of a map: the start and `steps` images; a map counts whole steps, from `begin` on. */
export function orbit(model, u, v, { steps, view, begin = 0 }) {
  const first = Math.trunc(begin);
  const [times, us, vs] = [[0], [u], [v]];
  const wide = view[1] - view[0];
  const high = model.dimension === 1 ? wide : view[3] - view[2];
  let ends = "time";
  for (let n = 1; n <= steps; n += 1) {
    const f = model.at(u, v, first + n - 1);
    [u, v] = model.wrap(u + f[0], model.dimension === 1 ? v : v + f[1]);
    if (!Number.isFinite(u) || !Number.isFinite(v)) {
      ends = "lost";
      break;
    }
    times.push(n);
    us.push(u);
    vs.push(v);
    if (isFar(model, u, v, view, 10 * wide, 10 * high)) {
      ends = "left";
      break;
    }
  }
  return { times, us, vs, sign: 1, ends, begin: first };
}

/** The run that was asked for: of a flow a trajectory, of a map an orbit. */
export function run(model, start, options) {
  if (model.isFlow) return follow(model, start.u, start.v, { ...options, sign: start.sign });
  return orbit(model, start.u, start.v, { ...options, steps: Math.round(options.duration) });
}

/** How long a run should be to show something: some crossings of the view, a round number. */
export function usualDuration(model, field) {
  if (!model.isFlow) return 200;
  const wide = field.view[1] - field.view[0];
  const high = field.view[3] - field.view[2];
  const crossings = [];
  for (let k = 0; k < field.first.length; k += 7) {
    const speed = Math.hypot(field.first[k] / wide, model.dimension === 1 ? 0 : field.second[k] / high);
    if (speed > 0 && Number.isFinite(speed)) crossings.push(1 / speed);
  }
  if (crossings.length === 0) return 100;
  crossings.sort((a, b) => a - b);
  const time = 20 * crossings[crossings.length >> 1];
  const power = 10 ** Math.floor(Math.log10(time));
  return [1, 2, 5, 10].find((m) => m * power >= time) * power;
}
