// The page: state in, drawings out, at most once a frame.

import { BasinPanel, Confirmation, DiagramPanel } from "./extras.js";
import { History, LAYERS, State, fullView, keyOf } from "./state.js";
import { Model, SampledModel } from "./model.js";
import { Server } from "./server.js";
import { buildControls } from "./controls.js";
import { buildTools } from "./tools.js";
import { drawPanels, drawPortrait, portraitFrame } from "./canvases.js";
import { freshPen } from "./paper.js";
import { listCycles, listEquilibria, notesOf } from "./words.js";
import { listen } from "./pointer.js";
import { makeScene } from "./scene.js";
import { oncePerFrame } from "./redrawing.js";
import { sampleField } from "./grids.js";
import { short } from "./frames.js";
import { startWorker } from "./worker.js";
import { onTheme, theme } from "./theme.js";
import { usualDuration } from "./runs.js";

const ADDRESS_PAUSE = 250; // milliseconds
// When nothing has moved for so long (milliseconds), a dear rule may take as many times longer.
const REST = 300;
const REST_PATIENCE = 12;
const FIELD_NODES = 97;

/** One page of one system. */
export class Page {
  constructor(system, functions, text) {
    this.system = system;
    this.parts = partsOf(document);
    this.server = new Server(system);
    this.model = functions.displacement ? new Model(system, functions) : new SampledModel(system);
    const whole = fullView(system);
    const duration = functions.displacement
      ? usualDuration(this.model, sampleField(this.model, whole, 25, 25)) : system.duration;
    this.state = new State(system, duration);
    this.complaints = this.state.read(location.hash);
    this.history = new History(this.state.toText());
    this.ink = theme();
    this.redraw = oncePerFrame(() => this.paint());
    Object.assign(this, { cursor: null, isBackwards: false, frame: null, scene: null, timings: [], isOld: true, patience: 1 });
    this.controls = buildControls(this.parts.sliders, system, (k, value, isDone) => this.move(k, value, isDone));
    this.confirmation = new Confirmation(this, this.server, system.equilibria);
    this.basins = new BasinPanel(this.parts.basins, this, text, startWorker);
    this.diagram = new DiagramPanel(this.parts.diagram, this, this.server, system.diagrams);
    this.tools = buildTools(this);
    listen(this.parts.portrait, this);
    onTheme(() => {
      this.ink = theme();
      this.redraw();
    });
    new ResizeObserver(() => this.redraw()).observe(this.parts.portrait);
    addEventListener("hashchange", () => this.readAddress());
    this.recompute();
  }

  /** Move a slider; `isDone` once it is let go. */
  move(index, value, isDone) {
    this.state.values[index] = value;
    this.changed(isDone);
  }

  /** Launch a run; backwards where Shift or the button says so. */
  launch(u, v, isShifted) {
    const sign = this.model.isFlow && isShifted !== this.isBackwards ? -1 : 1;
    if (!this.model.contains(u, v)) return;
    const start = { u: round(u), v: this.model.dimension > 1 ? round(v) : 0, sign };
    this.state.runs = [...this.state.runs, start];
    this.changed(true);
    this.say(`Run ${this.state.runs.length} from ${this.words([u, v])}${sign < 0 ? ", backwards" : ""}.`);
  }

  dropRun() {
    this.state.runs = this.state.runs.slice(0, -1);
    this.changed(true);
  }

  moveView(view, isDone) {
    if (view !== null && view[1] > view[0] && view.every(Number.isFinite)) {
      this.state.view = this.model.dimension > 1 ? view : [view[0], view[1], -1, 1];
    }
    if (isDone) this.state.view = this.state.view.map(round);
    this.changed(isDone);
  }

  showAll() {
    this.moveView(fullView(this.system), true);
  }

  hover(point) {
    this.parts.where.textContent = point === null ? "" : this.words(point);
  }

  setCursor(point) {
    this.cursor = point;
    if (point !== null) this.say(this.words(point));
    this.redraw();
  }

  words([u, v]) {
    const { axes } = this.system;
    return axes.length > 1 ? `${axes[0]} = ${short(u)}, ${axes[1]} = ${short(v)}` : `${axes[0]} = ${short(u)}`;
  }

  say(words) {
    this.parts.status.textContent = words;
  }

  /** Something of the state is another: draw soon; note it where the change is complete. */
  changed(isDone) {
    if (isDone) {
      this.history.note(this.state.toText());
      this.complaints = [];
      clearTimeout(this.addressTimer);
      this.addressTimer = setTimeout(() => this.writeAddress(), ADDRESS_PAUSE);
    }
    this.recompute();
  }

