// Canvases as paper: the pen of one, and the box that axes leave on it.

import { CanvasPen } from "./pens.js";

const MARGIN = { left: 68, right: 12, top: 12, bottom: 40 };

/** The rectangle inside of the axes' names and ticks. */
export function boxOf(width, height) {
  const inside = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  return [MARGIN.left, MARGIN.top, ...inside];
}

/** The pen of a canvas, cleared, at the resolution of the screen. */
export function freshPen(canvas, height, paper) {
  const width = Math.max(200, Math.round(canvas.clientWidth));
  const scale = Math.min(3, globalThis.devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = paper;
  context.fillRect(0, 0, width, height);
  return { pen: new CanvasPen(context), width, height };
}
