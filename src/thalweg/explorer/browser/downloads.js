// Files to keep: the drawing as SVG and PNG, a run as CSV, the script as text.

/** Hand the reader a file. */
export function download(name, parts, type) {
  const address = URL.createObjectURL(new Blob([parts], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A run as rows of numbers. */
export function csvOf(run, system) {
  const names = ["time", ...system.axes, ...(run.energies ? ["energy"] : [])];
  const quoted = names.map((name) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name));
  const rows = run.times.map((t, k) => [
    run.begin + run.sign * t, run.us[k], ...(system.axes.length > 1 ? [run.vs[k]] : []),
    ...(run.energies ? [run.energies[k]] : []),
  ].join(","));
  return `${quoted.join(",")}\n${rows.join("\n")}\n`;
}

/** A name that every file system takes. */
export function fileName(name) {
  return name.replace(/[^\w.-]+/g, "-") || "system";
}
