// Closed orbits of a flow of the plane, attracting and repelling, by turns about states of rest.

import { follow, LONGEST, step } from "./runs.js";

// Starts on a ray from a state of rest to the edge of the view, closer together near the state.
const STARTS = 14;
const CROWDING = 1.5;
// Relative to the view, then to a cycle in it: what a step of a turn may be off, and of one that is drawn.
const ROUGH = 1e-6;
const FINE = 1e-8;
// In times of a usual run, and in points: how long a turn may take.
const LONGEST_TURN = 20;
const MOST_POINTS = 1500;
const MOST_DRAWN = 6000;
// Relative to the distance of a start: what a turn that comes back off by less says nothing about.
const CLOSED = 1e-4;
// Relative to the size of a cycle: how well a start of it is known, by rough turns.
const SHARP = 1e-6;
const MOST_STEPS = 40;
// Of a step, to where a cubic through its ends crosses the ray; then steps that end there.
const HALVINGS = 30;
const POLISHES = 2;
// Relative to their size: how alike two cycles are that are one.
const ALIKE = 1e-3;

/**
 * The closed orbits around the states of rest of a view: [{us, vs, period, isStable}].
 *
 * Each goes round a state that is no saddle, and so through every ray from it: where starts on the
 * ray that come back farther out follow ones that come back nearer, or the other way, there is one
 * in between. Two between the same starts are missed, and so is one inside the first start, or
 * around a cylinder. `isCut` says that it took longer than `patience` milliseconds and was left.
 */
