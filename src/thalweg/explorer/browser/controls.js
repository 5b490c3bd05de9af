// Sliders and number fields, one row a parameter.

import { short } from "./frames.js";

/** Build the rows; `onMove(index, value, isDone)` is told of every change. */
export function buildControls(root, system, onMove) {
  const rows = system.sliders.map((slider, index) => {
    const row = element("div", { className: "row" });
    const name = `slider-${index}`;
    const label = element("label", { htmlFor: name, textContent: slider.label ?? slider.name });
    if (slider.held) label.append(element("small", { textContent: " (held)" }));
    const range = element("input", {
      type: "range", id: name, min: slider.lower, max: slider.upper, step: slider.step ?? "any",
    });
    const number = element("input", { type: "number", step: slider.step ?? "any" });
    number.setAttribute("aria-label", `${slider.name}, as a number`);
    range.addEventListener("input", () => onMove(index, Number(range.value), false));
    range.addEventListener("change", () => onMove(index, Number(range.value), true));
    number.addEventListener("change", () => {
      if (number.value !== "" && Number.isFinite(Number(number.value))) {
        onMove(index, Number(number.value), true);
      }
    });
    const back = element("button", { type: "button", className: "quiet", textContent: "↺" });
    back.setAttribute("aria-label", `${slider.name} back to ${short(slider.value)}`);
    back.title = `back to ${short(slider.value)}`;
    back.addEventListener("click", () => onMove(index, slider.value, true));
    row.append(label, number, back, range);
    root.append(row);
    return { slider, range, number, back };
  });
  return {
    /** Show these values; a slider whose value lies beyond its end grows. */
    show(values) {
      rows.forEach(({ slider, range, number, back }, k) => {
        const value = values[k];
        if (value < Number(range.min)) range.min = value;
        if (value > Number(range.max)) range.max = value;
        if (document.activeElement !== range || Number(range.value) !== value) range.value = value;
        if (document.activeElement !== number) number.value = Number(value.toPrecision(6));
        range.setAttribute("aria-valuetext", `${slider.name} = ${short(value)}`);
        back.disabled = value === slider.value;
      });
    },
  };
}

/** An element with some of its properties set. */
export function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
