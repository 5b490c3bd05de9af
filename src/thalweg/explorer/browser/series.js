// A run against time: its coordinates, and its energy, red where that rises.

import { drawAxes } from "./frames.js";

/** Which points of a run are near the view; what is far away would hide all else. */
export function nearView(run, view, dimension) {
  const near = (x, low, high) => x >= low - 0.3 * (high - low) && x <= high + 0.3 * (high - low);
  const found = run.us.map((u, k) => near(u, view[0], view[1])
    && (dimension === 1 || near(run.vs[k], view[2], view[3])));
  return found.some(Boolean) ? found : run.us.map(() => true);
}

/** The range of values, with some room. */
export function rangeOf(values) {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [-1, 1];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const room = 0.06 * (high - low) || 0.05 * Math.abs(high) || 1;
  return [low - room, high + room];
}

/** Times of the rule: a run backwards goes to the left. */
function timesOf(run) {
  return run.times.map((t) => run.begin + run.sign * t);
}

/** Coordinates of a run against time. */
export function drawSeries(pen, frame, run, model, ink) {
  const times = timesOf(run);
  const curves = model.dimension > 1 ? [run.us, run.vs] : [run.us];
  pen.clipped(frame.left, frame.top, frame.width, frame.height, () => {
    curves.forEach((values, axis) => {
      const stroke = axis === 0 ? ink.first : ink.second;
      const dash = axis === 0 ? [] : [7, 3];
      const wrapped = values.map((x) => model.wrapped(x, axis));
      const period = model.system.period[axis];
      const broken = { t: [], x: [] };
      wrapped.forEach((x, k) => {
        if (k > 0 && period !== null && Math.abs(x - wrapped[k - 1]) > period / 2) {
          broken.t.push(NaN);
          broken.x.push(NaN);
        }
        broken.t.push(times[k]);
        broken.x.push(x);
      });
      if (model.isFlow) pen.line(frame.places(broken.t, broken.x), { stroke, width: 1.8, dash });
      else dots(pen, frame, times, wrapped, stroke);
    });
  });
  const names = model.system.axes.join(" and ");
  drawAxes(pen, frame, [model.isFlow ? "time" : "step", names], ink);
}

function dots(pen, frame, times, values, stroke) {
  const shown = times.length > 120 ? times.length - 120 : 0;
  pen.line(frame.places(times.slice(shown), values.slice(shown)), { stroke, width: 0.7, alpha: 0.6 });
  for (let k = shown; k < times.length; k += 1) {
    pen.circle(frame.x(times[k]), frame.y(values[k]), 2, { fill: stroke });
  }
}

/** The window of a series: all its times (of an orbit the last 120 steps) and values. */
export function seriesView(run, model, view) {
  const times = timesOf(run);
  const begin = !model.isFlow && times.length > 120 ? times.length - 120 : 0;
  const ends = [times[begin], times[times.length - 1]];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const isNear = nearView(run, view, model.dimension);
  const shown = (values, axis) => values.map((x) => model.wrapped(x, axis)).filter((_, k) => isNear[k]);
  const values = model.dimension > 1 ? [...shown(run.us, 0), ...shown(run.vs, 1)] : shown(run.us, 0);
  return [low, high > low ? high : low + 1, ...rangeOf(values)];
}

/** The energy along a run; rises are red and thick. */
export function drawEnergy(pen, frame, run, ink, isFlow) {
  const times = timesOf(run);
  pen.clipped(frame.left, frame.top, frame.width, frame.height, () => {
    pen.line(frame.places(times, run.energies), { stroke: ink.contour, width: 2 });
    const red = [];
    run.rises.forEach((rises, k) => {
      if (!rises) return;
      red.push(frame.x(times[k - 1]), frame.y(run.energies[k - 1]), frame.x(times[k]), frame.y(run.energies[k]));
    });
    pen.segments(red, { stroke: ink.rising, width: 3.2 });
  });
  drawAxes(pen, frame, [isFlow ? "time" : "step", "energy"], ink);
}
