// Closed orbits of a flow of the plane, attracting and repelling, by turns about states of rest.

import { follow } from "./runs.js";

// Starts on a ray from a state of rest to the edge of the view, closer together near the state.
const STARTS = 14;
const CROWDING = 1.5;
// Relative to the view: what a step of a turn may be off, and of one that is drawn.
const ROUGH = 1e-6;
const FINE = 1e-8;
// In times of a usual run, and in points: how long a turn may take.
const LONGEST_TURN = 20;
const MOST_POINTS = 1500;
const MOST_DRAWN = 6000;
// Relative to the distance of a start: what a turn that comes back off by less says nothing about.
const CLOSED = 1e-4;
// Relative to the ray: how well the start of a cycle is known, by rough turns.
const SHARP = 1e-6;
const MOST_STEPS = 40;
// Of a step, to where it crosses the ray: to rounding.
const HALVINGS = 50;
// Relative to their size: how alike two cycles are that are one.
const ALIKE = 1e-3;

/**
 * The closed orbits around the states of rest of a view: [{us, vs, period, isStable}].
 *
 * Each goes round a state that is no saddle, and so through every ray from it: where starts on the
 * ray that come back farther out follow ones that come back nearer, or the other way, there is one
 * in between. Two between the same starts are missed, and so is one around a cylinder. `isCut` says
 * that it took longer than `patience` milliseconds and was left.
 */
export function findCycles(model, points, view, usual, patience) {
  const found = { cycles: [], isCut: false };
  if (model.dimension === 1 || !model.isFlow || model.system.time) return found;
  const end = performance.now() + patience;
  const sinks = points.filter((point) => point.kind === "sink");
  const order = ["source", "sink"];
  const centers = points
    .filter((point) => point.kind === "source" || (point.kind === "sink" && point.form === "focus"))
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const center of centers) {
    const goals = sinks.filter((sink) => sink !== center);
    // A cycle that is higher than the view may yet be no wider.
    for (const axis of [1, 0]) {
      const ray = new Ray(model, center, view, axis, { goals, duration: LONGEST_TURN * usual });
      for (const cycle of ray.cycles(() => performance.now() > end)) {
        if (cycle === null) return { ...found, isCut: true };
        if (!found.cycles.some((other) => isSame(cycle, other))) found.cycles.push(cycle);
      }
    }
  }
  return found;
}

/** A ray from a state of rest along an axis, either way, where there is more of the view. */
class Ray {
  constructor(model, center, view, axis, options) {
    Object.assign(this, { model, center: [center.u, center.v], view, axis, options });
    const [below, above] = [this.center[axis] - view[2 * axis], view[2 * axis + 1] - this.center[axis]];
    this.way = above >= below ? 1 : -1;
    this.length = Math.max(above, below);
    this.scale = [view[1] - view[0], view[3] - view[2]];
  }

  /** The cycles through the ray; null, the last, where `isLate()` says to leave it. */
  cycles(isLate) {
    const found = [];
    let last = null;
    for (let k = 1; k <= STARTS; k += 1) {
      if (isLate()) return [...found, null];
      const start = this.length * (k / STARTS) ** CROWDING;
      const here = { start, gain: this.gain(start) };
      if (!this.isClear(here)) continue;
      if (last !== null && last.gain > 0 !== here.gain > 0) {
        const cycle = this.between(last, here);
        if (cycle !== null) found.push(cycle);
      }
      last = here;
    }
    return found;
  }

  /** Whether a start says on which side of it a cycle may be: around a center none does. */
  isClear({ start, gain }) {
    return Math.abs(gain) > CLOSED * start;
  }

  /** How much farther out a start comes back after a turn; backwards, where it comes not. */
  gain(start, tolerance = ROUGH) {
    const after = this.turn(start, 1, tolerance);
    if (after !== null) return after.distance - start;
    const before = this.turn(start, -1, tolerance);
    return before === null ? NaN : start - before.distance;
  }

