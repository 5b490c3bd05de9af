// What the special pages share: sliders, choices, the address, undo, panels, files to keep.
//
// A page is a subject: `panels` that are painted from a scene, `compute(values, choices, extra)`
// that makes the scene, `readings(scene)`, `notes(scene)` and `table(scene)`.

import { History } from "./state.js";
import { Frame, drawAxes } from "./frames.js";
import { SvgPen } from "./pens.js";
import { boxOf, freshPen } from "./paper.js";
import { buildControls, element } from "./controls.js";
import { download, fileName } from "./downloads.js";
import { listenForUndo, oncePerFrame } from "./redrawing.js";
import { onTheme, paperTheme, theme } from "./theme.js";

const ADDRESS_PAUSE = 250; // milliseconds
const SVG_WIDTH = 640;
const EDGE = 8; // pixels round a panel without axes

export class Shell {
  constructor(system, makeSubject) {
    this.system = system;
    this.ink = theme();
    this.redraw = oncePerFrame(() => this.paint());
    Object.assign(this, { scene: null, isOld: true, timings: [] });
    this.reset();
    this.subject = makeSubject(this);
    this.complaints = this.read(location.hash);
    this.history = new History(this.toText());
    this.controls = buildControls(get("sliders"), system, (k, value, isDone) => this.move(k, value, isDone));
    this.selects = system.choices.map((choice) => this.buildChoice(choice));
    this.panels = this.subject.panels.map((panel, k) => this.buildPanel(panel, k));
    this.listen();
    this.recompute();
  }

  reset() {
    this.values = this.system.sliders.map((slider) => slider.value);
    this.choices = Object.fromEntries(this.system.choices.map((c) => [c.name, c.value]));
    this.extra = "";
  }

  /** The numbers of the sliders by their names. */
  get numbers() {
    return Object.fromEntries(this.system.sliders.map((slider, k) => [slider.name, this.values[k]]));
  }

  move(index, value, isDone) {
    const { least = -Infinity, most = Infinity, step } = this.system.sliders[index];
    const whole = step === 1 ? Math.round(value) : value;
    this.values[index] = Math.min(most, Math.max(least, whole));
    this.changed(isDone);
  }

  choose(name, value) {
    this.choices[name] = value;
    this.changed(true);
  }

  setExtra(text, isDone = true) {
    this.extra = text;
    this.changed(isDone);
  }

  /** The state as the text of an address; what is as it was is left out. */
  toText() {
    const parts = this.system.sliders.flatMap((s, k) => (this.values[k] === s.value ? [] : [`p.${s.name}=${this.values[k]}`]));
    for (const choice of this.system.choices) {
      const value = this.choices[choice.name];
      if (value !== choice.value) parts.push(`c.${choice.name}=${value}`);
    }
    if (this.extra !== "") parts.push(`x=${this.extra}`);
    return parts.join("&");
  }

