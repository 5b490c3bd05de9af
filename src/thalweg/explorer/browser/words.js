// What the page says: notes, the list of equilibria, shares of basins.

import { short } from "./frames.js";
import { element } from "./controls.js";

// Relative to the view: how close to a state of rest runs end.
const REACHED = 1e-8;

/** Sentences about what is shown, and what is not. */
export function notesOf(system, scene, state, complaints, basins) {
  const notes = [...complaints];
  const held = system.sliders.filter((s) => s.held).length;
  if (held > 0) {
    notes.push(`A slice: ${held === 1 ? "one coordinate is" : `${held} coordinates are`} held where `
      + "the sliders say, and how they would change is not followed.");
  }
  if (system.reason !== "") {
    notes.push(`Python samples the field, because ${system.reason}: slower, and less exact between nodes.`);
  }
  if (system.time) notes.push("The rule depends on time: arrows are those of the time below, and there are no equilibria.");
  if (scene.field.missing > 0) {
    notes.push(`The field is not finite in ${short(100 * scene.field.missing, 2)} % of the view, which is left blank.`);
  }
  if (system.rule === "map" && scene.separatrices.some((c) => c.isStable && c.ends === "fold")) {
    notes.push("A stable curve of a saddle is drawn only as far as the map can be undone: beyond, its "
      + "points have no inverse image, or more than one.");
  }
  if (scene.mayLackCycles) notes.push("The search for closed orbits took too long and was left: there may be more.");
  if (scene.isContinuum) notes.push("The equilibria form a line, of which points are shown.");
  if (system.energy !== "" && !scene.showsEnergy && system.energyGrid !== null) {
    notes.push("The energy belongs to the values to begin with: it is shown when all sliders are back.");
  }
  for (const run of scene.runs) {
    if (run.ends === "lost") notes.push("A run ends where the field is not finite, or too steep to follow.");
    if (run.ends === "steps") notes.push("A run was too long to draw to its end.");
  }
  if (scene.runs.some((run) => run.rises?.some(Boolean))) {
    notes.push("The energy rises along a run, in red: the rule does not descend it.");
  }
  if (basins?.isStale) notes.push("The basins belong to other values, and are gone; ask again.");
  return [...new Set(notes)];
}

/** The equilibria as rows of a list. */
export function listEquilibria(root, scene, system) {
  const numbers = system.rule === "map" ? "multipliers" : "eigenvalues";
  const rows = scene.equilibria.slice(0, scene.isContinuum ? 3 : 12).map((point) => {
    const place = system.axes
      .map((name, k) => `${name} = ${short(snapped(k === 0 ? point.u : point.v, scene.view, k), 6)}`)
      .join(", ");
    const form = point.form === null ? "" : ` (${point.form})`;
    const largest = Math.max(...point.eigenvalues.flat().map(Math.abs));
    const rates = point.eigenvalues
      .map((pair) => pair.map((x) => (Math.abs(x) < 1e-12 * largest ? 0 : x)))
      .map(([re, im]) => (im === 0 ? short(re) : `${short(re)} ${im > 0 ? "+" : "−"} ${short(Math.abs(im))}i`))
      .join(", ");
    const item = element("li");
    item.append(element("strong", { textContent: point.kind + form }), ` at ${place}; ${numbers} ${rates}`);
    if (!point.isConfirmed) item.append(element("em", { textContent: " — seen by the grid only" }));
    return item;
  });
  const more = scene.equilibria.length - rows.length;
  if (more > 0) rows.push(element("li", { textContent: `and ${more} more` }));
  if (rows.length === 0 && !system.time) rows.push(element("li", { textContent: "none in this view" }));
  root.replaceChildren(...rows);
}

/** The closed orbits as rows of a list. */
export function listCycles(root, scene) {
  root.replaceChildren(...scene.cycles.map(({ isStable, period }) => {
    const item = element("li");
    item.append(element("strong", { textContent: `closed orbit, ${isStable ? "attracting" : "repelling"}` }));
    item.append(` of period ${short(period, 5)}`);
    return item;
  }));
}

/** Zero for what rounding leaves of it: of a state of rest, or of one that runs come close to. */
function snapped(x, view, axis, bound = 1e-13) {
  return Math.abs(x) < bound * (view[2 * axis + 1] - view[2 * axis]) ? 0 : x;
}

/** The shares of the basins. */
export function listBasins(root, picture, ink, dimension) {
  const rows = picture.attractors
    .map((a, k) => ({ ...a, colour: ink.areas[k % ink.areas.length] }))
    .filter((a) => a.fraction > 0);
  if (picture.escapes > 0) rows.push({ kind: "leaves the view for good", fraction: picture.escapes, colour: ink.away });
  root.replaceChildren(...rows.map((a) => {
    const item = element("li");
    const square = element("span", { className: "swatch" });
    square.style.background = a.colour;
    const place = [a.u, a.v].slice(0, dimension).map((x, axis) => short(snapped(x, picture.view, axis, REACHED)));
    const where = a.kind === "equilibrium" ? ` near ${place.join(", ")}` : "";
    item.append(square, `${a.kind}${where}: ${(100 * a.fraction).toFixed(1)} %`);
    return item;
  }));
  const state = picture.isDone ? "" : " so far";
  root.append(element("li", { textContent: `${picture.starts} starts${state}` }));
}
