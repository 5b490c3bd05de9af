// Deep linear networks of two layers: the closed form of a mode, and gradient descent on matrices.

/** Layer strengths (a_0, b_0) whose product is u and with b² − a² = λ. */
export function layerStrengths(product, balance) {
  const both = Math.hypot(balance, 2 * product);
  const larger = Math.sqrt((both + Math.abs(balance)) / 2);
  const smaller = larger > 0 ? product / larger : 0;
  return balance >= 0 ? [smaller, larger] : [larger, smaller];
}

/**
 * Strengths (a, b) of a mode at a time: τ da/dt = (s − ab) b, τ db/dt = (s − ab) a, τ = 1.
 *
 * (a, b) = e^{Ft} q / √(1 + qᵀ ∫ e^{2Ft} q) with F = [[κ/2, s], [s, −κ/2]], κ = a² − b², so that
 * κ = 0 and s = 0 need no cases of their own.
 */
export function strengthsAt(s, [a, b], t) {
  const half = ((a - b) * (a + b)) / 2;
  const rate = Math.hypot(half, s);
  const [up, down] = direction(half, s, rate);
  const [grows, decays] = [a * up + b * down, b * up - a * down];
  const decayed = Math.exp(-2 * rate * t);
  const span = rate > 0 ? -Math.expm1(-2 * rate * t) / (2 * rate) : t;
  const size = Math.sqrt(decayed * (1 + decays ** 2 * span) + grows ** 2 * span);
  const [first, second] = size > 0 ? [grows / size, (decayed * decays) / size] : [0, 0];
  return [first * up - second * down, first * down + second * up];
}

/** The unit eigenvector of [[half, s], [s, −half]] for its eigenvalue `rate`. */
function direction(half, s, rate) {
  if (rate === 0) return [1, 0];
  const [up, down] = half >= 0 ? [rate + half, s] : [s, rate - half];
  const length = Math.hypot(up, down);
  return [up / length, down / length];
}

/** A matrix of rows. */
function multiply(left, right) {
  return left.map((row) => right[0].map((_, j) => row.reduce((sum, x, k) => sum + x * right[k][j], 0)));
}

function transposed(matrix) {
  return matrix[0].map((_, j) => matrix.map((row) => row[j]));
}

function scaled(matrix, factors) {
  return matrix.map((row) => row.map((x, k) => x * factors[k]));
}

/** A task Σyx = U S Vᵀ, and gradient descent of a network W²W¹ on it. */
export class Task {
  constructor({ left, right, rotation, noise }, strengths) {
    Object.assign(this, { left, right, rotation, noise, strengths });
    this.map = multiply(scaled(left, strengths), transposed(right));
  }

  /** W¹ = R diag(a) Vᵀ and W² = U diag(b) Rᵀ, and some of what is not aligned. */
  startOf(pairs, disorder) {
    const first = multiply(scaled(this.rotation, pairs.map(([a]) => a)), transposed(this.right));
    const second = multiply(scaled(this.left, pairs.map(([, b]) => b)), transposed(this.rotation));
    const add = (matrix, noise) => matrix.map((row, i) => row.map((x, j) => x + disorder * noise[i][j]));
    return [add(first, this.noise[0]), add(second, this.noise[1])];
  }

  /**
   * Gradient descent with a step η: strengths, both layers' parts and the error after each step.
   *
   * It ends early where the weights leave the finite.
   */
  descend([first, second], rate, steps) {
    const rows = [];
    for (let t = 0; t <= steps; t += 1) {
      const product = multiply(second, first);
      const rest = this.map.map((row, i) => row.map((x, j) => x - product[i][j]));
      const error = rest.flat().reduce((sum, x) => sum + x * x, 0) / 2;
      if (!(error < 1e12)) break;
      rows.push({ strengths: this.parts(product), layers: this.layers(first, second), error });
      const [down, up] = [multiply(transposed(second), rest), multiply(rest, transposed(first))];
      const moved = (matrix, way) => matrix.map((row, i) => row.map((x, j) => x + rate * way[i][j]));
      [first, second] = [moved(first, down), moved(second, up)];
    }
    return rows;
  }

  /** The strength of each mode in a map: the diagonal of Uᵀ M V. */
  parts(map) {
    const inside = multiply(multiply(transposed(this.left), map), this.right);
    return this.strengths.map((_, k) => inside[k][k]);
  }

  /** (a, b) of each mode: its parts of W¹ and W² in the rotated hidden layer. */
  layers(first, second) {
    const below = multiply(multiply(transposed(this.rotation), first), this.right);
    const above = multiply(multiply(transposed(this.left), second), this.rotation);
    return this.strengths.map((_, k) => [below[k][k], above[k][k]]);
  }
}