  /** Take the state of an address; returns sentences about what in it could not be used. */
  read(text) {
    this.reset();
    const complaints = [];
    for (const part of text.replace(/^#/, "").split("&").filter((p) => p !== "")) {
      const at = part.indexOf("=");
      const [key, value] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
      if (!this.take(key, value)) complaints.push(`The address has “${part}”, which was ignored.`);
    }
    return complaints;
  }

  take(key, value) {
    const index = this.system.sliders.findIndex((slider) => `p.${slider.name}` === key);
    const choice = this.system.choices.find((one) => `c.${one.name}` === key);
    if (index >= 0) {
      const { least = -Infinity, most = Infinity, step } = this.system.sliders[index];
      const number = Number(value);
      const isGood = value !== "" && number >= least && number <= most && Number.isFinite(number)
        && (step !== 1 || Number.isInteger(number));
      if (isGood) this.values[index] = number;
      return isGood;
    }
    if (choice !== undefined && choice.options.some(([name]) => name === value)) {
      this.choices[choice.name] = value;
      return true;
    }
    const isExtra = key === "x" && this.subject.accepts?.(value) === true;
    if (isExtra) this.extra = value;
    return isExtra;
  }

  changed(isDone) {
    this.say("");
    if (isDone) {
      this.history.note(this.toText());
      this.complaints = [];
      clearTimeout(this.addressTimer);
      this.addressTimer = setTimeout(() => this.writeAddress(), ADDRESS_PAUSE);
    }
    this.recompute();
  }

  restore(text) {
    this.complaints = this.read(text);
    this.writeAddress();
    this.recompute();
  }

  writeAddress() {
    const text = this.toText();
    // A page inside another's frame has no address of its own.
    if (location.protocol === "about:" || location.hash.slice(1) === text) return;
    globalThis.history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
  }

  recompute() {
    this.isOld = true;
    this.redraw();
  }

  paint() {
    const begin = performance.now();
    let { milliseconds } = this.scene ?? {};
    if (this.isOld) {
      this.scene = this.subject.compute(this.numbers, this.choices, this.extra);
      milliseconds = performance.now() - begin;
      this.scene.milliseconds = milliseconds;
      this.isOld = false;
    }
    this.panels.forEach(({ panel, canvas }, k) => {
      const tall = k === 0 ? stageHeight(panel.height) : panel.height;
      const { pen, width } = freshPen(canvas, tall, this.ink.paper);
      panel.frame = this.drawPanel(panel, pen, width, tall, this.ink);
    });
    this.controls.show(this.values);
    for (const { choice, select } of this.selects) select.value = this.choices[choice.name];
    list(get("readings"), this.subject.readings(this.scene));
    list(get("notes"), [...this.complaints, ...this.subject.notes(this.scene)]);
    get("undo").disabled = !this.history.canUndo;
    get("redo").disabled = !this.history.canRedo;
    this.subject.show?.(this.scene);
    this.timings.push({ compute: milliseconds, all: performance.now() - begin });
    if (this.timings.length > 500) this.timings.shift();
  }

  drawPanel(panel, pen, width, height, ink) {
    const box = panel.axes === null ? [EDGE, EDGE, width - 2 * EDGE, height - 2 * EDGE] : boxOf(width, height);
    const frame = new Frame(box, panel.view(this.scene));
    pen.clipped(frame.left, frame.top, frame.width, frame.height, () => panel.paint(pen, frame, this.scene, ink));
    if (panel.axes !== null) drawAxes(pen, frame, panel.axes, ink);
    return frame;
  }

  say(words) {
    get("status").textContent = words;
  }

  buildChoice(choice) {
    const select = element("select", { id: `choice-${choice.name}` });
    for (const [value, words] of choice.options) select.append(element("option", { value, textContent: words }));
    select.addEventListener("change", () => this.choose(choice.name, select.value));
    const row = element("div", { className: "row wide" });
    row.append(element("label", { htmlFor: select.id, textContent: choice.label }), select);
    get("choices").append(row);
    return { choice, select };
  }

  buildPanel(panel, index) {
    const figure = element("figure");
    const canvas = element("canvas", { id: `panel-${panel.name}` });
    canvas.setAttribute("aria-label", panel.label);
    canvas.setAttribute("role", panel.isTouched ? "application" : "img");
    if (panel.isTouched) canvas.tabIndex = 0;
    figure.append(canvas, element("figcaption", { textContent: panel.caption }));
    get(index === 0 ? "stage" : "panels").append(figure);
    panel.listen?.(canvas, this);
    return { panel, canvas };
  }

  listen() {
    listenForUndo(this);
    for (const { name, label, title, act } of this.subject.buttons ?? []) {
      const button = element("button", { type: "button", id: name, textContent: label, title });
      button.addEventListener("click", act);
      get("tools").append(button);
    }
    const base = fileName(this.system.name);
    get("save-csv").addEventListener("click", () => download(`${base}.csv`, [csv(this.subject.table(this.scene))], "text/csv"));
    get("save-svg").addEventListener("click", () => download(`${base}.svg`, [this.svg()], "image/svg+xml"));
    get("address-note").hidden = location.protocol === "about:";
    onTheme(() => {
      this.ink = theme();
      this.redraw();
    });
    for (const { canvas } of this.panels) new ResizeObserver(() => this.redraw()).observe(canvas);
    addEventListener("hashchange", () => {
      if (location.hash.slice(1) === this.toText()) return;
      this.complaints = this.read(location.hash);
      this.history.note(this.toText());
      this.recompute();
    });
  }

  /** The first panel as SVG text, on white paper. */
  svg() {
    const { panel } = this.panels[0];
    const pen = new SvgPen(SVG_WIDTH, panel.height, paperTheme().paper);
    this.drawPanel(panel, pen, SVG_WIDTH, panel.height, paperTheme());
    return pen.toText();
  }
}

/** Where the first panel stays in sight above the sliders it leaves them room. */
function stageHeight(height) {
  const isAbove = matchMedia("(max-width: 40rem)").matches;
  return isAbove ? Math.round(Math.min(height, Math.max(220, 0.5 * innerHeight))) : height;
}

function get(name) {
  return document.getElementById(name);
}

/** Rows of a list; a row that is a pair begins with strong words. */
function list(root, rows) {
  const words = JSON.stringify(rows);
  if (root.dataset.shown === words) return;
  root.dataset.shown = words;
  root.replaceChildren(...rows.map((row) => {
    const item = element("li");
    if (Array.isArray(row)) item.append(element("strong", { textContent: row[0] }), ` ${row[1]}`);
    else item.textContent = row;
    return item;
  }));
}

function csv({ names, rows }) {
  return `${names.join(",")}\n${rows.map((row) => row.join(",")).join("\n")}\n`;
}

