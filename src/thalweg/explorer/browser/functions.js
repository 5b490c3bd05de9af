// Functions that the printed formulas call and JavaScript's Math lacks.

/** Round to the nearest whole number, halves to the even one. */
export function roundEven(x) {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** Round to the nearest whole number, halves away from zero. */
export function roundAway(x) {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

/** 1 / (1 + exp(−x)). */
export function logistic(x) {
  return 1 / (1 + Math.exp(-x));
}

/** The error function: a series of positive terms near zero, else one less its complement. */
export function erf(x) {
  const size = Math.abs(x);
  if (!(size < 2.5)) return Number.isNaN(x) ? NaN : Math.sign(x) * (1 - tail(size));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** One less the error function, exact in the tail. */
export function erfc(x) {
  return x < 2.5 ? 1 - erf(x) : tail(x);
}

/** erfc of x ≥ 2.5 by its continued fraction, from the far end. */
function tail(x) {
  let below = x;
  for (let n = 60; n > 0; n -= 1) below = x + n / 2 / below;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / below;
}