  /** The cycle between two starts of which one comes back farther out and one nearer. */
  between(inner, outer) {
    let [a, b] = [{ ...inner }, { ...outer }];
    let best = inner;
    for (let k = 0; k < MOST_STEPS && b.start - a.start > SHARP * this.length; k += 1) {
      // Regula falsi, which halves the weight of an end that stays (Illinois); now and then a half.
      const share = k % 4 === 3 ? 0.5 : a.gain / (a.gain - b.gain);
      const start = a.start + share * (b.start - a.start);
      const gain = this.gain(start);
      if (!Number.isFinite(gain)) return null;
      const here = { start, gain };
      if (Math.abs(gain) < Math.abs(best.gain)) best = here;
      if (Math.abs(gain) < SHARP * this.length) break;
      if (gain > 0 === inner.gain > 0) {
        if (a.isNew) b.gain /= 2;
        a = { ...here, isNew: true };
        b.isNew = false;
      } else {
        if (b.isNew) a.gain /= 2;
        b = { ...here, isNew: true };
        a.isNew = false;
      }
    }
    const isStable = inner.gain > 0;
    const made = this.turn(best.start, isStable ? 1 : -1, FINE);
    if (made === null || Math.abs(made.distance - best.start) > CLOSED * this.length) return null;
    return { us: [...made.us, made.us[0]], vs: [...made.vs, made.vs[0]], period: made.period, isStable };
  }

  /** Once round the state from a start on the ray: where it comes back, and the way there. */
  turn(start, sign, tolerance) {
    const { model, center, view, options } = this;
    const from = center.map((x, k) => (k === this.axis ? x + this.way * start : x));
    const direction = (u, v) => Math.atan2((v - center[1]) / this.scale[1], (u - center[0]) / this.scale[0]);
    let [angle, last] = [0, direction(...from)];
    const isRound = (u, v) => {
      const now = direction(u, v);
      const move = now - last;
      angle += move - 2 * Math.PI * Math.round(move / (2 * Math.PI));
      last = now;
      return Math.abs(angle) >= 2 * Math.PI;
    };
    const made = follow(model, ...from, { ...options, sign, view, most: tolerance < ROUGH ? MOST_DRAWN : MOST_POINTS, tolerance, isRound });
    if (made.ends !== "round") return null;
    return this.closed(made, sign);
  }

  /** A turn cut off where it crosses the ray: on the cubic through its last two points. */
  closed({ times, us, vs }, sign) {
    const n = us.length - 1;
    const h = sign * (times[n] - times[n - 1]);
    const slopes = [n - 1, n].map((k) => Array.from(this.model.at(us[k], vs[k])));
    const from = (axis, s) => {
      const [x, y] = [n - 1, n].map((k) => (axis === 0 ? us : vs)[k] - this.center[axis]);
      return x * (1 + 2 * s) * (1 - s) ** 2 + y * s * s * (3 - 2 * s)
        + h * s * (1 - s) * (slopes[0][axis] * (1 - s) - slopes[1][axis] * s);
    };
    const across = 1 - this.axis;
    const isBefore = from(across, 0) > 0;
    let [low, high] = [0, 1];
    for (let k = 0; k < HALVINGS; k += 1) {
      const middle = (low + high) / 2;
      if (from(across, middle) > 0 === isBefore) low = middle;
      else high = middle;
    }
    return {
      distance: this.way * from(this.axis, high), period: times[n - 1] + high * (times[n] - times[n - 1]),
      us: us.slice(0, n), vs: vs.slice(0, n),
    };
  }
}

/** Whether two cycles are one: a cycle goes round each of the states inside. */
function isSame(one, other) {
  const ends = ({ us, vs }) => [Math.min(...us), Math.max(...us), Math.min(...vs), Math.max(...vs)];
  const [a, b] = [ends(one), ends(other)];
  const sizes = [a[1] - a[0], a[1] - a[0], a[3] - a[2], a[3] - a[2]];
  return a.every((x, k) => Math.abs(x - b[k]) < ALIKE * sizes[k]);
}
