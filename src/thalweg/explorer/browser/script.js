// The Python script that draws the figure of the page with the library.

const POINTS = 2001; // of a run: enough for a curve
const list = (numbers) => `[${numbers.map(number).join(", ")}]`;

function number(x) {
  const text = String(x);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The script, with the search for cycles where the page shows some; null where the page does not know how the system is made. */
export function pythonScript(system, state, hasCycles = false) {
  const { source } = system;
  if (source === null) return null;
  const changed = system.sliders
    .map((slider, k) => ({ ...slider, value: state.values[k], default: slider.value }))
    .filter((s) => !s.held && (source.allValues || s.value !== s.default));
  const lines = [
    `"""${source.title}: made by thalweg explore."""`,
    "",
    "import jax",
    "import numpy as np",
    ...source.imports,
    "",
    "import thalweg as tw",
    ...(changed.length > 0 ? ["from thalweg.core.parameters import find_parameter"] : []),
    "",
    'jax.config.update("jax_enable_x64", True)  # the page computes in double precision',
    `system = ${source.make}`,
    ...changed.map((s) => `system = find_parameter(system, ${text(s.path)}).put(system, ${number(s.value)})`),
    `domain = ${domain(system, state)}`,
    ...portrait(system, state, hasCycles),
    ...runs(system, state),
    'axes.figure.savefig("portrait.svg")',
    "",
  ];
  return lines.join("\n");
}

const text = (words) => JSON.stringify(words);

/** The portrait: of a rule that depends on time, at the time of the arrows and without equilibria. */
function portrait(system, state, hasCycles) {
  if (!system.time) {
    const isPlaneMap = system.rule === "map" && system.axes.length > 1;
    return [
      "equilibria = tw.find_equilibria(system, domain)",
      "print(equilibria)",
      ...(isPlaneMap ? ["# The curves of saddles of a map are drawn by the page alone."] : []),
      ...(hasCycles ? ["cycles = tw.find_cycles(system, domain, equilibria=equilibria)"] : []),
      `axes = tw.plot.phase_portrait(system, domain, equilibria=equilibria, ${hasCycles ? "cycles=cycles, " : ""}starts=0)`,
    ];
  }
  const still = system.rule === "flow"
    ? `tw.as_flow(lambda x: system.velocity(${number(state.time)}, x))`
    : `tw.as_map(lambda x: system.step(${Math.trunc(state.time)}, x))`;
  return [
    `still = ${still}  # at the time of the arrows`,
    "axes = tw.plot.phase_portrait(still, domain, equilibria=[], starts=0)",
  ];
}

/** The box of the view, the other coordinates held. */
function domain(system, state) {
  if (system.simplex) return `tw.ProbabilitySimplex(${system.whole.lower.length})`;
  const { lower, upper, free, isScalar } = system.whole;
  const bounds = [Array.from(lower), Array.from(upper)];
  free.forEach((coordinate, axis) => {
    if (system.period[axis] !== null) return;
    bounds[0][coordinate] = state.view[2 * axis];
    bounds[1][coordinate] = state.view[2 * axis + 1];
  });
  system.sliders.forEach((slider, k) => {
    if (!slider.held) return;
    bounds[0][slider.coordinate] = state.values[k];
    bounds[1][slider.coordinate] = state.values[k];
  });
  const turns = system.whole.periodic;
  const periodic = turns.includes(true) ? `, periodic=[${turns.map((b) => (b ? "True" : "False")).join(", ")}]` : "";
  if (isScalar) return `tw.Box(${number(bounds[0][0])}, ${number(bounds[1][0])})`;
  return `tw.Box(${list(bounds[0])}, ${list(bounds[1])}${periodic})`;
}

function runs(system, state) {
  if (state.runs.length === 0) return [];
  if (system.simplex || system.sliders.some((slider) => slider.held)) {
    return ["# The page follows its runs in the slice alone, which the library does not: left out."];
  }
  const isFlow = system.rule === "flow";
  const start = (r) => (system.whole.isScalar ? number(r.u)
    : `np.array(${list(system.axes.length > 1 ? [r.u, r.v] : [r.u])})`);
  const lines = [];
  if (state.runs.some((r) => r.sign < 0)) {
    lines.push("reversed_system = tw.as_flow(lambda t, x: -system.velocity(-t, x))");
  }
  lines.push("runs = [");
  for (const r of state.runs) {
    const rule = r.sign < 0 ? "reversed_system" : "system";
    const long = isFlow ? `duration=${number(state.duration)}, save=${POINTS}, rtol=1e-9` : `steps=${Math.round(state.duration)}`;
    const begin = isFlow ? number(r.sign * state.time) : String(Math.trunc(state.time));
    const from = state.time !== 0 ? `, t0=${begin}` : "";
    lines.push(`    tw.simulate(${rule}, ${start(r)}, ${long}${from}, throw=False),`);
  }
  lines.push("]", "for run in runs:");
  if (system.axes.length > 1) {
    const style = isFlow ? '"-"' : '"."';
    lines.push("    states = np.asarray(run.states)");
    lines.push(`    axes.plot(states[:, 0], states[:, 1], ${style}, color="black")`);
    lines.push('    axes.plot(states[0, 0], states[0, 1], "o", color="black", fillstyle="none")');
  } else {
    lines.push('    axes.plot(np.ravel(run.states)[0], 0.0, "o", color="black", fillstyle="none")');
  }
  return lines;
}
