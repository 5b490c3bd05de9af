// The curves that run into and out of saddles.

import { follow } from "./runs.js";
import { manifold } from "./manifolds.js";

// Relative to the view: how far from the saddle a curve begins.
const NEAR = 1e-4;
const POINTS = 800;
// Of a map, whose step may be dear: points of a curve, and what one costs in steps of the map.
const FEWEST_IMAGES = 60;
const MOST_IMAGES = 1500;
const STEPS_PER_POINT = 4;

/** For each saddle its four curves: [{us, vs, isStable, ends}]; those of a map take `patience` ms. */
export function separatrices(model, points, view, duration, patience) {
  if (model.dimension === 1) return [];
  const curves = [];
  const saddles = points.filter((point) => point.kind === "saddle" && point.vectors !== null);
  const each = patience / (4 * saddles.length * STEPS_PER_POINT * model.cost);
  const most = Math.round(Math.max(FEWEST_IMAGES, Math.min(MOST_IMAGES, each)));
  for (const point of saddles) {
    for (const which of [0, 1]) {
      for (const side of [1, -1]) {
        const goals = points.filter((other) => other !== point);
        curves.push(model.isFlow
          ? ofFlow(model, point, which, side, view, duration, goals)
          : manifold(model, point, which, side, view, most));
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
  return { us: [point.u, ...made.us], vs: [point.v, ...made.vs], isStable, ends: made.ends };
}
