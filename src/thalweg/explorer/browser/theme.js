// Colours: those of the library's figures, which the colour-blind can tell apart.

const LIGHT = {
  paper: "#ffffff", ink: "#1d2125", soft: "#5b636b", line: "#c8cdd2", arrows: "#9aa3ab",
  first: "#0072b2", second: "#d55e00", stable: "#009e73", unstable: "#b5489a", runs: "#1d2125",
  contour: "#8a7a3a", rising: "#e00000", cycle: "#cc79a7", sink: "#009e73", source: "#ffffff", saddle: "#e69f00",
  center: "#56b4e9", other: "#cc79a7", edge: "#1d2125",
  areas: ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00"], away: "#8c8c8c",
};
const DARK = {
  ...LIGHT, paper: "#15181b", ink: "#e4e7ea", soft: "#a2abb3", line: "#464d54", arrows: "#69727a",
  first: "#56b4e9", second: "#ff9346", stable: "#2fc79b", unstable: "#e39ad0", runs: "#ffffff",
  contour: "#a8975a", rising: "#ff5a5a", cycle: "#e08fbd", source: "#15181b", edge: "#e4e7ea",
};

/** The colours for the reader's choice of dark or light: that of the page around, if it told one. */
export function theme() {
  const told = document.documentElement.dataset.scheme;
  const isDark = told ? told === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  return isDark ? DARK : LIGHT;
}

/**
 * Call when the reader chooses anew: in the system, or in a page around this one, which says so by
 * the message `{ thalwegScheme: "dark" }` or `"light"`.
 */
export function onTheme(changed) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  addEventListener("message", ({ source, data }) => {
    const scheme = source === parent && source !== window ? data?.thalwegScheme : undefined;
    if (scheme !== "dark" && scheme !== "light") return;
    document.documentElement.dataset.scheme = scheme;
    changed();
  });
}

/** Colours on white paper, for what is downloaded. */
export function paperTheme() {
  return LIGHT;
}
