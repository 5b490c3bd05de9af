// Buttons: undo, view, runs, layers, files.

import { LAYERS } from "./state.js";
import { csvOf, download, fileName } from "./downloads.js";
import { paperTheme } from "./theme.js";
import { portraitSvg } from "./canvases.js";
import { pythonScript } from "./script.js";
import { zoomed } from "./pointer.js";
import { listenForUndo } from "./redrawing.js";

const SVG_SIZE = [640, 590];

/** Wire the buttons of a page; `show()` brings them up to date. */
export function buildTools(page) {
  const get = (name) => document.getElementById(name);
  const { model, system } = page;
  const on = (name, act) => get(name).addEventListener("click", act);
  const around = (factor) => {
    const { frame } = page;
    page.moveView(zoomed(frame, frame.left + frame.width / 2, frame.top + frame.height / 2, factor), true);
  };
  listenForUndo(page);
  on("zoom-in", () => around(0.8));
  on("zoom-out", () => around(1.25));
  on("zoom-all", () => page.showAll());
  on("clear", () => {
    page.state.runs = [];
    page.changed(true);
  });
  on("backwards", () => {
    page.isBackwards = !page.isBackwards;
    get("backwards").setAttribute("aria-pressed", String(page.isBackwards));
  });
  number(get("duration"), (value) => {
    if (value > 0) page.state.duration = value;
  }, page);
  number(get("time"), (value) => {
    page.state.time = value;
  }, page);
  get("time-row").hidden = !system.time;
  get("duration-name").textContent = model.isFlow ? "duration of a run" : "steps of a run";
  get("backwards").hidden = !model.isFlow;
  get("address-note").hidden = location.protocol === "about:";
  buildLayers(page, get);
  buildFiles(page, on);
  return {
    show() {
      get("undo").disabled = !page.history.canUndo;
      get("redo").disabled = !page.history.canRedo;
      get("clear").disabled = page.state.runs.length === 0;
      get("save-csv").disabled = page.state.runs.length === 0;
      for (const [name, value] of [["duration", page.state.duration], ["time", page.state.time]]) {
        if (document.activeElement !== get(name)) get(name).value = value;
      }
      for (const name of LAYERS) get(`layer-${name}`).checked = !page.state.hidden.has(name);
    },
  };
}

function number(field, take, page) {
  field.addEventListener("change", () => {
    if (field.value !== "" && Number.isFinite(Number(field.value))) take(Number(field.value));
    page.changed(true);
  });
}

function buildLayers(page, get) {
  const { model } = page;
  const plane = model.dimension > 1;
  const offered = {
    arrows: plane || model.isFlow, nullclines: plane && model.isFlow, equilibria: !page.system.time,
    cycles: plane && model.isFlow && !page.system.time,
    separatrices: plane && !page.system.time, contours: plane && model.hasEnergy,
  };
  for (const name of LAYERS) {
    const box = get(`layer-${name}`);
    box.closest("label").hidden = !offered[name];
    box.addEventListener("change", () => {
      if (box.checked) page.state.hidden.delete(name);
      else page.state.hidden.add(name);
      page.changed(true);
    });
  }
}

function buildFiles(page, on) {
  const { system } = page;
  const base = fileName(system.name);
  const paper = () => ({ ...page.shown(), ink: paperTheme() });
  on("save-svg", () => {
    download(`${base}.svg`, [portraitSvg(page.scene, paper(), ...SVG_SIZE)], "image/svg+xml");
  });
  on("save-png", () => page.parts.portrait.toBlob((blob) => download(`${base}.png`, [blob], "image/png")));
  on("save-csv", () => {
    const last = page.scene.runs[page.scene.runs.length - 1];
    download(`${base}-run.csv`, [csvOf(last, system)], "text/csv");
  });
  document.getElementById("save-script").hidden = system.source === null;
  on("save-script", () => {
    download(`${base.replaceAll("-", "_")}_portrait.py`, [pythonScript(system, page.state, page.scene.cycles.length > 0)], "text/x-python");
  });
}
