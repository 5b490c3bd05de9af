// The unstable and the stable curve of a saddle of a map, grown from their own images.
//
// A curve is its own image: what of it is known is mapped, from the saddle outwards, and the images
// go on with it (Krauskopf and Osinga 1998). The map itself grows the unstable curve, its inverse
// the stable one: of each point the inverse image is found by Newton's method from that of the one
// before. Where there is none, or more than one meets, the curve ends.

// Relative to the view: how far apart two points of a curve may be, and what is drawn as a point.
const SPACING = 0.015;
const FINEST = 1e-5;
// The first piece is a straight line: its far end, and the bend that a curve may have at a point.
const STRAIGHT = 2e-3;
const BEND = 0.3;
// Beyond the view, by its size, a curve is followed no more; this long, it has shown what it does.
const AROUND = 1;
const LONGEST = 40;
const CHORDS = 8;

/** The images of a map: what `next(x, y, from)` says, or null where it has none. */
class Forwards {
  constructor(model, turns) {
    Object.assign(this, { model, turns });
  }

  next(x, y) {
    let [u, v] = [x, y];
    for (let k = 0; k < this.turns; k += 1) {
      const f = this.model.at(u, v);
      u += f[0];
      v += f[1];
    }
    return Number.isFinite(u) && Number.isFinite(v) ? [u, v] : null;
  }
}

/** Inverse images, each found from that of a point near by. */
class Backwards {
  constructor(model, turns, size) {
    Object.assign(this, { model, turns, size });
  }

  /** The inverse image of (x, y), from `near` = [[u, v] after each turn] of a point beside it. */
  next(x, y, near) {
    let [u, v] = [x, y];
    const trail = [];
    for (let k = 0; k < this.turns; k += 1) {
      const found = this.solve(u, v, near.trail?.[k] ?? near);
      if (found === null) return null;
      [u, v] = found;
      trail.push(found);
    }
    return Object.assign([u, v], { trail });
  }

  /** The point whose image is (x, y), by Newton's method with the slopes at `from`. */
  solve(x, y, from) {
    const { model, size } = this;
    let [u, v] = from;
    let last = Infinity;
    let slopes = slopesAt(model, u, v);
    for (let k = 0; k < CHORDS; k += 1) {
      const f = model.at(u, v);
      const [a, b] = [u + f[0] - x, v + f[1] - y];
      const [p, q, r, s] = slopes;
      const determinant = p * s - q * r;
      // Beside a fold of the map two inverse images meet.
      if (!(Math.abs(determinant) > 1e-7 * (p * p + q * q + r * r + s * s))) return null;
      const [du, dv] = [(s * a - q * b) / determinant, (p * b - r * a) / determinant];
      const step = Math.hypot(du / size[0], dv / size[1]);
      if (!(step < 2 * last)) return null;
      u -= du;
      v -= dv;
      if (step < 1e-9) return [u, v];
      if (step > 0.2 * last) slopes = slopesAt(model, u, v);
      last = step;
    }
    return null;
  }
}

function slopesAt(model, u, v) {
  const m = model.jacobian(u, v);
  return [m[0] + 1, m[1], m[2], m[3] + 1];
}

/**
 * One half of a curve of a saddle, {us, vs, isStable, ends}.
 *
 * `which` chooses the eigenvalue and `side` the half; at most `most` points are computed. It `ends`
 * by "length", "rest" (it has come to a state of rest), "left", "steps" or "fold" (there is no
 * single inverse image any more).
 */
