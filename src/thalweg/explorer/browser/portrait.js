// The plane: arrows, nullclines, contours, separatrices, runs, equilibria.

import { drawAxes } from "./frames.js";
import { UNDECIDED, ESCAPES } from "./basins.js";

const ARROWS = 21;

/** Draw a scene of a plane in a frame. */
export function drawPlane(pen, frame, scene, { model, state, ink, basins, cursor, selected }) {
  const { left, top, width, height } = frame;
  pen.clipped(left, top, width, height, () => {
    if (basins !== null) drawBasins(pen, frame, basins);
    for (const level of scene.contours ?? []) {
      pen.segments(frame.pairs(level), { stroke: ink.contour, width: 0.9, alpha: 0.75 });
    }
    if (!state.hidden.has("arrows")) drawArrows(pen, frame, scene, model, ink);
    scene.nullclines.forEach((curves, k) => {
      const stroke = k === 0 ? ink.first : ink.second;
      for (const curve of curves) pen.line(frame.pairs(curve), { stroke, width: 2, dash: k === 0 ? [] : [7, 3] });
    });
    for (const curve of scene.separatrices) {
      const stroke = curve.isStable ? ink.stable : ink.unstable;
      pen.line(unbroken(model, frame, curve), { stroke, width: 1.6, dash: [2, 2.5] });
    }
    for (const cycle of scene.cycles) {
      const dash = cycle.isStable ? [] : [8, 4];
      pen.line(unbroken(model, frame, cycle), { stroke: ink.cycle, width: 3.2, dash });
    }
    scene.runs.forEach((run, k) => drawRun(pen, frame, run, model, ink, k === selected));
  });
  drawAxes(pen, frame, model.system.axes, ink);
  pen.clipped(left - 8, top - 8, width + 16, height + 16, () => {
    if (!state.hidden.has("equilibria")) drawEquilibria(pen, frame, scene, model, ink);
    if (cursor !== null) {
      const [x, y] = [frame.x(cursor[0]), frame.y(cursor[1])];
      pen.segments([x - 9, y, x + 9, y, x, y - 9, x, y + 9], { stroke: ink.ink, width: 1.2 });
    }
  });
}

/** Arrows of one length: where they point is the question, not how fast. */
function drawArrows(pen, frame, scene, model, ink) {
  const points = [];
  const cell = Math.min(frame.width, frame.height) / ARROWS;
  const columns = Math.round(frame.width / cell);
  const rows = Math.round(frame.height / cell);
  for (let j = 0; j < rows; j += 1) {
    for (let i = 0; i < columns; i += 1) {
      const x = frame.left + ((i + 0.5) / columns) * frame.width;
      const y = frame.top + ((j + 0.5) / rows) * frame.height;
      const [u, v] = frame.values(x, y);
      if (!model.contains(u, v)) continue;
      const f = model.at(u, v);
      const dx = (f[0] * frame.width) / (frame.high - frame.low);
      const dy = (-f[1] * frame.height) / (frame.above - frame.bottom);
      const size = Math.hypot(dx, dy);
      if (!(size > 0) || !Number.isFinite(size)) continue;
      const [a, b] = [(0.36 * cell * dx) / size, (0.36 * cell * dy) / size];
      const [tipX, tipY] = [x + a, y + b];
      points.push(x - a, y - b, tipX, tipY);
      points.push(tipX, tipY, tipX - 0.5 * a - 0.32 * b, tipY - 0.5 * b + 0.32 * a);
      points.push(tipX, tipY, tipX - 0.5 * a + 0.32 * b, tipY - 0.5 * b - 0.32 * a);
    }
  }
  pen.segments(points, { stroke: ink.arrows, width: 1.1 });
}

/** A curve as places, with angles wrapped and broken where they jump across. */
export function unbroken(model, frame, { us, vs }) {
  const points = [];
  let last = null;
  us.forEach((u, k) => {
    const here = model.wrap(u, vs[k], [frame.low, frame.bottom]);
    const jumps = last !== null && [0, 1].some((axis) => {
      const period = model.system.period[axis] ?? null;
      return period !== null && Math.abs(here[axis] - last[axis]) > period / 2;
    });
    if (jumps) points.push(NaN, NaN);
    points.push(frame.x(here[0]), frame.y(here[1]));
    last = here;
  });
  return points;
}

