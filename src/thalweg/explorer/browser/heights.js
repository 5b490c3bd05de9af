// An energy on a grid of the region, between whose nodes cubics go.

/** Height and slope of an energy that Python sampled. */
export class SampledEnergy {
  constructor(system) {
    const { rows, columns, data } = system.energyGrid;
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    this.values = new Float32Array(bytes.buffer);
    Object.assign(this, { rows, columns, system, weights: new Float64Array(16) });
    const [low, high] = [system.lower, system.upper];
    this.step = [(high[0] - low[0]) / (columns - 1), rows > 1 ? (high[1] - low[1]) / (rows - 1) : 1];
  }

  /** [E, ∂E/∂u, ∂E/∂v]; NaN outside of the grid. */
  at(u, v) {
    const { system, step, rows, columns } = this;
    const x = (u - system.lower[0]) / step[0];
    const y = rows > 1 ? (v - system.lower[1]) / step[1] : 0;
    if (!(x >= 0 && y >= 0 && x <= columns - 1 && y <= rows - 1)) return [NaN, NaN, NaN];
    const i = Math.min(Math.floor(x), columns - 2);
    const j = rows > 1 ? Math.min(Math.floor(y), rows - 2) : 0;
    const along = cubic(x - i);
    const up = rows > 1 ? cubic(y - j) : [[0, 0], [1, 0], [0, 0], [0, 0]];
    let [height, right, above] = [0, 0, 0];
    for (let b = 0; b < 4; b += 1) {
      if (rows === 1 && b !== 1) continue;
      for (let a = 0; a < 4; a += 1) {
        const value = this.node(i + a - 1, j + b - 1);
        height += value * along[a][0] * up[b][0];
        right += value * along[a][1] * up[b][0];
        above += value * along[a][0] * up[b][1];
      }
    }
    return [height, right / step[0], rows > 1 ? above / step[1] : 0];
  }

  /** By how much the slope changes over a cell at a point: as far it is uncertain. */
  bend(u, v) {
    const { system, step } = this;
    const i = Math.round((u - system.lower[0]) / step[0]);
    const j = this.rows > 1 ? Math.round((v - system.lower[1]) / step[1]) : 0;
    const middle = 2 * this.node(i, j);
    const across = Math.abs(this.node(i + 1, j) - middle + this.node(i - 1, j)) / step[0];
    if (this.rows === 1) return across;
    return across + Math.abs(this.node(i, j + 1) - middle + this.node(i, j - 1)) / step[1];
  }

  /** The value at a node; beyond the edge the line through the last two goes on. */
  node(i, j) {
    if (i < 0) return 2 * this.node(0, j) - this.node(1, j);
    if (i >= this.columns) return 2 * this.node(this.columns - 1, j) - this.node(this.columns - 2, j);
    if (j < 0) return 2 * this.node(i, 0) - this.node(i, 1);
    if (j >= this.rows) return 2 * this.node(i, this.rows - 1) - this.node(i, this.rows - 2);
    return this.values[j * this.columns + i];
  }
}

/** Weights of four nodes, and their slopes, at `s` between the middle two (Catmull and Rom). */
function cubic(s) {
  const [s2, s3] = [s * s, s * s * s];
  return [
    [(-s3 + 2 * s2 - s) / 2, (-3 * s2 + 4 * s - 1) / 2],
    [(3 * s3 - 5 * s2 + 2) / 2, (9 * s2 - 10 * s) / 2],
    [(-3 * s3 + 4 * s2 + s) / 2, (-9 * s2 + 8 * s + 1) / 2],
    [(s3 - s2) / 2, (3 * s2 - 2 * s) / 2],
  ];
}