export function manifold(model, saddle, which, side, view, most) {
  const multiplier = saddle.eigenvalues[which][0];
  const size = [view[1] - view[0], view[3] - view[2]];
  const isStable = Math.abs(multiplier) < 1;
  const turns = multiplier < 0 ? 2 : 1;
  const growth = isStable ? 1 / Math.abs(multiplier) ** turns : Math.abs(multiplier) ** turns;
  const curve = new Curve(saddle, size, view);
  // A multiplier of zero: all of the direction falls on the saddle at once.
  if (!(growth < 1e8)) return curve.told(isStable, "fold");
  const images = isStable ? new Backwards(model, turns, size) : new Forwards(model, turns);
  const [x, y] = saddle.vectors[which];
  const near = (side * STRAIGHT) / growth / Math.hypot(x / size[0], y / size[1]);
  const first = [saddle.u + near * x, saddle.v + near * y];
  curve.add(...first);
  const begun = images.next(...first, [saddle.u + growth * near * x, saddle.v + growth * near * y]);
  if (begun === null) return curve.told(isStable, "fold");
  curve.add(...begun);
  return curve.told(isStable, grow(curve, images, begun, most));
}

/** Map what is known of a curve, from its second point on; says why it ends. */
function grow(curve, images, begun, most) {
  let at = curve.lengths[1];
  let last = begun;
  let step = SPACING;
  for (let count = 0; count < most; count += 1) {
    const rest = curve.length - at;
    if (rest < FINEST) return "rest";
    if (curve.length > LONGEST) return "length";
    step = Math.min(step, rest, SPACING);
    const place = curve.place(at + step);
    const image = place === null ? null : images.next(...place, last);
    if (image === null && step > FINEST && place !== null) {
      step /= 4;
      continue;
    }
    if (image === null) return "fold";
    if (!curve.isNear(...image)) return "left";
    const gap = curve.gap(image);
    if ((gap > SPACING || curve.bends(image)) && gap > FINEST && step > 1e-3 * FINEST) {
      step *= Math.max(0.1, Math.min(0.5, (0.8 * SPACING) / gap));
      continue;
    }
    curve.add(...image);
    at += step;
    last = image;
    step *= gap > 0 ? Math.min(2, (0.9 * SPACING) / gap) : 2;
  }
  return "steps";
}

/** Points in order, and how long the curve is up to each, in units of the view. */
class Curve {
  constructor(saddle, size, view) {
    Object.assign(this, { size, view, us: [saddle.u], vs: [saddle.v], lengths: [0], sought: 0 });
  }

  get length() {
    return this.lengths[this.lengths.length - 1];
  }

  add(u, v) {
    const length = this.length + this.gap([u, v]);
    this.us.push(u);
    this.vs.push(v);
    this.lengths.push(length);
  }

  /** How far a point is from the last. */
  gap([u, v]) {
    const k = this.us.length - 1;
    return Math.hypot((u - this.us[k]) / this.size[0], (v - this.vs[k]) / this.size[1]);
  }

  /** Whether the curve would turn sharply at its last point. */
  bends([u, v]) {
    const k = this.us.length - 1;
    const [a, b] = [(u - this.us[k]) / this.size[0], (v - this.vs[k]) / this.size[1]];
    const [c, d] = [(this.us[k] - this.us[k - 1]) / this.size[0], (this.vs[k] - this.vs[k - 1]) / this.size[1]];
    const gap = Math.hypot(a, b);
    return gap > 0.1 * SPACING && a * c + b * d < Math.cos(BEND) * gap * Math.hypot(c, d);
  }

  /** The point at a length of the curve, which only grows from call to call but for small steps. */
  place(length) {
    const { lengths, us, vs } = this;
    let k = this.sought;
    while (k > 0 && lengths[k] > length) k -= 1;
    while (k + 2 < lengths.length && lengths[k + 1] < length) k += 1;
    this.sought = k;
    const gap = lengths[k + 1] - lengths[k];
    const share = gap > 0 ? (length - lengths[k]) / gap : 1;
    return [us[k] + share * (us[k + 1] - us[k]), vs[k] + share * (vs[k + 1] - vs[k])];
  }

  /** Whether a point is in the view, or around it. */
  isNear(u, v) {
    const [left, right, bottom, top] = this.view;
    const [wide, high] = [AROUND * this.size[0], AROUND * this.size[1]];
    return u > left - wide && u < right + wide && v > bottom - high && v < top + high;
  }

  told(isStable, ends) {
    return { us: this.us, vs: this.vs, isStable, ends };
  }
}
