// Normalization reweighting: n neurons whose normalization weights W adapt to a grating.
//
//   r = max(c f(θ) + b, 0)²    R = r / (σ² + W r / n)    W⁺ = W + α (R Rᵀ − C) + β (W − C)

const DEGREES = 180;

/** The tuning of von Mises form of n neurons to one orientation, in degrees. */
export function tuning(count, concentration, orientation) {
  return Float64Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * (orientation - (DEGREES * i) / count)) / DEGREES;
    return Math.exp(concentration * (Math.cos(angle) - 1));
  });
}

export class Network {
  constructor({ neurons, concentration }, { alpha, beta, sigma, baseline }, target) {
    Object.assign(this, { neurons, concentration, alpha, beta, sigma, baseline });
    this.target = this.targetOf(target);
  }

  drive(contrast, orientation) {
    return tuning(this.neurons, this.concentration, orientation)
      .map((f) => Math.max(contrast * f + this.baseline, 0) ** 2);
  }

  /** Row by row, the identity. */
  initialWeights() {
    const weights = new Float64Array(this.neurons ** 2);
    for (let i = 0; i < this.neurons; i += 1) weights[i * this.neurons + i] = 1;
    return weights;
  }

  /** u = W r / n. */
  pool(weights, drive) {
    const n = this.neurons;
    const pool = new Float64Array(n);
    for (let i = 0; i < n; i += 1) {
      let sum = 0;
      for (let j = 0; j < n; j += 1) sum += weights[i * n + j] * drive[j];
      pool[i] = sum / n;
    }
    return pool;
  }

  /** R, 0 of what is not driven; NaN where the denominator of what is driven is not positive. */
  outputs(drive, pool) {
    return drive.map((r, i) => {
      const below = this.sigma ** 2 + pool[i];
      if (r === 0) return 0;
      return below > 0 ? r / below : NaN;
    });
  }

  /** C: the products of the first outputs, of one grating or in the mean over `target`. */
  targetOf(target) {
    const n = this.neurons;
    const made = new Float64Array(n * n);
    const start = this.initialWeights();
    for (const { contrast, orientation } of target) {
      const drive = this.drive(contrast, orientation);
      const output = this.outputs(drive, this.pool(start, drive));
      for (let i = 0; i < n; i += 1) {
        for (let j = 0; j < n; j += 1) made[i * n + j] += (output[i] * output[j]) / target.length;
      }
    }
    return made;
  }

  /**
   * Show one grating for some steps: outputs and pools before each, and W after them.
   *
   * `crossing` is the first step whose outputs do not exist, with the neuron; W is then that step's.
   */
  adapt(contrast, orientation, steps) {
    const n = this.neurons;
    const drive = this.drive(contrast, orientation);
    let weights = this.initialWeights();
    const [outputs, pools] = [[], []];
    for (let t = 0; t <= steps; t += 1) {
      const pool = this.pool(weights, drive);
      const output = this.outputs(drive, pool);
      if (output.some(Number.isNaN)) {
        const neuron = lowest(pool, output);
        return { drive, weights, outputs, pools, crossing: { step: t, neuron } };
      }
      outputs.push(output);
      pools.push(pool);
      if (t === steps) break;
      const { alpha, beta, target } = this;
      const next = new Float64Array(n * n);
      for (let i = 0; i < n; i += 1) {
        for (let j = 0; j < n; j += 1) {
          const k = i * n + j;
          next[k] = (1 + beta) * weights[k] + alpha * output[i] * output[j] - (alpha + beta) * target[k];
        }
      }
      weights = next;
    }
    return { drive, weights, outputs, pools, crossing: null };
  }

  /** The energy of a held input in its pools u: the flow descends it, the map for small steps. */
  energy(drive, pool) {
    const { neurons: n, alpha, beta, sigma } = this;
    const expected = this.pool(this.target, drive);
    let [total, sum] = [0, 0];
    for (let i = 0; i < n; i += 1) {
      const [r, u, c] = [drive[i], pool[i], expected[i]];
      if (r === 0) {
        sum += (alpha + beta) * c * u - (beta * u * u) / 2;
        continue;
      }
      const log = Math.log(sigma ** 2 + u);
      total += (r * r) / (sigma ** 2 + u);
      sum += alpha * c * r * log - beta * r * (u - (sigma ** 2 + c) * log);
    }
    return (alpha / (2 * n)) * total ** 2 + sum;
  }

  /** Outputs of all neurons to gratings of one contrast, a row an orientation. */
  curves(weights, contrast, orientations) {
    return orientations.map((orientation) => {
      const drive = this.drive(contrast, orientation);
      return this.outputs(drive, this.pool(weights, drive));
    });
  }
}

/** The neuron whose denominator lies lowest, of those that are driven. */
function lowest(pool, output) {
  return output.reduce((best, r, i) => (r !== 0 && !(pool[i] >= pool[best]) ? i : best), output.findIndex((r) => r !== 0));
}
