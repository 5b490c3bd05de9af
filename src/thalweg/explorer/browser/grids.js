// A field or an energy on a grid of the view, and the curves on which it has a given value.

/** The displacement on a grid, `columns` × `rows` nodes over `view` = [left, right, bottom, top]. */
export function sampleField(model, view, columns, rows) {
  const first = new Float64Array(columns * rows);
  const second = new Float64Array(columns * rows);
  let missing = 0;
  for (let j = 0; j < rows; j += 1) {
    const v = view[2] + ((view[3] - view[2]) * j) / (rows - 1);
    for (let i = 0; i < columns; i += 1) {
      const u = view[0] + ((view[1] - view[0]) * i) / (columns - 1);
      const k = j * columns + i;
      if (!model.contains(u, v)) {
        first[k] = second[k] = NaN;
        continue;
      }
      const f = model.at(u, v);
      first[k] = f[0];
      second[k] = f[1];
      if (!Number.isFinite(f[0]) || !Number.isFinite(f[1])) missing += 1;
    }
  }
  return { view, columns, rows, first, second, missing: missing / (columns * rows) };
}

/** The energy on a grid. */
export function sampleEnergy(model, view, columns, rows) {
  const values = new Float64Array(columns * rows);
  for (let j = 0; j < rows; j += 1) {
    const v = view[2] + ((view[3] - view[2]) * j) / (rows - 1);
    for (let i = 0; i < columns; i += 1) {
      const u = view[0] + ((view[1] - view[0]) * i) / (columns - 1);
      values[j * columns + i] = model.contains(u, v) ? model.energy(u, v) : NaN;
    }
  }
  return { view, columns, rows, values };
}

/** Segments [u, v, u, v, …] on which values on a grid are `level`: marching squares. */
export function contour(grid, values, level) {
  const { view, columns, rows } = grid;
  const width = (view[1] - view[0]) / (columns - 1);
  const height = (view[3] - view[2]) / (rows - 1);
  const found = [];
  const crossing = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let j = 0; j + 1 < rows; j += 1) {
    for (let i = 0; i + 1 < columns; i += 1) {
      const k = j * columns + i;
      const a = values[k] - level;
      const b = values[k + 1] - level;
      const c = values[k + columns + 1] - level;
      const d = values[k + columns] - level;
      const signs = (a > 0) + (b > 0) + (c > 0) + (d > 0);
      if (signs === 0 || signs === 4 || !Number.isFinite(a + b + c + d)) continue;
      let count = 0;
      const put = (x, y) => {
        crossing[count] = view[0] + width * x;
        crossing[count + 1] = view[2] + height * y;
        count += 2;
      };
      if (a > 0 !== b > 0) put(i + a / (a - b), j);
      if (b > 0 !== c > 0) put(i + 1, j + b / (b - c));
      if (c > 0 !== d > 0) put(i + d / (d - c), j + 1);
      if (d > 0 !== a > 0) put(i, j + a / (a - d));
      if (count === 8 && a > 0 === a + b + c + d > 0) {
        // Of the two ways through a saddle the one that keeps the middle with its own corners.
        found.push(crossing[0], crossing[1], crossing[2], crossing[3]);
        found.push(crossing[4], crossing[5], crossing[6], crossing[7]);
      } else if (count === 8) {
        found.push(crossing[0], crossing[1], crossing[6], crossing[7]);
        found.push(crossing[2], crossing[3], crossing[4], crossing[5]);
      } else {
        found.push(crossing[0], crossing[1], crossing[2], crossing[3]);
      }
    }
  }
  return Float64Array.from(found);
}

/** Segments joined to curves, each [u, v, u, v, …]: fewer and shorter words in a drawing. */
export function joined(segments) {
  const ends = new Map();
  const name = (k) => `${segments[k].toPrecision(9)},${segments[k + 1].toPrecision(9)}`;
  const add = (key, k) => ends.set(key, [...(ends.get(key) ?? []), k]);
  for (let k = 0; k < segments.length; k += 2) add(name(k), k);
  const used = new Uint8Array(segments.length / 4);
  const follow = (k) => {
    const curve = [];
    let at = k;
    for (;;) {
      const other = at ^ 2;
      curve.push(segments[other], segments[other + 1]);
      const next = (ends.get(name(other)) ?? []).find((m) => !used[m >> 2]);
      if (next === undefined) return curve;
      used[next >> 2] = 1;
      at = next;
    }
  };
  const curves = [];
  for (let s = 0; s < used.length; s += 1) {
    if (used[s]) continue;
    used[s] = 1;
    const forth = follow(4 * s);
    const back = follow(4 * s + 2);
    const points = [];
    for (let m = back.length - 2; m >= 0; m -= 2) points.push(back[m], back[m + 1]);
    curves.push(points.concat(forth));
  }
  return curves;
}

/** Levels for contours, round numbers, which spend themselves on the valleys. */
export function energyLevels(values, count = 14) {
  const finite = Array.from(values).filter(Number.isFinite).sort((a, b) => a - b);
  if (finite.length === 0) return [];
  const low = finite[0];
  const middle = finite[finite.length >> 1];
  const high = finite[finite.length - 1];
  const cap = middle > low ? Math.min(high, middle + 2 * (middle - low)) : high;
  if (!(cap > low)) return [];
  const step = roundStep((cap - low) / count);
  const levels = [];
  for (let m = Math.ceil(low / step); m * step <= cap; m += 1) levels.push(m * step);
  return levels;
}

/** The least of 1, 2, 5 times a power of ten that is no smaller. */
export function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  const lead = [1, 2, 5, 10].find((m) => m * power >= step * (1 - 1e-9));
  return lead * power;
}
