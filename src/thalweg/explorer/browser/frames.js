// Axes: where a value stands on the drawing, ticks, and their labels.

import { roundStep } from "./grids.js";

/** A rectangle of a drawing with a range of values on each side. */
export class Frame {
  constructor(box, view) {
    [this.left, this.top, this.width, this.height] = box;
    [this.low, this.high, this.bottom, this.above] = view;
  }

  x(u) {
    return this.left + ((u - this.low) / (this.high - this.low)) * this.width;
  }

  y(v) {
    return this.top + ((this.above - v) / (this.above - this.bottom)) * this.height;
  }

  /** The values at a place of the drawing. */
  values(x, y) {
    return [
      this.low + ((x - this.left) / this.width) * (this.high - this.low),
      this.above - ((y - this.top) / this.height) * (this.above - this.bottom),
    ];
  }

  contains(x, y) {
    return x >= this.left && x <= this.left + this.width && y >= this.top && y <= this.top + this.height;
  }

  /** Whether a point lies in the range of the axes, walls included. */
  holds(u, v) {
    const slack = 1e-9;
    const [wide, high] = [slack * (this.high - this.low), slack * (this.above - this.bottom)];
    return u >= this.low - wide && u <= this.high + wide && v >= this.bottom - high && v <= this.above + high;
  }

  /** Curves of values as places on the drawing. */
  places(us, vs) {
    const made = new Float64Array(2 * us.length);
    for (let k = 0; k < us.length; k += 1) {
      made[2 * k] = this.x(us[k]);
      made[2 * k + 1] = this.y(vs[k]);
    }
    return made;
  }

  /** Pairs of values as places. */
  pairs(values) {
    const made = new Float64Array(values.length);
    for (let k = 0; k + 1 < values.length; k += 2) {
      made[k] = this.x(values[k]);
      made[k + 1] = this.y(values[k + 1]);
    }
    return made;
  }
}

/** Round numbers between two bounds, about `count` of them. */
export function ticks(low, high, count) {
  if (!(high > low)) return [];
  const step = roundStep((high - low) / Math.max(count, 1));
  const found = [];
  for (let m = Math.ceil(low / step - 1e-9); m * step <= high + 1e-9 * step; m += 1) found.push(m * step);
  return found.map((x) => (Math.abs(x) < 1e-9 * step ? 0 : x));
}

/** A number in few characters. */
export function short(x, digits = 4) {
  if (!Number.isFinite(x)) return String(x);
  const text = Number(x.toPrecision(digits)).toString();
  const isLong = text.length > digits + 5;
  return (isLong ? x.toExponential(2).replace("e+", "e") : text).replaceAll("-", "−");
}

/** A tick in as many digits as tell it from the next. */
function tickText(x, step) {
  const size = Math.max(Math.abs(x), step);
  const digits = Math.min(15, Math.max(1, Math.ceil(Math.log10(size / step) + 1e-9) + 1));
  return short(Number(x.toPrecision(digits)), Math.max(4, digits));
}

/** The frame's edge, ticks and names. */
export function drawAxes(pen, frame, names, ink) {
  const { left, top, width, height } = frame;
  const edge = [left, top, left + width, top, left + width, top + height, left, top + height];
  pen.polygon(edge, { stroke: ink.line, width: 1 });
  const across = ticks(frame.low, frame.high, width / 70);
  for (const u of across) {
    pen.line([frame.x(u), top + height, frame.x(u), top + height + 4], { stroke: ink.soft, width: 1 });
    pen.text(frame.x(u), top + height + 16, tickText(u, across[1] - across[0] || 1), { fill: ink.soft, size: 11, anchor: "middle" });
  }
  const up = ticks(frame.bottom, frame.above, height / 45);
  for (const v of up) {
    pen.line([left - 4, frame.y(v), left, frame.y(v)], { stroke: ink.soft, width: 1 });
    pen.text(left - 6, frame.y(v) + 4, tickText(v, up[1] - up[0] || 1), { fill: ink.soft, size: 11, anchor: "end" });
  }
  pen.text(left + width / 2, top + height + 32, names[0], { fill: ink.ink, size: 13, anchor: "middle" });
  // Turned on its side an I would be a dash: a letter or two stand upright.
  const turn = names[1].length > 2 ? -Math.PI / 2 : 0;
  pen.text(12, top + height / 2 + (turn === 0 ? 4 : 0), names[1], { fill: ink.ink, size: 13, anchor: "middle", turn });
}
