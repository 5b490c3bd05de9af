"""The time that a page takes for a move of a slider, of every built-in system of two coordinates.

    python benchmarks/explorer.py

In headless Chromium, 1300 × 900, each page with two runs: a slider moves 60 times, once a frame.
`compute` is all numbers of a redraw, `paint` is those, the drawing and the panels, in milliseconds:
the median, and of `paint` the 95th percentile. The page is as `--export` writes it. `processor` is
the median of the time that computing takes of a processor: what a machine without other work
would show.
"""

import pathlib
import shutil
import statistics
import tempfile

from playwright.sync_api import sync_playwright

import thalweg as tw
from thalweg.models import registry

MOVES = 60
MOVE = """async (moves) => {
  const page = thalwegPage;
  const { lower, upper } = page.system.sliders[0] ?? { lower: 0, upper: 0 };
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const found = [];
  for (let k = 0; k < moves; k += 1) {
    if (page.system.sliders.length > 0) {
      page.move(0, lower + (upper - lower) * (0.3 + (0.4 * k) / moves), false);
    } else {
      page.recompute();
    }
    const begin = performance.now();
    await frame();
    await frame();
    const last = page.timings[page.timings.length - 1];
    found.push([last.compute, last.all, performance.now() - begin]);
  }
  return found;
}"""

# One redraw's numbers, at the k-th of so many values of the slider.
COMPUTE = """([k, moves]) => {
  const { model, state, system } = thalwegPage;
  const slider = system.sliders[0];
  if (slider !== undefined) {
    state.values[0] = slider.lower + (slider.upper - slider.lower) * (0.3 + (0.4 * k) / moves);
  }
  module_scene.makeScene(model, state);
}"""


def processor(view) -> float:
    """Milliseconds of the page's own thread that the numbers of a redraw take: the median."""
    session = view.context.new_cdp_session(view)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000.0 * next(m["value"] for m in metrics if m["name"] == "ThreadTime")

    found = []
    for k in range(MOVES // 3):
        begin = spent()
        view.evaluate(COMPUTE, [k, MOVES // 3])
        found.append(spent() - begin)
    return statistics.median(found)


def measure(browser, file: pathlib.Path) -> tuple[list[list[float]], float]:
    """Milliseconds of each move: computing, painting, until the next frame; and `processor`."""
    view = browser.new_page(viewport={"width": 1300, "height": 900})
    view.goto(file.as_uri())
    view.wait_for_timeout(300)
    view.locator("#portrait").click(position={"x": 250, "y": 200})
    view.locator("#portrait").click(position={"x": 350, "y": 330})
    view.evaluate(MOVE, 10)  # the browser compiles
    found = view.evaluate(MOVE, MOVES)
    needed = processor(view)
    view.close()
    return found, needed


def main() -> None:
    """Print a table."""
    executable = shutil.which("chromium") or shutil.which("chrome")
    print("| system | page, kB | processor | compute | paint | paint, 95 % |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for entry in registry.ENTRIES:
            try:
                page = tw.explore(entry.create(), name=entry.name, search=False)
            except tw.InputError:
                continue  # more than two coordinates
            file = page.save(pathlib.Path(folder) / f"{entry.name}.html")
            found, needed = measure(browser, file)
            compute, paint, _ = zip(*found, strict=True)
            worst = statistics.quantiles(paint, n=20)[-1]
            numbers = [needed, statistics.median(compute), statistics.median(paint), worst]
            cells = " | ".join(f"{number:.1f}" for number in numbers)
            print(f"| `{entry.name}` | {file.stat().st_size / 1000:.0f} | {cells} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
