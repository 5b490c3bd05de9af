// A system with numbers on its sliders: its displacement, Jacobian and energy at a point.

import { SampledEnergy } from "./heights.js";
import { roundEven, roundAway, logistic, erf, erfc } from "./functions.js";

// Relative to the product of the sizes of gradient and velocity: what counts as a rise.
const RISE = 1e-9;
// Relative to that product where it is largest: sums of some terms are rounded to this.
const ROUNDING = 64 * Number.EPSILON;
const SAMPLED_RISE = 1e-2;
// Steps are right to about a hundredth of this.
const BEYOND = 1e-6;

/** A system of one or two coordinates whose formulas are part of the page. */
export class Model {
  constructor(system, functions) {
    this.system = system;
    this.functions = functions;
    this.dimension = system.axes.length;
    this.isFlow = system.rule === "flow";
    this.values = system.sliders.map((slider) => slider.value);
    this.time = 0;
    this.result = new Float64Array(2);
    this.square = new Float64Array(4);
    this.height = new Float64Array(1);
    this.change = new Float64Array(2);
    this.sampledEnergy = system.energyGrid === null ? null : new SampledEnergy(system);
    this.constants = {};
    for (const name of Object.keys(functions)) {
      this.constants[name] = new Float64Array(functions[name].constants);
    }
    this.set(this.values, 0);
  }

  get hasEnergy() {
    return "energy" in this.functions || this.sampledEnergy !== null;
  }

  /** Take other parameters, and the time at which arrows and nullclines are shown. */
  set(values, time = 0) {
    this.values = Array.from(values);
    this.time = time;
    for (const name of Object.keys(this.functions)) {
      this.functions[name].prepare(this.values, this.constants[name]);
    }
  }

  /** The displacement at a point, in `result` (which the next call overwrites). */
  at(u, v, t = this.time) {
    const { displacement } = this.functions;
    displacement.at(u, v, t, this.values, this.constants.displacement, this.result);
    return this.result;
  }

  /** Its Jacobian, row by row; of one coordinate a single number. */
  jacobian(u, v, t = this.time) {
    this.functions.jacobian.at(u, v, t, this.values, this.constants.jacobian, this.square);
    return this.square;
  }

  /** The energy at a point; NaN without one. */
  energy(u, v) {
    if (!this.hasEnergy) return NaN;
    const [a, b] = this.wrap(u, v);
    if (this.sampledEnergy !== null) return this.sampledEnergy.at(a, b)[0];
    this.functions.energy.at(a, b, this.time, this.values, this.constants.energy, this.height);
    return this.height[0];
  }

  /**
   * Where along a run the energy rises: by its change there, against the size that rounding is of.
   *
   * Beside a state of rest what is left of gradient and velocity is rounding itself, of the size
   * that they have on the way.
   */
  risesAlong(us, vs, timeAt) {
    if (this.sampledEnergy !== null) return us.map((u, k) => this.risesBySamples(u, vs[k], timeAt(k)));
    const { rise } = this.functions;
    const found = us.map((u, k) => {
      rise.at(...this.wrap(u, vs[k]), timeAt(k), this.values, this.constants.rise, this.change);
      return [this.change[0], this.change[1]];
    });
    const largest = found.reduce((most, [, size]) => (size > most ? size : most), 0);
    return found.map(([change, size]) => change > RISE * size + ROUNDING * largest);
  }

  /** The same of an energy on a grid, whose slope is known to a few digits. */
  risesBySamples(u, v, t) {
    const f = this.at(u, v, t);
    const [a, b] = [f[0], this.dimension > 1 ? f[1] : 0];
    const here = this.wrap(u, v);
    const [height, right, above] = this.sampledEnergy.at(...here);
    if (this.isFlow) {
      const unsure = SAMPLED_RISE * Math.hypot(right, above) + this.sampledEnergy.bend(...here);
      return right * a + above * b > unsure * Math.hypot(a, b);
    }
    const after = this.energy(u + a, v + b);
    return after - height > SAMPLED_RISE * (Math.abs(after) + Math.abs(height));
  }

  /** A point with its angles brought between the bounds, or to a turn that begins at `from`. */
  wrap(u, v, from = this.system.lower) {
    return [this.wrapped(u, 0, from[0]), this.dimension > 1 ? this.wrapped(v, 1, from[1]) : v];
  }

  wrapped(x, axis, low = this.system.lower[axis]) {
    const period = this.system.period[axis];
    return period === null ? x : x - Math.floor((x - low) / period) * period;
  }

  /** A point that a step has put a little beyond the walls of a simplex, which nothing crosses. */
  inside(u, v) {
    if (!this.system.simplex) return [u, v];
    const [a, b] = [u < 0 && u > -BEYOND ? 0 : u, v < 0 && v > -BEYOND ? 0 : v];
    const sum = a + b;
    return sum > 1 && sum < 1 + BEYOND ? [a / sum, b / sum] : [a, b];
  }

  /** Whether a point belongs to the state space: a simplex ends. */
  contains(u, v) {
    const slack = 1e-9;
    return !this.system.simplex || (u >= -slack && v >= -slack && u + v <= 1 + slack);
  }
}

/** A field that the server sampled on a grid of the view; between its nodes it is interpolated. */
export class SampledModel extends Model {
  constructor(system) {
    super(system, {});
    this.samples = null;
  }

  /** Take samples: values in rows of constant v, two numbers a node. */
  take(samples) {
    this.samples = samples;
  }

  at(u, v) {
    const out = this.result;
    out.fill(NaN);
    const s = this.samples;
    if (s === null) return out;
    const x = ((u - s.view[0]) / (s.view[1] - s.view[0])) * (s.count - 1);
    const y = this.dimension > 1 ? ((v - s.view[2]) / (s.view[3] - s.view[2])) * (s.rows - 1) : 0;
    const i = Math.min(Math.floor(x), s.count - 2);
    const j = s.rows > 1 ? Math.min(Math.floor(y), s.rows - 2) : 0;
    if (!(x >= 0 && y >= 0 && x <= s.count - 1 && y <= Math.max(s.rows - 1, 0))) return out;
    const a = x - i;
    const b = s.rows > 1 ? y - j : 0;
    const up = s.rows > 1 ? s.count : 0;
    for (let k = 0; k < this.dimension; k += 1) {
      const value = (m) => s.data[this.dimension * m + k];
      const at = j * s.count + i;
      out[k] = (1 - b) * ((1 - a) * value(at) + a * value(at + 1))
        + b * ((1 - a) * value(at + up) + a * value(at + up + 1));
    }
    return out;
  }

  jacobian(u, v) {
    const s = this.samples;
    if (s === null) return this.square.fill(NaN);
    const h = (s.view[1] - s.view[0]) / s.count;
    const k = this.dimension > 1 ? (s.view[3] - s.view[2]) / s.rows : 1;
    const right = Float64Array.from(this.at(u + h, v));
    const left = Float64Array.from(this.at(u - h, v));
    const high = Float64Array.from(this.at(u, v + k));
    const low = Float64Array.from(this.at(u, v - k));
    const columns = [[right, left, 2 * h], [high, low, 2 * k]].slice(0, this.dimension);
    columns.forEach(([after, before, gap], column) => {
      for (let row = 0; row < this.dimension; row += 1) {
        this.square[row * this.dimension + column] = (after[row] - before[row]) / gap;
      }
    });
    return this.square;
  }
}

/** The helpers that printed formulas may call, so that none of them is left out. */
export const HELPERS = { roundEven, roundAway, logistic, erf, erfc };
