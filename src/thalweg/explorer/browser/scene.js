// All that is computed for one state of the page.

import { findEquilibria, polish, classify } from "./equilibria.js";
import { contour, energyLevels, joined, sampleEnergy, sampleField } from "./grids.js";
import { fullView } from "./state.js";
import { findCycles } from "./cycles.js";
import { run } from "./runs.js";
import { separatrices } from "./separatrices.js";

// Nodes a side: as many as can be computed in this time (milliseconds), within bounds.
const NODES = 97;
const FEWEST_NODES = 41;
const PATIENCE = 4;
// Milliseconds that the search for cycles may take when nothing moves: most need a hundredth.
const AT_REST = 500;
const TRIES = 6;
const TRIED_NODES = 17;
const LEAST_COST = 1e-5; // clocks of browsers are coarse
const NODES_ON_A_LINE = 801;
const ENERGY_NODES = 97;

/**
 * Compute what the state asks for.
 *
 * `patience` says how many times longer than while a slider moves a dear rule may take; a scene
 * that would be better for more is `isCoarse`.
 */
export function makeScene(model, state, confirmed = null, patience = 1) {
  const begin = performance.now();
  model.set(state.values, state.time);
  const flat = model.dimension === 1;
  const view = state.view;
  const nodes = nodesFor(model, PATIENCE * patience);
  const field = flat ? sampleLine(model, view) : sampleField(model, view, nodes, nodes);
  const scene = { field, view, nullclines: [], separatrices: [], contours: null, runs: [] };
  const rests = model.system.time ? { points: [], isContinuum: false } : findEquilibria(model, field);
  scene.isContinuum = rests.isContinuum;
  scene.equilibria = confirmed === null ? rests.points : merged(model, rests.points, confirmed, view);
  if (!flat && !state.hidden.has("nullclines") && model.isFlow) {
    scene.nullclines = [field.first, field.second].map((f) => joined(contour(field, f, 0)));
  }
  if (!state.hidden.has("separatrices") && !rests.isContinuum) {
    scene.separatrices = separatrices(
      model, scene.equilibria, view, state.duration, PATIENCE * patience,
    );
  }
  const { cycles, isCut: isLate } = rests.isContinuum || state.hidden.has("cycles") || model.samples !== undefined
    ? { cycles: [], isCut: false }
    : findCycles(model, scene.equilibria, view, state.usual, patience > 1 ? AT_REST : PATIENCE);
  scene.cycles = cycles;
  // While a slider moves, what is left of the search waits until it rests.
  scene.mayLackCycles = isLate && patience > 1;
  const isCut = isLate || (!model.isFlow && scene.separatrices.some((curve) => curve.ends === "steps"));
  scene.isCoarse = !flat && (nodes < NODES || isCut);
  const showsEnergy = model.hasEnergy && isEnergyTrue(model, state);
  if (!flat && showsEnergy && !state.hidden.has("contours")) {
    const grid = sampleEnergy(model, view, ENERGY_NODES, ENERGY_NODES);
    const levels = energyLevels(grid.values);
    scene.contours = levels.map((level) => contour(grid, grid.values, level));
  }
  scene.runs = state.runs.map((start) => {
    const made = run(model, start, { duration: state.duration, view, begin: state.time });
    return { ...made, start, ...(showsEnergy ? energyAlong(model, made) : {}) };
  });
  scene.showsEnergy = showsEnergy;
  scene.milliseconds = performance.now() - begin;
  return scene;
}

/** An energy that was found for some values of the parameters says nothing about others. */
export function isEnergyTrue(model, state) {
  const { system } = model;
  return system.energyGrid === null || system.sliders.every((s, k) => s.value === state.values[k]);
}

/** How fine a grid is, by what one evaluation costs: a map may integrate over a period. */
function nodesFor(model, patience) {
  if (model.cost === undefined) {
    // The quickest of some tries: at first the browser compiles, and others may use the processor.
    const whole = model.system.axes.length > 1 ? fullView(model.system) : [0, 1, 0, 1];
    const tries = Array.from({ length: TRIES }, () => {
      const begin = performance.now();
      sampleField(model, whole, TRIED_NODES, TRIED_NODES);
      return (performance.now() - begin) / TRIED_NODES ** 2;
    });
    model.cost = Math.max(Math.min(...tries), LEAST_COST);
  }
  return Math.max(FEWEST_NODES, Math.min(NODES, Math.floor(Math.sqrt(patience / model.cost))));
}

function sampleLine(model, view) {
  const field = sampleField(model, [view[0], view[1], 0, 1], NODES_ON_A_LINE, 2);
  const first = field.first.slice(0, NODES_ON_A_LINE);
  return { ...field, first, second: first.map(() => 0), rows: 1, view };
}

function energyAlong(model, made) {
  const energies = made.us.map((u, k) => model.energy(u, made.vs[k]));
  const rises = model.risesAlong(made.us, made.vs, (k) => made.begin + made.sign * made.times[k]);
  rises[0] = false;
  return { energies, rises };
}

/** Points of the complete search, and those of the grid that it does not have. */
function merged(model, points, confirmed, view) {
  const known = confirmed
    .map(({ u, v }) => polish(model, u, v, view) ?? null)
    .filter((point) => point !== null)
    .map((point) => ({ ...classify(model, point), isConfirmed: true }));
  const high = model.dimension === 1 ? 1 : view[3] - view[2];
  const rest = points.filter((p) => known.every(
    (k) => Math.hypot((k.u - p.u) / (view[1] - view[0]), (k.v - p.v) / high) > 1e-6,
  ));
  return [...known, ...rest].sort((a, b) => a.u - b.u || a.v - b.v);
}
