// The page of normalization reweighting: tuning curves and W while α, β, b and σ move.

import { Network } from "./normalization_model.js";
import { Shell } from "./shell.js";
import { rangeOf } from "./series.js";
import { short } from "./frames.js";

const ORIENTATIONS = Array.from({ length: 91 }, (_, k) => 2 * k);
// Neurons whose tuning curves are drawn: all of them would hide each other.
const SHOWN = 8;
// Relative to the energy's range: what counts as a rise.
const RISE = 1e-9;

/** Begin the page. */
export function start(system) {
  return new Shell(system, () => new Normalization(system));
}

class Normalization {
  constructor(system) {
    this.system = system;
    this.panels = [
      {
        name: "tuning", height: 430, axes: ["orientation of a test grating, degrees", "output R"],
        label: "Tuning curves before and after adaptation",
        caption: "Tuning curves of every third neuron before (thin) and after (thick) it was shown the adaptor, whose orientation the dashed line marks.",
        view: (scene) => [0, 180, 0, 1.05 * largest([...scene.before, ...scene.after])],
        paint: paintTuning,
      },
      {
        name: "weights", height: 330, axes: ["neuron j, preferred orientation", "neuron i, preferred orientation"],
        label: "The weights W after adaptation, less those before",
        caption: "W − W₀ after the last step: orange where a weight has grown, blue where it has shrunk.",
        view: () => [0, 180, 0, 180], paint: paintWeights,
      },
      {
        name: "outputs", height: 230, axes: ["step", "output R to the adaptor"],
        label: "Outputs to the adaptor, step by step",
        caption: "Outputs of all neurons to the adaptor while it is shown, in the colours of their tuning curves.",
        view: (scene) => [0, Math.max(1, scene.outputs.length - 1), 0, 1.05 * largest(scene.outputs)],
        paint: paintOutputs,
      },
      {
        name: "energy", height: 210, axes: ["step", "energy E(u)"],
        label: "The energy of the held input, step by step",
        caption: "The energy E(u) that the pools u = W r / n descend, red where a step raises it: then the step is too large.",
        view: (scene) => [0, Math.max(1, scene.energies.length - 1), ...rangeOf(scene.energies)],
        paint: paintEnergy,
      },
    ];
  }

  compute(numbers, choices) {
    const { neurons } = this.system;
    const adaptor = { contrast: numbers.contrast, orientation: numbers.orientation };
    const all = Array.from({ length: neurons }, (_, i) => ({ contrast: 1, orientation: (180 * i) / neurons }));
    const target = choices.target === "all" ? all : [{ contrast: 1, orientation: 0 }];
    const network = new Network(this.system, numbers, target);
    const made = network.adapt(adaptor.contrast, adaptor.orientation, numbers.steps);
    const energies = made.pools.map((pool) => network.energy(made.drive, pool));
    const size = Math.max(...energies) - Math.min(...energies);
    return {
      ...made, network, adaptor, energies,
      rises: energies.map((e, t) => t > 0 && e - energies[t - 1] > RISE * size + 1e-14 * Math.abs(e)),
      before: network.curves(network.initialWeights(), 1, ORIENTATIONS),
      after: network.curves(made.weights, 1, ORIENTATIONS),
    };
  }

  readings(scene) {
    const { outputs, network, adaptor, energies } = scene;
    if (outputs.length === 0) return [];
    const nearest = Math.round((adaptor.orientation * network.neurons) / 180) % network.neurons;
    const [first, last] = [outputs[0][nearest], outputs[outputs.length - 1][nearest]];
    const words = first === 0 ? "is not driven" : `R from ${short(first)} to ${short(last)}, ${short((100 * (last - first)) / first, 3)} %`;
    return [
      ["The neuron that prefers the adaptor:", `${words}.`],
      ["Energy:", `from ${short(energies[0])} to ${short(energies[energies.length - 1])}.`],
      ["Largest change of a weight:", `${short(change(scene).size)}, drawn in full colour.`],
    ];
  }

