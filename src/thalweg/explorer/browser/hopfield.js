// The page of Hopfield retrieval: draw or corrupt a pattern, watch it settle, its energy falling.

import { Shell } from "./shell.js";
import { energyOf, fieldsOf, hebb, overlaps, pseudoInverse, randomNumbers, settle, storkey } from "./hopfield_model.js";
import { rangeOf } from "./series.js";
import { short } from "./frames.js";

const MOST_SWEEPS = 60;
const WATCHED = 1600; // milliseconds that settling is shown in
const RULES = { hebb, storkey, projection: pseudoInverse };
// Relative to the energy’s size: what counts as a rise.
const RISE = 1e-12;

/** Begin the page. */
export function start(system) {
  return new Shell(system, (shell) => new Retrieval(system, shell));
}

class Retrieval {
  constructor(system, shell) {
    Object.assign(this, { system, shell, at: 0, cursor: null, learned: {} });
    this.size = system.columns * system.rows;
    this.panels = [
      {
        name: "state", height: 430, axes: null, isTouched: true, label: "The state of the network, to be drawn on",
        caption: "The state: a spin is a square, filled where it is +1. Draw on it; arrows move a frame, Space turns a spin.",
        view: () => [0, system.columns, 0, system.rows],
        paint: (pen, frame, scene, ink) => this.paintState(pen, frame, scene, ink),
        listen: (canvas) => this.listen(canvas),
      },
      {
        name: "energy", height: 230, axes: ["turns of a spin, or steps of all", "energy E"],
        label: "The energy against the number of spins turned",
        caption: "The energy, spin by spin: thick as far as it is shown, red where it rises.",
        view: (scene) => [0, Math.max(1, scene.energies.length - 1), ...rangeOf([...scene.energies, ...scene.levels])],
        paint: (pen, frame, scene, ink) => this.paintEnergy(pen, frame, scene, ink),
      },
      {
        name: "overlaps", height: 205, axes: null, label: "The stored patterns and how much the state is like each",
        caption: "The stored patterns, and the overlap of the state with each: 1 is the pattern itself, −1 its opposite, 0 nothing in common.",
        view: () => [0, 1, 0, 1],
        paint: (pen, frame, scene, ink) => this.paintOverlaps(pen, frame, scene, ink),
      },
    ];
    this.buttons = [
      { name: "settle", label: "Settle", title: "Turn spins until none is against its field", act: () => this.watch() },
      { name: "step", label: "Step", title: "The next turn of a spin", act: () => this.show1(this.at + 1) },
      { name: "back", label: "To the start", title: "The state that was drawn", act: () => this.show1(0) },
      { name: "corrupt", label: "Corrupt", title: "Turn a share of the spins at random", act: () => this.corrupt() },
    ];
  }

  /** Whether a text of an address is a state: its bits as hexadecimal digits. */
  accepts(text) {
    return new RegExp(`^[0-9a-f]{${Math.ceil(this.size / 4)}}$`).test(text);
  }

  compute(numbers, choices, extra) {
    this.stop();
    const patterns = this.system.patterns.slice(0, numbers.patterns);
    const weights = this.weights(patterns, choices.rule);
    const cue = this.system.patterns[this.system.names.indexOf(choices.cue)];
    const begin = extra === "" ? corrupted(cue, numbers.noise, numbers.seed) : stateOf(extra, this.size);
    const made = settle(weights, begin, choices.update, randomNumbers(numbers.seed), MOST_SWEEPS);
    this.at = 0;
    const levels = patterns.map((p) => energyOf(weights, p));
    return { ...made, weights, patterns, numbers, choices, levels };
  }

  weights(patterns, rule) {
    const key = `${rule} ${patterns.length}`;
    this.learned[key] ??= RULES[rule](patterns);
    return this.learned[key];
  }

  /** The state that is shown. */
  get state() {
    return this.shell.scene.states[this.at];
  }

  show1(at) {
    this.stop();
    this.at = Math.max(0, Math.min(this.shell.scene.states.length - 1, at));
    this.shell.redraw();
  }

