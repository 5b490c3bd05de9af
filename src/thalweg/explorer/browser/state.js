// What the page shows, as text in its address, and the way back.

const MOST_STEPS_BACK = 200;
export const LAYERS = ["arrows", "nullclines", "equilibria", "cycles", "separatrices", "contours"];

/** The state of a page: numbers of the sliders, view, runs, duration, time and layers. */
export class State {
  constructor(system, duration) {
    this.system = system;
    this.usual = duration;
    this.values = system.sliders.map((slider) => slider.value);
    this.view = fullView(system);
    this.runs = [];
    this.duration = duration;
    this.time = 0;
    this.hidden = new Set();
  }

  /** The state as the text of an address; what is as it was is left out. */
  toText() {
    const parts = [];
    this.system.sliders.forEach((slider, k) => {
      if (this.values[k] !== slider.value) parts.push(`p.${encodeURIComponent(slider.name)}=${this.values[k]}`);
    });
    const whole = fullView(this.system);
    if (this.view.some((x, k) => x !== whole[k])) parts.push(`view=${this.view.join(",")}`);
    if (this.runs.length > 0) {
      const words = this.runs.map((r) => `${r.u},${r.v},${r.sign > 0 ? "f" : "b"}`);
      parts.push(`runs=${words.join(";")}`);
    }
    if (this.duration !== this.usual) parts.push(`T=${this.duration}`);
    if (this.time !== 0) parts.push(`t=${this.time}`);
    if (this.hidden.size > 0) parts.push(`hide=${[...this.hidden].sort().join(",")}`);
    return parts.join("&");
  }

  /** Take the state of an address; returns sentences about what in it could not be used. */
  read(text) {
    const fresh = new State(this.system, this.usual);
    const complaints = [];
    for (const part of text.replace(/^#/, "").split("&").filter((p) => p !== "")) {
      const [key, value = ""] = split(part);
      if (!fresh.take(key, value)) complaints.push(`The address has “${key}=${value}”, which was ignored.`);
    }
    Object.assign(this, fresh);
    return complaints;
  }

  take(key, value) {
    const number = Number(value);
    const numbers = value.split(",").map(Number);
    if (key.startsWith("p.")) {
      const index = this.system.sliders.findIndex((slider) => slider.name === key.slice(2));
      if (index < 0 || value === "" || !Number.isFinite(number)) return false;
      this.values[index] = number;
    } else if (key === "view") {
      const isView = numbers.length === 4 && numbers.every(Number.isFinite)
        && numbers[1] > numbers[0] && numbers[3] > numbers[2];
      if (!isView) return false;
      this.view = numbers;
    } else if (key === "runs") {
      const runs = value.split(";").map(readRun);
      if (runs.includes(null)) return false;
      this.runs = runs;
    } else if (key === "T" && number > 0 && Number.isFinite(number)) {
      this.duration = number;
    } else if (key === "t" && value !== "" && Number.isFinite(number)) {
      this.time = number;
    } else if (key === "hide" && value.split(",").every((name) => LAYERS.includes(name))) {
      this.hidden = new Set(value.split(","));
    } else {
      return false;
    }
    return true;
  }
}

function split(part) {
  const at = part.indexOf("=");
  const words = at < 0 ? [part] : [part.slice(0, at), part.slice(at + 1)];
  return words.map((word) => {
    try {
      return decodeURIComponent(word);
    } catch (error) {
      if (error instanceof URIError) return word;
      throw error;
    }
  });
}

function readRun(text) {
  const [u, v, way] = text.split(",");
  const isRun = [u, v].every((x) => x !== undefined && x !== "" && Number.isFinite(Number(x)));
  return isRun && ["f", "b"].includes(way) ? { u: Number(u), v: Number(v), sign: way === "f" ? 1 : -1 } : null;
}

/** The whole domain. */
export function fullView(system) {
  const [low, high] = [system.lower, system.upper];
  return system.axes.length > 1 ? [low[0], high[0], low[1], high[1]] : [low[0], high[0], -1, 1];
}

/** States that were, so that each change can be undone and done again. */
export class History {
  constructor(text) {
    this.texts = [text];
    this.at = 0;
  }

  /** Note a change; a state that is the last one again is none. */
  note(text) {
    if (text === this.texts[this.at]) return;
    this.texts = [...this.texts.slice(0, this.at + 1), text].slice(-MOST_STEPS_BACK);
    this.at = this.texts.length - 1;
  }

  undo() {
    this.at = Math.max(0, this.at - 1);
    return this.texts[this.at];
  }

  redo() {
    this.at = Math.min(this.texts.length - 1, this.at + 1);
    return this.texts[this.at];
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.texts.length - 1;
  }
}

/** What confirmed equilibria and basins depend on, as text. */
export function keyOf({ values, view, time }) {
  return JSON.stringify([values, view, time]);
}
