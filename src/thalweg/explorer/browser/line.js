// Systems of one coordinate: the field against the state, and the cobweb of a map.

import { drawAxes } from "./frames.js";
import { drawMark } from "./portrait.js";

/** The range of the vertical axis: of a map that of the state, of a flow what the field takes. */
export function lineView(model, scene) {
  const [low, high] = scene.view;
  if (!model.isFlow) return [low, high, low, high];
  const finite = Array.from(scene.field.first).filter(Number.isFinite);
  const least = Math.min(0, ...finite);
  const most = Math.max(0, ...finite);
  const room = 0.08 * (most - least) || 1;
  return [low, high, least - room, most + room];
}

/** Draw a scene of a line in a frame. */
export function drawLine(pen, frame, scene, { model, state, ink, basins, cursor }) {
  const { first, columns, view } = scene.field;
  const us = Array.from({ length: columns }, (_, i) => view[0] + ((view[1] - view[0]) * i) / (columns - 1));
  const vs = us.map((u, i) => (model.isFlow ? first[i] : u + first[i]));
  const names = model.system.axes;
  pen.clipped(frame.left, frame.top, frame.width, frame.height, () => {
    if (basins !== null) {
      const [left, right] = [frame.x(basins.view[0]), frame.x(basins.view[1])];
      pen.picture(basins.canvas, left, frame.top + frame.height - 10, right - left, 10, 0.8);
    }
    const rest = model.isFlow ? [view[0], 0, view[1], 0] : [view[0], view[0], view[1], view[1]];
    pen.line(frame.pairs(rest), { stroke: ink.soft, width: 1 });
    pen.line(frame.places(us, vs), { stroke: ink.first, width: 2.2 });
    if (model.isFlow && !state.hidden.has("arrows")) drawDirections(pen, frame, us, vs, ink);
    if (!model.isFlow) scene.runs.forEach((run) => pen.line(cobweb(frame, run), { stroke: ink.runs, width: 1.1 }));
  });
  drawAxes(pen, frame, [names[0], model.isFlow ? `d${names[0]}/dt` : `${names[0]}⁺`], ink);
  pen.clipped(frame.left - 8, frame.top - 8, frame.width + 16, frame.height + 16, () => {
    for (const run of model.isFlow ? scene.runs : []) {
      const last = run.us[run.us.length - 1];
      pen.line(frame.pairs([run.us[0], 0, last, 0]), { stroke: ink.runs, width: 3.5, alpha: 0.7 });
      pen.circle(frame.x(run.us[0]), frame.y(0), 3.2, { fill: ink.paper, stroke: ink.runs });
    }
    if (!state.hidden.has("equilibria")) {
      for (const point of scene.equilibria) {
        drawMark(pen, frame.x(point.u), frame.y(model.isFlow ? 0 : point.u), point, ink);
      }
    }
    if (cursor !== null) {
      const x = frame.x(cursor[0]);
      pen.line([x, frame.top, x, frame.top + frame.height], { stroke: ink.ink, width: 1, dash: [3, 3] });
    }
  });
}

/** Arrows on the line of rest, to where the state goes. */
function drawDirections(pen, frame, us, vs, ink) {
  const count = 24;
  const y = frame.y(0);
  for (let k = 0; k < count; k += 1) {
    const i = Math.floor(((k + 0.5) / count) * us.length);
    if (!Number.isFinite(vs[i]) || vs[i] === 0) continue;
    const [x, way] = [frame.x(us[i]), Math.sign(vs[i])];
    pen.line([x - 5 * way, y - 4, x, y, x - 5 * way, y + 4], { stroke: ink.soft, width: 1.6 });
  }
}

/** From the diagonal to the curve and back. */
function cobweb(frame, run) {
  const points = [];
  for (let k = 0; k + 1 < run.us.length; k += 1) {
    points.push(frame.x(run.us[k]), frame.y(run.us[k]), frame.x(run.us[k]), frame.y(run.us[k + 1]));
  }
  return points;
}
