// The page of deep linear modes: closed forms over gradient descent while s, λ and a₀ move.

import { Shell } from "./shell.js";
import { Task, layerStrengths, strengthsAt } from "./modes_model.js";
import { short } from "./frames.js";

const MOST_STEPS = 4000;
const THEORY_POINTS = 240;
const DOTS = 60; // of a simulation: more would hide the theory

/** Begin the page. */
export function start(system) {
  return new Shell(system, () => new Modes(system));
}

class Modes {
  constructor(system) {
    this.system = system;
    this.panels = [
      {
        name: "strengths", height: 430, axes: ["time, steps × η", "strength of a mode"],
        label: "Strength of each mode against time: closed form and gradient descent",
        caption: "Strength u = ab of each mode: lines are the closed form, dots gradient descent on the matrices; dashed lines are where each ends.",
        view: (scene) => [0, scene.duration, Math.min(0, ...scene.modes.flatMap((m) => m.us)), 1.08 * scene.top],
        paint: paintStrengths,
      },
      {
        name: "layers", height: 330, axes: ["a, strength in the first layer", "b, in the second"],
        label: "Strengths in both layers, with the hyperbolas on which a mode rests",
        caption: "Both layers’ strengths: each mode goes along its own b² − a² = λ to its hyperbola ab = s (dashed).",
        view: (scene) => [Math.min(0, scene.lowest), scene.reach, Math.min(0, scene.lowest), scene.reach],
        paint: paintLayers,
      },
      {
        name: "error", height: 210, axes: ["time, steps × η", "error"],
        label: "The error against time: closed form and gradient descent",
        caption: "The error ½|Σ − W²W¹|²: the line is the closed form, dots gradient descent. Each mode takes it one step down.",
        view: (scene) => [0, scene.duration, 0, 1.06 * scene.errors[0]],
        paint: paintError,
      },
    ];
  }

  compute(numbers) {
    const { s1, s2, s3, balance, start: strength, rate, duration, disorder } = numbers;
    const strengths = [s1, s2, s3];
    const pair = layerStrengths(strength ** 2, balance);
    const task = new Task(this.system, strengths);
    const steps = Math.min(MOST_STEPS, Math.max(1, Math.round(duration / rate)));
    const rows = task.descend(task.startOf(strengths.map(() => pair), disorder), rate, steps);
    const times = Array.from({ length: THEORY_POINTS + 1 }, (_, k) => (duration * k) / THEORY_POINTS);
    const modes = strengths.map((s) => {
      const path = times.map((t) => strengthsAt(s, pair, t));
      return { s, path, us: path.map(([a, b]) => a * b) };
    });
    const errors = times.map((_, k) => modes.reduce((sum, m) => sum + (m.s - m.us[k]) ** 2 / 2, 0));
    const apart = rows.map((row, n) => Math.max(...strengths.map((s, k) => {
      const [a, b] = strengthsAt(s, pair, n * rate);
      return Math.abs(a * b - row.strengths[k]);
    })));
    const spots = modes.flatMap((m) => m.path.flat());
    return {
      numbers, modes, times, errors, rows, steps, duration, apart: Math.max(...apart),
      limit: 2 / Math.hypot(balance, 2 * Math.max(...strengths)),
      top: Math.max(1e-6, ...strengths, ...modes.flatMap((m) => m.us)),
      reach: 1.1 * Math.max(1e-6, ...spots), lowest: 1.1 * Math.min(...spots),
    };
  }

  readings({ modes, times, apart, numbers }) {
    const halves = modes.map((mode) => {
      const k = mode.us.findIndex((u) => u >= mode.s / 2);
      return k < 0 ? "not yet" : short(times[k], 3);
    });
    return [
      ["Half learned at t =", `${halves.join(", ")}: the stronger the mode, the sooner.`],
      ["Largest distance of gradient descent from the closed form:", `${short(apart)}${numbers.disorder > 0 ? ", of a start that is not aligned" : ""}.`],
    ];
  }

  notes({ rows, steps, numbers, limit, duration }) {
    const notes = [];
    if (rows.length <= steps) notes.push("Gradient descent leaves the finite: the step η is too large.");
    if (numbers.rate > limit) {
      notes.push(`η is larger than ${short(limit)} = 2/√(λ² + 4s²): gradient descent cannot rest where the strongest mode is learned.`);
    }
    if (steps < Math.round(duration / numbers.rate)) notes.push(`Gradient descent is followed for ${steps} steps only.`);
    if (numbers.disorder > 0) notes.push("The start is not aligned with the modes, and the closed form is of one that is.");
    if (numbers.start === 0) notes.push("a₀ = 0 is a saddle: nothing moves.");
    return notes;
  }

  table({ rows, numbers, modes }) {
    const names = ["time", ...modes.map((_, k) => `theory${k + 1}`), ...modes.map((_, k) => `simulated${k + 1}`), "error"];
    const pair = layerStrengths(numbers.start ** 2, numbers.balance);
    return {
      names,
      rows: rows.map((row, n) => {
        const theory = modes.map(({ s }) => strengthsAt(s, pair, n * numbers.rate)).map(([a, b]) => a * b);
        return [n * numbers.rate, ...theory, ...row.strengths, row.error];
      }),
    };
  }
}

function colours(ink) {
  return [ink.first, ink.second, ink.stable];
}

/** Every so many rows, so that dots do not hide what they lie on. */
function* dotted(rows) {
  const every = Math.max(1, Math.round(rows.length / DOTS));
  for (let n = 0; n < rows.length; n += every) yield [n, rows[n]];
}

function paintStrengths(pen, frame, { modes, times, rows, numbers, duration }, ink) {
  modes.forEach(({ s, us }, k) => {
    const stroke = colours(ink)[k];
    pen.line(frame.places([0, duration], [s, s]), { stroke, width: 1, dash: [4, 4] });
    pen.line(frame.places(times, us), { stroke, width: 2.2 });
    for (const [n, row] of dotted(rows)) {
      pen.circle(frame.x(n * numbers.rate), frame.y(row.strengths[k]), 2.6, { stroke, fill: ink.paper, width: 1.3 });
    }
    pen.text(frame.left + frame.width - 6, frame.y(s) - 5, `s${"₁₂₃"[k]}`, { fill: stroke, size: 12, anchor: "end", bold: true });
  });
}

function paintLayers(pen, frame, { modes, rows, reach }, ink) {
  modes.forEach(({ s, path }, k) => {
    const stroke = colours(ink)[k];
    const along = Array.from({ length: 120 }, (_, n) => (reach * (n + 1)) / 120);
    pen.line(frame.places(along, along.map((a) => s / a)), { stroke, width: 1, dash: [4, 4] });
    pen.line(frame.places(path.map(([a]) => a), path.map(([, b]) => b)), { stroke, width: 2.2 });
    for (const [, row] of dotted(rows)) {
      const [a, b] = row.layers[k];
      pen.circle(frame.x(a), frame.y(b), 2.4, { stroke, fill: ink.paper, width: 1.2 });
    }
  });
}

function paintError(pen, frame, { times, errors, rows, numbers }, ink) {
  pen.line(frame.places(times, errors), { stroke: ink.contour, width: 2 });
  for (const [n, row] of dotted(rows)) {
    pen.circle(frame.x(n * numbers.rate), frame.y(row.error), 2.4, { stroke: ink.contour, fill: ink.paper, width: 1.2 });
  }
}