  /** Go to a state that was, or that an address says. */
  restore(text) {
    this.complaints = this.state.read(text);
    this.writeAddress();
    this.recompute();
  }

  writeAddress() {
    const text = this.state.toText();
    // A page inside another's frame has no address of its own.
    if (location.protocol === "about:" || location.hash.slice(1) === text) return;
    globalThis.history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
  }

  readAddress() {
    if (location.hash.slice(1) === this.state.toText()) return;
    this.complaints = this.state.read(location.hash);
    this.history.note(this.state.toText());
    this.recompute();
  }

  recompute(patience = 1) {
    this.isOld = true;
    this.patience = patience;
    clearTimeout(this.restTimer);
    this.redraw();
  }

  paint() {
    const begin = performance.now();
    if (this.isOld) {
      if (this.model instanceof SampledModel) this.sample();
      this.scene = makeScene(this.model, this.state, this.confirmation.states, this.patience);
      this.isOld = false;
      if (this.scene.isCoarse && this.patience === 1) {
        this.restTimer = setTimeout(() => this.recompute(REST_PATIENCE), REST);
      }
      this.basins.check();
      this.confirmation.wait();
    }
    const { scene, model, ink } = this;
    const width = this.parts.portrait.clientWidth;
    const { pen, height } = freshPen(this.parts.portrait, portraitHeight(width), ink.paper);
    this.frame = portraitFrame(model, scene, Math.max(200, width), height);
    drawPortrait(pen, this.frame, scene, this.shown());
    drawPanels(this.parts.panels, scene.runs[scene.runs.length - 1], model, scene.view, ink);
    this.controls.show(this.state.values);
    listEquilibria(this.parts.equilibria, scene, this.system);
    listCycles(this.parts.cycles, scene);
    this.showNotes();
    this.diagram.draw();
    this.tools.show();
    this.timings.push({ compute: scene.milliseconds, all: performance.now() - begin });
    if (this.timings.length > 500) this.timings.shift();
  }

  shown() {
    const { model, state, ink, cursor, scene } = this;
    return { model, state, ink, cursor, basins: this.basins.shown, selected: scene.runs.length - 1 };
  }

  showNotes() {
    const notes = notesOf(this.system, this.scene, this.state, this.complaints, this.basins);
    const words = notes.join("\n");
    if (words === this.lastNotes) return;
    this.lastNotes = words;
    this.parts.notes.replaceChildren(...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })));
  }

  /** Ask Python for the field of the view, where the page has no formulas. */
  async sample() {
    const key = keyOf(this.state);
    if (this.sampledKey === key || this.isSampling) return;
    this.isSampling = true;
    const { values, view, time } = this.state;
    const rows = this.model.dimension > 1 ? FIELD_NODES : 1;
    try {
      this.model.take(await this.server.field(values, time, view, FIELD_NODES, rows));
      this.sampledKey = key;
    } catch (error) {
      this.say(`Python could not sample the field: ${error.message}`);
      this.sampledKey = keyOf(this.state);
    }
    this.isSampling = false;
    this.recompute();
  }
}

/** Nearly square; where it stays in sight above the sliders it leaves them room. */
function portraitHeight(width) {
  const isAbove = matchMedia("(max-width: 40rem)").matches;
  const room = isAbove ? Math.max(220, 0.6 * innerHeight) : Infinity;
  return Math.round(Math.min(0.92 * Math.min(width, 620), room));
}

/** Nine digits are more than a pixel needs, and make an address that can be read. */
function round(x) {
  return Number(x.toPrecision(9));
}

function partsOf(root) {
  const get = (name) => root.getElementById(name);
  return {
    portrait: get("portrait"), sliders: get("sliders"), status: get("status"), where: get("where"),
    notes: get("notes"), equilibria: get("equilibria"), cycles: get("cycles"),
    panels: { series: get("series"), energy: get("energy") },
    basins: { button: get("basins"), list: get("basin-list"), note: get("basin-note") },
    diagram: {
      figure: get("diagram-figure"), canvas: get("diagram"), words: get("diagram-words"),
      button: get("diagram-button"), parameter: get("diagram-parameter"),
      coordinate: get("diagram-coordinate"), note: get("diagram-note"),
    },
    layers: LAYERS.map((name) => get(`layer-${name}`)),
  };
}