  /** Show one state after the other, or the last at once where the reader wants no motion. */
  watch() {
    this.stop();
    const last = this.shell.scene.states.length - 1;
    if (this.at === last) this.at = 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.show1(last);
      return;
    }
    const [from, begin] = [this.at, performance.now()];
    const turn = () => {
      const share = Math.min(1, (performance.now() - begin) / WATCHED);
      this.at = Math.round(from + share * (last - from));
      this.shell.redraw();
      this.motion = share < 1 ? requestAnimationFrame(turn) : undefined;
      if (share === 1) this.shell.say(this.outcome(this.shell.scene));
    };
    turn();
  }

  stop() {
    if (this.motion !== undefined) cancelAnimationFrame(this.motion);
    this.motion = undefined;
  }

  corrupt() {
    const { noise, seed } = this.shell.numbers;
    const index = this.system.sliders.findIndex((s) => s.name === "seed");
    this.shell.values[index] = seed + 1;
    this.shell.setExtra(textOf(corrupted(this.state, noise, seed + 1)));
  }

  /** Turn one spin of the shown state, which becomes the start. */
  turn(index, value, isDone) {
    const state = Array.from(this.state);
    state[index] = value;
    this.shell.setExtra(textOf(state), isDone);
  }

  listen(canvas) {
    let value = null;
    const cell = (event) => {
      const box = canvas.getBoundingClientRect();
      const { left, top, side } = this.grid(this.panels[0].frame);
      const column = Math.floor((event.clientX - box.left - left) / side);
      const row = Math.floor((event.clientY - box.top - top) / side);
      const isIn = column >= 0 && row >= 0 && column < this.system.columns && row < this.system.rows;
      return isIn ? row * this.system.columns + column : -1;
    };
    canvas.addEventListener("pointerdown", (event) => {
      const index = cell(event);
      if (index < 0) return;
      canvas.setPointerCapture(event.pointerId);
      value = -this.state[index];
      this.turn(index, value, false);
      event.preventDefault();
      canvas.focus();
    });
    canvas.addEventListener("pointermove", (event) => {
      const index = value === null || this.shell.isOld ? -1 : cell(event);
      if (index >= 0 && this.state[index] !== value) this.turn(index, value, false);
    });
    const release = () => {
      if (value !== null) this.shell.changed(true);
      value = null;
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("keydown", (event) => this.onKey(event));
  }

  onKey(event) {
    const { columns, rows } = this.system;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const at = this.cursor ?? 0;
    if (event.key in ways) {
      const [x, y] = ways[event.key];
      const column = Math.min(columns - 1, Math.max(0, (at % columns) + x));
      const row = Math.min(rows - 1, Math.max(0, Math.floor(at / columns) + y));
      this.cursor = row * columns + column;
      this.shell.say(`Row ${row + 1}, column ${column + 1}: ${this.state[this.cursor] > 0 ? "+1" : "−1"}.`);
    } else if (event.key === " " && this.cursor !== null) {
      this.turn(this.cursor, -this.state[this.cursor], true);
    } else if (event.key === "Enter") {
      this.watch();
    } else if (event.key === "Escape") {
      this.cursor = null;
    } else {
      return;
    }
    event.preventDefault();
    this.shell.redraw();
  }

  readings(scene) {
    const { energies } = scene;
    const last = energies.length - 1;
    return [
      ["Energy:", `${short(energies[0])} at the start, ${short(energies[this.at])} shown, ${short(energies[last])} at the end, after ${last} ${scene.choices.update === "synchronous" ? "steps" : "turns"}.`],
      ["It ends:", this.outcome(scene)],
    ];
  }

  outcome({ states, ends, patterns }) {
    if (ends === "cycle") return "in a 2-cycle: all spins turn at once, back and forth.";
    if (ends === "sweeps") return `not within ${MOST_SWEEPS} sweeps.`;
    const found = overlaps(patterns, states[states.length - 1]);
    const best = found.reduce((k, m, i) => (Math.abs(m) > Math.abs(found[k]) ? i : k), 0);
    const name = this.system.names[best];
    if (found[best] === 1) return `at rest at ${name}, exactly.`;
    if (found[best] === -1) return `at rest at the opposite of ${name}: the energy cannot tell the two apart.`;
    return `at rest, but at no pattern: the nearest is ${name}, with overlap ${short(found[best], 3)}.`;
  }

  notes({ weights, patterns, energies, choices }) {
    const notes = [];
    const stable = patterns.map((p) => {
      const fields = fieldsOf(weights, p);
      return p.every((x, i) => x * fields[i] >= 0);
    });
    const lost = this.system.names.filter((_, k) => stable[k] === false);
    if (lost.length > 0) notes.push(`Stored, but not at rest: ${lost.join(", ")}. The patterns are too alike for this rule.`);
    const bound = RISE * Math.max(...energies.map(Math.abs));
    if (energies.some((e, k) => k > 0 && e - energies[k - 1] > bound)) {
      notes.push("The energy rises: turning all spins at once need not descend it.");
    }
    if (!this.system.names.slice(0, patterns.length).includes(choices.cue)) notes.push(`${choices.cue} is not stored.`);
    return notes;
  }

  table({ states, energies, patterns }) {
    const names = ["turn", "energy", ...patterns.map((_, k) => `overlap_${this.system.names[k]}`)];
    return { names, rows: states.map((state, k) => [k, energies[k], ...overlaps(patterns, state)]) };
  }

  grid(frame) {
    const { columns, rows } = this.system;
    const side = Math.min(frame.width / columns, frame.height / rows);
    return { side, left: frame.left + (frame.width - side * columns) / 2, top: frame.top };
  }

  paintState(pen, frame, scene, ink) {
    const { left, top, side } = this.grid(frame);
    paintSpins(pen, this.system, scene.states[this.at], left, top, side, ink);
    if (this.cursor === null) return;
    const [x, y] = [left + side * (this.cursor % this.system.columns), top + side * Math.floor(this.cursor / this.system.columns)];
    pen.polygon([x, y, x + side, y, x + side, y + side, x, y + side], { stroke: ink.second, width: 3 });
  }

  paintEnergy(pen, frame, { energies, levels }, ink) {
    for (const level of levels) {
      pen.line(frame.places([0, energies.length], [level, level]), { stroke: ink.stable, width: 1, dash: [4, 4] });
    }
    const turns = energies.map((_, k) => k);
    pen.line(frame.places(turns, energies), { stroke: ink.contour, width: 1.2, alpha: 0.6 });
    const shown = turns.slice(0, this.at + 1);
    pen.line(frame.places(shown, energies.slice(0, this.at + 1)), { stroke: ink.contour, width: 3 });
    for (const k of shown.slice(1).filter((n) => energies[n] - energies[n - 1] > RISE * Math.abs(energies[n]))) {
      pen.line(frame.places([k - 1, k], [energies[k - 1], energies[k]]), { stroke: ink.rising, width: 3 });
    }
    pen.circle(frame.x(this.at), frame.y(energies[this.at]), 4, { fill: ink.ink });
  }

  paintOverlaps(pen, frame, { patterns, states }, ink) {
    const { columns, rows, names } = this.system;
    const width = frame.width / patterns.length;
    const side = Math.min((0.8 * width) / columns, 60 / rows);
    const [middle, reach] = [frame.top + 140, 36];
    overlaps(patterns, states[this.at]).forEach((m, k) => {
      const x = frame.left + width * (k + 0.5);
      paintSpins(pen, this.system, patterns[k], x - (side * columns) / 2, frame.top + 4, side, ink);
      const [low, high] = [x - 0.2 * width, x + 0.2 * width];
      const y = middle - reach * m;
      pen.polygon([low, middle, high, middle, high, y, low, y], { fill: m >= 0 ? ink.first : ink.second });
      pen.text(x, m >= 0 ? y - 4 : y + 13, short(m, 2), { fill: ink.ink, size: 11, anchor: "middle" });
      pen.text(x, frame.top + 84, names[k], { fill: ink.soft, size: 12, anchor: "middle", bold: true });
    });
    pen.line([frame.left, middle, frame.left + frame.width, middle], { stroke: ink.line, width: 1 });
  }
}

