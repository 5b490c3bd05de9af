// The drawings of the page: the portrait, and the panels beside it.

import { ABOVE, drawDiagram, diagramFrame } from "./diagram.js";
import { drawEnergy, drawSeries, nearView, rangeOf, seriesView } from "./series.js";
import { drawLine, lineView } from "./line.js";
import { drawPlane } from "./portrait.js";
import { SvgPen } from "./pens.js";
import { boxOf, freshPen } from "./paper.js";
import { Frame } from "./frames.js";

/** The frame of the portrait on a drawing of this size. */
export function portraitFrame(model, scene, width, height) {
  const view = model.dimension > 1 ? scene.view : lineView(model, scene);
  return new Frame(boxOf(width, height), view);
}

/** Draw the portrait with a pen. */
export function drawPortrait(pen, frame, scene, shown) {
  if (shown.model.dimension > 1) drawPlane(pen, frame, scene, shown);
  else drawLine(pen, frame, scene, shown);
}

/** The portrait as SVG text. */
export function portraitSvg(scene, shown, width, height) {
  const pen = new SvgPen(width, height, shown.ink.paper);
  drawPortrait(pen, portraitFrame(shown.model, scene, width, height), scene, { ...shown, cursor: null });
  return pen.toText();
}

/** Draw the chosen run against time, and its energy where there is one. */
export function drawPanels({ series, energy }, run, model, view, ink) {
  series.closest("figure").hidden = run === undefined;
  energy.closest("figure").hidden = run === undefined || !run.energies;
  if (run === undefined) return;
  const one = freshPen(series, 210, ink.paper);
  drawSeries(one.pen, new Frame(boxOf(one.width, one.height), seriesView(run, model, view)), run, model, ink);
  if (!run.energies) return;
  const other = freshPen(energy, 190, ink.paper);
  const [low, high] = seriesView(run, model, view);
  const isNear = nearView(run, view, model.dimension);
  const frame = new Frame(boxOf(other.width, other.height), [low, high, ...rangeOf(run.energies.filter((_, k) => isNear[k]))]);
  drawEnergy(other.pen, frame, run, ink, model.isFlow);
}

/** Draw the bifurcation diagram; returns its frame, by which a click finds a value. */
export function drawDiagramOn(canvas, diagram, coordinate, name, value, ink) {
  const { pen, width, height } = freshPen(canvas, 260, ink.paper);
  const box = boxOf(width, height);
  const frame = diagramFrame(diagram, coordinate, [box[0], box[1] + ABOVE, box[2], box[3] - ABOVE]);
  drawDiagram(pen, frame, diagram, coordinate, name, value, ink);
  return frame;
}