  notes({ network, crossing, rises, outputs, drive, after }) {
    const notes = [];
    const { beta } = network;
    if (drive.every((r) => r === 0)) notes.push("No neuron is driven by the adaptor: raise the contrast or the baseline.");
    if (crossing !== null) {
      notes.push(`The denominator σ² + u of neuron ${crossing.neuron} is not positive at step ${crossing.step}: the model is undefined from there on.`);
    }
    const missing = after.filter((row) => row.some(Number.isNaN)).length;
    if (missing > 0) {
      notes.push(`At ${missing} of ${after.length} test orientations a denominator is not positive: curves are left out there.`);
    }
    if (beta > 0) {
      notes.push(`β > 0 pushes W away from C: the part of W that no output depends on grows by ${short(100 * beta, 3)} % a step, for ever.`);
    }
    if (beta === 0) notes.push("β = 0: outputs come back to what they were, and W keeps the part that no output depends on.");
    const raised = rises.filter(Boolean).length;
    if (raised > 0) notes.push(`The energy rises at ${raised} of ${outputs.length - 1} steps: α or β is too large a step.`);
    return notes;
  }

  table({ before, after }) {
    const names = ["orientation", ...before[0].keys()].map((x) => (x === "orientation" ? x : `neuron${x}`));
    const rows = ORIENTATIONS.map((orientation, k) => [orientation, ...after[k]]);
    return { names, rows };
  }
}

function largest(rows) {
  const finite = rows.flatMap((row) => Array.from(row)).filter(Number.isFinite);
  return Math.max(1e-9, ...finite);
}

function hue(share) {
  return `hsl(${Math.round(360 * share)} 65% 50%)`;
}

function paintTuning(pen, frame, { before, after, network, adaptor }, ink) {
  const x = frame.x(((adaptor.orientation % 180) + 180) % 180);
  pen.line([x, frame.top, x, frame.top + frame.height], { stroke: ink.soft, width: 1, dash: [4, 4] });
  const every = Math.max(1, Math.floor(network.neurons / SHOWN));
  for (let i = 0; i < network.neurons; i += every) {
    const stroke = hue(i / network.neurons);
    pen.line(frame.places(ORIENTATIONS, before.map((row) => row[i])), { stroke, width: 1, alpha: 0.6 });
    pen.line(frame.places(ORIENTATIONS, after.map((row) => row[i])), { stroke, width: 2.4 });
  }
}

/** W − W₀ and its largest entry by size. */
function change({ weights, network }) {
  const start = network.initialWeights();
  const values = weights.map((w, k) => w - start[k]);
  return { values, size: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
}

function paintWeights(pen, frame, scene, ink) {
  const n = scene.network.neurons;
  const { values, size } = change(scene);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = n;
  const context = canvas.getContext("2d");
  const image = context.createImageData(n, n);
  const channel = (colour, c) => parseInt(colour.slice(1 + 2 * c, 3 + 2 * c), 16);
  values.forEach((value, k) => {
    const share = size > 0 && Number.isFinite(value) ? Math.min(1, Math.abs(value) / size) : 0;
    const colour = value > 0 ? ink.second : ink.first;
    const at = 4 * ((n - 1 - Math.floor(k / n)) * n + (k % n));
    for (let c = 0; c < 3; c += 1) {
      image.data[at + c] = (1 - share) * channel(ink.paper, c) + share * channel(colour, c);
    }
    image.data[at + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  pen.picture(canvas, frame.left, frame.top, frame.width, frame.height, 1);
}

function paintOutputs(pen, frame, { outputs, network }) {
  const steps = outputs.map((_, t) => t);
  for (let i = 0; i < network.neurons; i += 1) {
    pen.line(frame.places(steps, outputs.map((row) => row[i])), { stroke: hue(i / network.neurons), width: 1.5 });
  }
}

function paintEnergy(pen, frame, { energies, rises }, ink) {
  const steps = energies.map((_, t) => t);
  pen.line(frame.places(steps, energies), { stroke: ink.contour, width: 2 });
  const red = [];
  rises.forEach((isRise, t) => {
    if (isRise) red.push(frame.x(t - 1), frame.y(energies[t - 1]), frame.x(t), frame.y(energies[t]));
  });
  pen.segments(red, { stroke: ink.rising, width: 3 });
}