function paintSpins(pen, { columns }, state, left, top, side, ink) {
  const gap = side > 8 ? 1 : 0;
  state.forEach((x, i) => {
    const [a, b] = [left + side * (i % columns), top + side * Math.floor(i / columns)];
    const [c, d] = [a + side - gap, b + side - gap];
    pen.polygon([a, b, c, b, c, d, a, d], { fill: x > 0 ? ink.ink : ink.line, alpha: x > 0 ? 1 : 0.45 });
  });
}

/** A state with a share of its spins turned. */
function corrupted(state, share, seed) {
  const random = randomNumbers(1000003 * seed + 1);
  const keys = Array.from(state, (_, i) => [random(), i]).sort(([a], [b]) => a - b);
  const turned = new Set(keys.slice(0, Math.round(share * state.length)).map(([, i]) => i));
  return Array.from(state, (x, i) => (turned.has(i) ? -x : x));
}

/** The bits of a state as hexadecimal digits, and back. */
function textOf(state) {
  let text = "";
  for (let i = 0; i < state.length; i += 4) {
    text += [0, 1, 2, 3].reduce((sum, k) => 2 * sum + (state[i + k] > 0 ? 1 : 0), 0).toString(16);
  }
  return text;
}

function stateOf(text, size) {
  return Array.from({ length: size }, (_, i) => ((parseInt(text[i >> 2], 16) >> (3 - (i & 3))) & 1 ? 1 : -1));
}
