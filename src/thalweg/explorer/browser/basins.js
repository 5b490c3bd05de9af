// Which starts of the view end where, coarse to fine.

import { follow, orbit } from "./runs.js";

export const UNDECIDED = 255;
export const ESCAPES = 254;
const FINEST = 128;
// Relative to the view: how close to a sink a run counts as caught, and how alike two cycles look.
const CAUGHT = 1e-2;
const ALIKE = 0.03;
// Pieces of a run before one that may be a cycle's.
const PARTS = 4;
// More than these are taken for a family, a member for each start.
const MOST_OF_A_KIND = 6;
const FAMILIES = { equilibrium: "a line of states of rest", cycle: "goes on and on, each start its own way" };

/** Work of one picture; `advance` does some of it, so that a worker can be stopped in between. */
export class Basins {
  constructor(model, view, sinks, duration) {
    Object.assign(this, { model, view, duration, families: {}, given: sinks.length });
    this.attractors = sinks.map(({ u, v }) => ({ kind: "equilibrium", u, v }));
    this.level = 0;
    this.at = 0;
    this.count = model.dimension > 1 ? 16 : FINEST;
    this.rows = model.dimension > 1 ? this.count : 1;
    this.labels = new Uint8Array(this.count * this.rows).fill(UNDECIDED);
    this.known = new Uint8Array(this.count * this.rows);
  }

  get isDone() {
    return this.count >= FINEST && this.at >= this.labels.length;
  }

  /** Decide starts until `until()` says to stop; the finer picture keeps what the coarser knew. */
  advance(until) {
    while (!this.isDone && !until()) {
      if (this.at >= this.labels.length) {
        this.refine();
        continue;
      }
      const k = this.at;
      this.at += 1;
      if (this.known[k]) continue;
      const [u, v] = this.center(k % this.count, Math.floor(k / this.count));
      this.labels[k] = this.model.contains(u, v) ? this.decide(u, v) : UNDECIDED;
      this.known[k] = 1;
    }
  }

  /** Starts lie on the lattice of the finest picture, so that each level keeps the last one's. */
  center(i, j) {
    const step = FINEST / this.count;
    const along = (n, low, high) => low + ((n * step + 0.5) / FINEST) * (high - low);
    const flat = this.model.dimension === 1;
    return [
      along(i, this.view[0], this.view[1]),
      flat ? 0 : along(j, this.view[2], this.view[3]),
    ];
  }

  refine() {
    const fine = 2 * this.count;
    const labels = new Uint8Array(fine * fine);
    const known = new Uint8Array(fine * fine);
    for (let j = 0; j < fine; j += 1) {
      for (let i = 0; i < fine; i += 1) {
        const coarse = (j >> 1) * this.count + (i >> 1);
        labels[j * fine + i] = this.labels[coarse];
        known[j * fine + i] = i % 2 === 0 && j % 2 === 0 ? 1 : 0;
      }
    }
    Object.assign(this, { labels, known, count: fine, rows: fine, at: 0, level: this.level + 1 });
  }

  /** The number of the attractor that a start ends at. */
  decide(u, v) {
    let [x, y] = [u, v];
    for (let part = 0; part < PARTS; part += 1) {
      const made = this.part(x, y, part);
      const last = made.us.length - 1;
      [x, y] = this.model.wrap(made.us[last], made.vs[last]);
      if (made.ends === "left" || made.ends === "lost") return ESCAPES;
      const caught = this.attractors.findIndex((a) => a.kind === "equilibrium" && this.isNear(a, x, y));
      if (caught >= 0) return caught;
      if (made.ends === "rest") return this.join({ kind: "equilibrium", u: x, v: y });
    }
    return this.cycle(x, y);
  }

  /** A piece of a run: each begins when the one before it ends. */
  part(u, v, number) {
    const begin = this.model.time + number * this.duration;
    const options = { duration: this.duration, view: this.view, begin, most: 20000 };
    if (this.model.isFlow) return follow(this.model, u, v, options);
    return orbit(this.model, u, v, { ...options, steps: this.duration });
  }

  isNear(attractor, u, v) {
    const gap = (axis, a, b) => {
      const period = this.model.system.period[axis] ?? null;
      return period === null ? a - b : a - b - Math.round((a - b) / period) * period;
    };
    const wide = this.view[1] - this.view[0];
    const high = this.model.dimension === 1 ? 1 : this.view[3] - this.view[2];
    return Math.hypot(gap(0, u, attractor.u) / wide, gap(1, v, attractor.v) / high) < CAUGHT;
  }

  /** What does not come to rest is told by how far it reaches. */
  cycle(u, v) {
    const made = this.part(u, v, PARTS);
    const reach = { kind: "cycle", u, v, box: [Infinity, -Infinity, Infinity, -Infinity] };
    made.us.forEach((x, k) => {
      const [a, b] = this.model.wrap(x, made.vs[k]);
      reach.box[0] = Math.min(reach.box[0], a);
      reach.box[1] = Math.max(reach.box[1], a);
      reach.box[2] = Math.min(reach.box[2], b);
      reach.box[3] = Math.max(reach.box[3], b);
    });
    const [wide, high] = [reach.box[1] - reach.box[0], reach.box[3] - reach.box[2]];
    const isStill = wide < CAUGHT * (this.view[1] - this.view[0]) && high < CAUGHT * (this.view[3] - this.view[2]);
    return this.join(isStill ? { kind: "equilibrium", u, v } : reach);
  }

  /** The number of an attractor; more of a kind than can be told apart are a family, one number. */
  join(candidate) {
    const { kind } = candidate;
    if (kind in this.families) return this.families[kind];
    const size = [this.view[1] - this.view[0], this.view[3] - this.view[2]];
    const known = this.attractors.findIndex((other) => {
      if (other.kind !== kind) return false;
      if (kind === "equilibrium") return this.isNear(other, candidate.u, candidate.v);
      return other.box.every((x, k) => Math.abs(x - candidate.box[k]) < ALIKE * size[k >> 1]);
    });
    if (known >= 0) return known;
    const found = this.attractors.flatMap((a, k) => (a.kind === kind && k >= this.given ? [k] : []));
    if (found.length >= MOST_OF_A_KIND) return this.makeFamily(kind, found);
    this.attractors.push(candidate);
    return this.attractors.length - 1;
  }

  makeFamily(kind, members) {
    [this.families[kind]] = members;
    this.labels.forEach((label, k) => {
      if (members.includes(label)) [this.labels[k]] = members;
    });
    for (const member of members) this.attractors[member].kind = FAMILIES[kind];
    return members[0];
  }

  /** The picture so far, and the share of each attractor among the starts decided. */
  picture() {
    const counts = new Array(256).fill(0);
    let total = 0;
    this.labels.forEach((label, k) => {
      if (!this.known[k] || label === UNDECIDED) return;
      counts[label] += 1;
      total += 1;
    });
    const share = (label) => (total === 0 ? 0 : counts[label] / total);
    return {
      count: this.count, rows: this.rows, labels: this.labels.slice(), view: this.view,
      attractors: this.attractors.map(({ kind, u, v }, k) => ({ kind, u, v, fraction: share(k) })),
      escapes: share(ESCAPES), starts: total, isDone: this.isDone,
    };
  }
}
