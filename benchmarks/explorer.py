"""The time that a page takes for a move of a slider, of every built-in system of two coordinates.

    python benchmarks/explorer.py

In headless Chromium, 1300 × 900, each page with two runs: a slider moves 60 times, once a frame.
`compute` is all numbers of a redraw, `paint` is those, the drawing and the panels, in milliseconds:
the median, and of `paint` the 95th percentile. The page is as `--export` writes it.
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


def measure(browser, file: pathlib.Path) -> list[list[float]]:
    """Milliseconds of each move: computing, painting, until the next frame but one."""
    view = browser.new_page(viewport={"width": 1300, "height": 900})
    view.goto(file.as_uri())
    view.wait_for_timeout(300)
    view.locator("#portrait").click(position={"x": 250, "y": 200})
    view.locator("#portrait").click(position={"x": 350, "y": 330})
    view.evaluate(MOVE, 10)  # the browser compiles
    found = view.evaluate(MOVE, MOVES)
    view.close()
    return found


def main() -> None:
    """Print a table."""
    executable = shutil.which("chromium") or shutil.which("chrome")
    print("| system | page, kB | compute | paint | paint, 95 % |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for entry in registry.ENTRIES:
            try:
                page = tw.explore(entry.create(), name=entry.name, search=False)
            except tw.InputError:
                continue  # more than two coordinates
            file = page.save(pathlib.Path(folder) / f"{entry.name}.html")
            compute, paint, _ = zip(*measure(browser, file), strict=True)
            worst = statistics.quantiles(paint, n=20)[-1]
            numbers = [statistics.median(compute), statistics.median(paint), worst]
            cells = " | ".join(f"{number:.1f}" for number in numbers)
            print(f"| `{entry.name}` | {file.stat().st_size / 1000:.0f} | {cells} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
