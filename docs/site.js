// Pages in frames follow the palette of the site: frames see the system's choice alone.

const tell = (frame) => {
  const scheme = document.body.dataset.mdColorScheme === "slate" ? "dark" : "light";
  frame.contentWindow?.postMessage({ thalwegScheme: scheme }, "*");
};

for (const frame of document.querySelectorAll("iframe")) {
  frame.addEventListener("load", () => tell(frame));
  tell(frame);
}
new MutationObserver(() => document.querySelectorAll("iframe").forEach(tell)).observe(document.body, {
  attributeFilter: ["data-md-color-scheme"],
});