export function findCycles(model, points, view, usual, patience) {
  const found = { cycles: [], isCut: false };
  if (model.dimension === 1 || !model.isFlow || model.system.time) return found;
  const end = performance.now() + patience;
  const sinks = points.filter((point) => point.kind === "sink");
  // Where the time runs out, what is likelier has been looked at: what a run leaves, or turns about.
  const order = (point) => (point.kind === "source" ? 0 : point.form === "focus" ? 1 : 2);
  const centers = points
    .filter((point) => point.kind !== "saddle")
    .sort((a, b) => order(a) - order(b));
  for (const center of centers) {
    // What comes close to a node turns no more.
    const goals = sinks.filter((sink) => sink !== center || sink.form === "node");
    // A cycle that is higher than the view may yet be no wider.
    for (const axis of [1, 0]) {
      const ray = new Ray(model, center, view, axis, { goals, duration: LONGEST_TURN * usual });
      for (const cycle of ray.cycles(() => performance.now() > end, found.cycles)) {
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

  /** The cycles through the ray but known ones; null, the last, where `isLate()` says to leave it. */
  cycles(isLate, known) {
    const found = [];
    let last = null;
    for (let k = 1; k <= STARTS; k += 1) {
      if (isLate()) return [...found, null];
      const here = this.probe(this.length * (k / STARTS) ** CROWDING);
      if (!this.isClear(here)) continue;
      const isBetween = last !== null && last.gain > 0 !== here.gain > 0;
      if (isBetween && !known.some((cycle) => this.isCrossed(cycle, last, here))) {
        const cycle = this.between(last, here);
        if (cycle !== null) found.push(cycle);
      }
      last = here;
    }
    return found;
  }

  /** Whether a cycle goes round the state, and through the ray between two starts as they say. */
  isCrossed({ us, vs, isStable }, inner, outer) {
    if (isStable !== inner.gain > 0) return false;
    const [xs, ys] = [us, vs].map((values, k) => values.map((x) => x - this.center[k]));
    const [along, across] = this.axis === 0 ? [xs, ys] : [ys, xs];
    const crossings = [];
    for (let k = 1; k < us.length; k += 1) {
      if (across[k - 1] > 0 === across[k] > 0) continue;
      const share = across[k - 1] / (across[k - 1] - across[k]);
      const distance = this.way * (along[k - 1] + share * (along[k] - along[k - 1]));
      if (distance > 0) crossings.push(distance);
    }
    return crossings.length % 2 === 1 && crossings.some((x) => x > inner.start && x < outer.start);
  }

  /** Whether a start says on which side of it a cycle may be: around a center none does. */
  isClear({ start, gain }) {
    return Math.abs(gain) > CLOSED * start;
  }

  /**
   * How much farther out a start comes back after a turn, and how wide and high the turn is.
   *
   * Backwards, where it comes not; as good as for a turn of these `sizes`, relative to the view.
   */
  probe(start, sizes = [1, 1]) {
    const thin = Math.min(...sizes);
    // An error of fifth order: a hundredth needs two and a half times as many steps.
    const accuracy = { tolerance: ROUGH * thin, most: MOST_POINTS * thin ** -0.2 };
    const after = this.turn(start, 1, accuracy);
    if (after !== null) return { start, gain: after.distance - start, sizes: this.sizes(after) };
    const before = this.turn(start, -1, accuracy);
    if (before === null) return { start, gain: NaN, sizes };
    return { start, gain: start - before.distance, sizes: this.sizes(before) };
  }

  /** How wide and how high a turn is, relative to the view; of a larger one all of it. */
  sizes({ us, vs }) {
    return [us, vs].map((xs, k) => Math.min(1, (Math.max(...xs) - Math.min(...xs)) / this.scale[k]));
  }

  /** The cycle between two starts of which one comes back farther out and one nearer. */
  between(inner, outer) {
    // Looked at closely, starts around a center come back to themselves.
    let [a, b] = [inner, outer].map(({ start, sizes }) => this.probe(start, sizes));
    if (!this.isClear(a) || !this.isClear(b) || a.gain > 0 === b.gain > 0) return null;
    const isStable = a.gain > 0;
    const { sizes } = b;
    const sharp = SHARP * Math.max(...sizes) * this.length;
    let best = a;
    for (let k = 0; k < MOST_STEPS && b.start - a.start > sharp; k += 1) {
      // Regula falsi, which halves the weight of an end that stays (Illinois); now and then a half.
      const share = k % 4 === 3 ? 0.5 : a.gain / (a.gain - b.gain);
      const here = this.probe(a.start + share * (b.start - a.start), sizes);
      if (!Number.isFinite(here.gain)) return null;
      if (Math.abs(here.gain) < Math.abs(best.gain)) best = here;
      if (Math.abs(here.gain) < sharp) break;
      if (here.gain > 0 === isStable) {
        if (a.isNew) b.gain /= 2;
        a = { ...here, isNew: true };
        b.isNew = false;
      } else {
        if (b.isNew) a.gain /= 2;
        b = { ...here, isNew: true };
        a.isNew = false;
      }
    }
    return this.drawn(best, isStable);
  }

  /** The turn from a start that is drawn, in steps that are short for its size. */
  drawn({ start, sizes }, isStable) {
    const [thin, long] = [Math.min(...sizes), Math.max(...sizes)];
    const accuracy = { tolerance: FINE * thin, longest: LONGEST * long, most: MOST_DRAWN };
    const made = this.turn(start, isStable ? 1 : -1, accuracy);
    if (made === null || Math.abs(made.distance - start) > CLOSED * long * this.length) return null;
    return { us: [...made.us, made.us[0]], vs: [...made.vs, made.vs[0]], period: made.period, isStable };
  }

  /** Once round the state from a start on the ray: where it comes back, and the way there. */
  turn(start, sign, accuracy) {
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
    const made = follow(model, ...from, { ...options, ...accuracy, sign, view, isRound });
    if (made.ends !== "round") return null;
    return this.closed(made, sign);
  }

  /** A turn cut off where it crosses the ray: near the cubic through its last two points. */
  closed({ times, us, vs }, sign) {
    const n = us.length - 1;
    const h = sign * (times[n] - times[n - 1]);
    const across = 1 - this.axis;
    const [x, y] = [n - 1, n].map((k) => (across === 0 ? us : vs)[k] - this.center[across]);
    const [first, last] = [n - 1, n].map((k) => h * this.model.at(us[k], vs[k])[across]);
    const cubic = (s) => x * (1 + 2 * s) * (1 - s) ** 2 + y * s * s * (3 - 2 * s)
      + s * (1 - s) * (first * (1 - s) - last * s);
    let [low, high] = [0, 1];
    for (let k = 0; k < HALVINGS; k += 1) {
      const middle = (low + high) / 2;
      if (cubic(middle) > 0 === x > 0) low = middle;
      else high = middle;
    }
    const crossing = this.polished(us[n - 1], vs[n - 1], high * h);
    if (crossing === null) return null;
    return {
      distance: crossing.distance, period: times[n - 1] + sign * crossing.time,
      us: us.slice(0, n), vs: vs.slice(0, n),
    };
  }

  /** The crossing of the ray about a time after a state: a step that ends there, by Newton's method. */
  polished(u, v, time) {
    const { model, axis } = this;
    const across = 1 - axis;
    const [whole, half, end] = [new Float64Array(2), new Float64Array(2), new Float64Array(2)];
    let distance = NaN;
    for (let k = 0; k < POLISHES; k += 1) {
      step(model, u, v, 0, time, whole);
      step(model, u, v, 0, time / 2, half);
      step(model, ...half, 0, time / 2, end);
      const at = model.inside(...end.map((x, i) => x + (x - whole[i]) / 15));
      const f = model.at(...at);
      const more = (this.center[across] - at[across]) / f[across];
      distance = this.way * (at[axis] + more * f[axis] - this.center[axis]);
      time += more;
    }
    return Number.isFinite(distance) ? { distance, time } : null;
  }
}

/** Whether two cycles are one, found from two starts. */
function isSame(one, other) {
  const ends = ({ us, vs }) => [Math.min(...us), Math.max(...us), Math.min(...vs), Math.max(...vs)];
  const [a, b] = [ends(one), ends(other)];
  const sizes = [a[1] - a[0], a[1] - a[0], a[3] - a[2], a[3] - a[2]];
  return a.every((x, k) => Math.abs(x - b[k]) < ALIKE * sizes[k]);
}
