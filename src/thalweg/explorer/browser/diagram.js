// The bifurcation diagram: branches that Python computed, a line where the slider is.

import { Frame, drawAxes, short } from "./frames.js";
import { rangeOf } from "./series.js";

// Names of bifurcations above the drawing: rows of them, and pixels of a letter and of a row.
const ROWS = 2;
const [SIZE, LETTER, LINE] = [11, 6, 13];
/** Pixels above the drawing that they take. */
export const ABOVE = ROWS * LINE;

/** The frame of a diagram of one coordinate. */
export function diagramFrame(diagram, coordinate, box) {
  const heights = diagram.branches.flatMap((branch) => heightsOf(branch, coordinate));
  return new Frame(box, [...diagram.range, ...rangeOf(heights)]);
}

function heightsOf(branch, coordinate) {
  if (branch.extremes) return branch.extremes.flatMap((point) => point[coordinate]);
  return branch.states.map((state) => state[coordinate]);
}

/** Draw the branches, the bifurcations, and the slider's value. */
export function drawDiagram(pen, frame, diagram, coordinate, name, value, ink) {
  pen.clipped(frame.left, frame.top, frame.width, frame.height, () => {
    for (const branch of diagram.branches) {
      const stroke = branch.of === "cycles" ? ink.second : ink.first;
      for (const rows of curvesOf(branch, coordinate)) {
        for (const isStable of [true, false]) {
          const points = [];
          branch.values.forEach((p, k) => {
            const isShown = branch.stable[k] === isStable || branch.stable[k - 1] === isStable;
            points.push(isShown ? frame.x(p) : NaN, frame.y(rows[k]));
          });
          pen.line(points, { stroke, width: isStable ? 2.6 : 1.3, dash: isStable ? [] : [5, 3] });
        }
      }
    }
    pen.line([frame.x(value), frame.top, frame.x(value), frame.top + frame.height], { stroke: ink.ink, width: 1.4 });
  });
  drawAxes(pen, frame, [diagram.parameter, name], ink);
  const ends = new Array(ROWS).fill(-Infinity);
  for (const point of [...diagram.bifurcations].sort((a, b) => a.value - b.value)) {
    const [x, y] = [frame.x(point.value), frame.y(point.state[coordinate])];
    pen.circle(x, y, 4, { fill: ink.paper, stroke: ink.ink, width: 1.6 });
    const half = (point.kind.length * LETTER) / 2;
    // In the first row that is free, and never beyond the drawing: the names say more below.
    const at = Math.min(frame.left + frame.width - half, Math.max(half, x));
    const row = ends.findIndex((end) => at - half > end + LETTER);
    if (row < 0) continue;
    pen.text(at, frame.top - 5 - row * LINE, point.kind, { fill: ink.soft, size: SIZE, anchor: "middle" });
    ends[row] = at + half;
  }
}

/** Heights of a branch of equilibria; of cycles the least and the largest on each. */
function curvesOf(branch, coordinate) {
  if (!branch.extremes) return [branch.states.map((state) => state[coordinate])];
  return [0, 1].map((end) => branch.extremes.map((point) => point[coordinate][end]));
}

/** The bifurcations in words, for those who do not see the drawing. */
export function diagramWords(diagram) {
  const told = diagram.bifurcations.map((b) => `${b.kind} at ${short(b.value, 6)}`);
  return told.length > 0 ? told.join(", ") : "no bifurcations in this range";
}
