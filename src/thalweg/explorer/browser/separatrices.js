// The curves that run into and out of saddles.

import { follow } from "./runs.js";

// Relative to the view: how far from the saddle a curve begins.
const NEAR = 1e-4;
const POINTS = 800;

/** For each saddle four curves of a flow, or the two unstable ones of a map: [{us, vs, isStable}]. */
export function separatrices(model, points, view, duration) {
  if (model.dimension === 1) return [];
  const curves = [];
  for (const point of points) {
    if (point.kind !== "saddle" || point.vectors === null) continue;
    for (const which of [0, 1]) {
      for (const side of [1, -1]) {
        const goals = points.filter((other) => other !== point);
        const made = model.isFlow
          ? ofFlow(model, point, which, side, view, duration, goals)
          : ofMap(model, point, which, side, view);
        if (made !== null) curves.push(made);
      }
    }
  }
  return curves;
}

function begin(point, which, side, view) {
  const [x, y] = point.vectors[which];
  const length = Math.hypot(x / (view[1] - view[0]), y / (view[3] - view[2]));
  return [(side * NEAR * x) / length, (side * NEAR * y) / length];
}

function ofFlow(model, point, which, side, view, duration, goals) {
  const [du, dv] = begin(point, which, side, view);
  const isStable = point.eigenvalues[which][0] < 0;
  // To leave the saddle takes log(1/NEAR) of its own time.
  const leave = Math.log(1 / NEAR) / Math.abs(point.eigenvalues[which][0]);
  const made = follow(model, point.u + du, point.v + dv, {
    duration: duration + leave, sign: isStable ? -1 : 1, view, most: POINTS, goals,
  });
  return { us: [point.u, ...made.us], vs: [point.v, ...made.vs], isStable };
}

/** Images of a short piece of the unstable direction; the stable curve would need an inverse. */
function ofMap(model, point, which, side, view) {
  const multiplier = point.eigenvalues[which][0];
  if (Math.abs(multiplier) < 1) return null;
  const turns = multiplier < 0 ? 2 : 1;
  const growth = Math.abs(multiplier) ** turns;
  const [du, dv] = begin(point, which, side, view);
  const pieces = 60;
  let us = [];
  let vs = [];
  for (let k = 0; k <= pieces; k += 1) {
    const reach = growth ** (k / pieces);
    us.push(point.u + reach * du);
    vs.push(point.v + reach * dv);
  }
  const [curveU, curveV] = [[point.u, ...us], [point.v, ...vs]];
  const images = Math.min(40, Math.ceil(Math.log(3e4) / Math.log(growth)) + 6);
  for (let n = 0; n < images && curveU.length < 3000; n += 1) {
    for (let k = 0; k < us.length; k += 1) {
      for (let m = 0; m < turns; m += 1) {
        const f = model.at(us[k], vs[k]);
        us[k] += f[0];
        vs[k] += f[1];
      }
    }
    curveU.push(...us);
    curveV.push(...vs);
  }
  return { us: curveU, vs: curveV, isStable: false };
}
