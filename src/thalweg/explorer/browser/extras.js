// What is computed on request: basins in a worker thread, the diagram and checks by Python.

import { drawDiagramOn } from "./canvases.js";
import { diagramWords } from "./diagram.js";
import { listBasins } from "./words.js";
import { paintBasins } from "./portrait.js";
import { State, keyOf } from "./state.js";

const PATIENCE = 350; // milliseconds without a change before Python is asked

/** The basins of the page: a picture while it grows, gone when the question changes. */
export class BasinPanel {
  constructor(parts, page, text, startWorker) {
    Object.assign(this, { parts, page, text, startWorker, worker: null, shown: null, key: "" });
    this.isStale = false;
    parts.button.addEventListener("click", () => (this.worker === null ? this.start() : this.stop()));
  }

  start() {
    const { page } = this;
    this.worker = this.startWorker(this.text);
    if (this.worker === null) {
      this.parts.note.textContent = "This browser lets the page have no second thread.";
      return;
    }
    this.isStale = false;
    this.key = keyOf(page.state);
    this.worker.onmessage = ({ data }) => {
      this.shown = { ...data, canvas: paintBasins(data, page.ink) };
      listBasins(this.parts.list, data, page.ink, page.model.dimension);
      if (data.isDone) this.stop();
      page.redraw();
    };
    const sinks = page.scene.equilibria.filter((p) => p.kind === "sink").map(({ u, v }) => ({ u, v }));
    const { values, view, duration, time } = page.state;
    this.worker.postMessage({ values, view, duration, time, sinks });
    this.parts.button.textContent = "Stop";
  }

  stop() {
    this.worker?.terminate();
    this.worker = null;
    this.parts.button.textContent = "Shade the basins";
  }

  /** Forget a picture whose question is no longer the page's. */
  check() {
    if ((this.shown === null && this.worker === null) || this.key === keyOf(this.page.state)) return;
    this.stop();
    this.isStale = this.shown !== null;
    this.shown = null;
    this.parts.list.replaceChildren();
  }
}

/** The diagram of the page: stored, or asked of Python. */
export class DiagramPanel {
  constructor(parts, page, server, stored) {
    Object.assign(this, { parts, page, server, stored: Object.assign(Object.create(null), stored), frame: null });
    const names = page.system.sliders.filter((s) => !s.held).map((s) => s.name);
    const offered = server.isThere ? names : names.filter((name) => name in this.stored);
    parts.figure.hidden = offered.length === 0;
    fill(parts.parameter, offered);
    fill(parts.coordinate, page.system.axes);
    parts.button.hidden = !server.isThere;
    parts.button.addEventListener("click", () => this.ask());
    parts.parameter.addEventListener("change", () => this.draw());
    parts.coordinate.addEventListener("change", () => this.draw());
    parts.canvas.addEventListener("click", (event) => {
      if (this.frame === null) return;
      const box = parts.canvas.getBoundingClientRect();
      const [value] = this.frame.values(event.clientX - box.left, event.clientY - box.top);
      page.move(this.index, Math.min(this.frame.high, Math.max(this.frame.low, value)), true);
    });
  }

  get index() {
    return this.page.system.sliders.findIndex((s) => s.name === this.parts.parameter.value);
  }

  async ask() {
    const { parts, page } = this;
    const name = parts.parameter.value;
    const slider = page.system.sliders[this.index];
    parts.button.disabled = true;
    parts.note.textContent = "Python follows the branches…";
    try {
      const range = [Math.min(slider.lower, page.state.values[this.index]), Math.max(slider.upper, page.state.values[this.index])];
      const found = await this.server.ask("diagram", { values: page.state.values, parameter: name, range });
      this.stored[name] = { ...found, others: page.state.values.slice() };
      parts.note.textContent = "";
    } catch (error) {
      parts.note.textContent = `No diagram: ${error.message}`;
    }
    parts.button.disabled = false;
    this.draw();
  }

  draw() {
    const { parts, page } = this;
    const diagram = this.stored[parts.parameter.value];
    parts.canvas.hidden = diagram === undefined;
    this.frame = null;
    if (diagram === undefined || parts.figure.hidden) {
      parts.words.textContent = "";
      return;
    }
    const value = page.state.values[this.index];
    const coordinate = Math.max(0, parts.coordinate.selectedIndex);
    this.frame = drawDiagramOn(parts.canvas, diagram, coordinate, page.system.axes[coordinate], value, page.ink);
    const others = diagram.others ?? page.system.sliders.map((s) => s.value);
    const isOther = page.state.values.some((x, k) => k !== this.index && x !== others[k]);
    const whose = diagram.others === undefined ? "the default values" : "the values when it was computed";
    const warning = isOther ? ` It is for ${whose} of the other sliders, which have moved since.` : "";
    parts.words.textContent = `${parts.parameter.value}: ${diagramWords(diagram)}.${warning} Click it to move the slider.`;
  }
}

function fill(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

/** Equilibria that Python's complete search confirms, for the values and view of the page. */
export class Confirmation {
  constructor(page, server, stored) {
    Object.assign(this, { page, server, timer: 0, known: new Map() });
    if (stored !== null) this.known.set(keyOf(new State(page.system, 1)), stored);
  }

  /** The states that are known to be all, or null. */
  get states() {
    return this.known.get(keyOf(this.page.state)) ?? null;
  }

  /** Ask once the page has been still for a while. */
  wait() {
    clearTimeout(this.timer);
    if (!this.server.isThere || this.states !== null || this.page.system.time) return;
    this.timer = setTimeout(() => this.ask(), PATIENCE);
  }

  async ask() {
    const key = keyOf(this.page.state);
    const { values, view } = this.page.state;
    try {
      const found = await this.server.ask("equilibria", { values, view });
      this.known.set(key, found.states);
      if (key === keyOf(this.page.state)) this.page.recompute();
    } catch (error) {
      this.page.say(`Python could not check the equilibria: ${error.message}`);
    }
  }
}