function drawRun(pen, frame, run, model, ink, isSelected) {
  const points = unbroken(model, frame, run);
  if (model.isFlow) {
    const dash = run.sign > 0 ? [] : [6, 4];
    pen.line(points, { stroke: ink.runs, width: isSelected ? 2.2 : 1.5, dash });
    if (run.rises?.some(Boolean)) {
      const red = { us: [], vs: [] };
      run.rises.forEach((rises, k) => {
        if (!rises) return;
        red.us.push(run.us[k - 1], run.us[k], NaN);
        red.vs.push(run.vs[k - 1], run.vs[k], NaN);
      });
      pen.line(unbroken(model, frame, red), { stroke: ink.rising, width: 3 });
    }
  } else {
    const radius = run.us.length > 400 ? 1.2 : 2;
    for (let k = 0; k + 1 < points.length; k += 2) {
      if (!Number.isFinite(points[k])) continue;
      pen.circle(points[k], points[k + 1], radius, { fill: run.rises?.[k / 2] ? ink.rising : ink.runs });
    }
  }
  pen.circle(points[0], points[1], 3.2, { fill: ink.paper, stroke: ink.runs });
}

function drawEquilibria(pen, frame, scene, model, ink) {
  const isSmall = scene.isContinuum;
  for (const point of scene.equilibria) {
    for (const u of copies(point.u, model.system.period[0])) {
      for (const v of copies(point.v, model.system.period[1])) {
        if (!frame.holds(u, v)) continue;
        drawMark(pen, frame.x(u), frame.y(v), point, ink, isSmall ? 2.5 : 6);
      }
    }
  }
}

/** An angle and its copies a turn away: a wall of the view may show one of them. */
function copies(x, period) {
  return period === null ? [x] : [x - period, x, x + period];
}

/** Kinds differ by shape as well as by colour; what only the grid has seen is hollow. */
export function drawMark(pen, x, y, point, ink, size = 6) {
  const fills = { sink: ink.sink, source: ink.source, saddle: ink.saddle, center: ink.center };
  const colour = fills[point.kind] ?? ink.other;
  const isHollow = !point.isConfirmed;
  const stroke = isHollow && point.kind !== "source" ? colour : ink.edge;
  const style = { fill: isHollow ? ink.paper : colour, stroke, width: isHollow ? 2.6 : 1.4 };
  pen.circle(x, y, size + 2.5, { fill: ink.paper });
  if (point.kind === "saddle") {
    const r = 1.15 * size;
    pen.polygon([x - r, y, x, y - r, x + r, y, x, y + r], style);
  } else if (point.kind === "non-hyperbolic") {
    const r = 0.85 * size;
    pen.polygon([x - r, y - r, x + r, y - r, x + r, y + r, x - r, y + r], style);
  } else {
    pen.circle(x, y, size, style);
    const isDotted = point.kind === "center" || (isHollow && point.kind === "source");
    if (isDotted) pen.circle(x, y, 1.6, { fill: ink.edge });
  }
}

/** Shades of the basins, one for each attractor. */
export function drawBasins(pen, frame, basins) {
  const { view, canvas } = basins;
  const [x, y] = [frame.x(view[0]), frame.y(view[3])];
  pen.picture(canvas, x, y, frame.x(view[1]) - x, frame.y(view[2]) - y, 0.42);
}

/** A picture of labels as a small canvas, one pixel a start. */
export function paintBasins(picture, ink) {
  const canvas = document.createElement("canvas");
  canvas.width = picture.count;
  canvas.height = picture.rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(picture.count, picture.rows);
  picture.labels.forEach((label, k) => {
    if (label === UNDECIDED) return;
    const colour = label === ESCAPES ? ink.away : ink.areas[label % ink.areas.length];
    const row = picture.rows - 1 - Math.floor(k / picture.count);
    const at = 4 * (row * picture.count + (k % picture.count));
    for (let c = 0; c < 3; c += 1) image.data[at + c] = parseInt(colour.slice(1 + 2 * c, 3 + 2 * c), 16);
    image.data[at + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas;
}
