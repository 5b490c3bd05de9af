"""The explorer's pages in a browser, and what tests do there by hand."""

import json
import time

import numpy as np

# In the page: the values of a function for rows of (u, v), for each set of parameters.
EVALUATE = """([name, sets, points]) => {
  const printed = thalwegFunctions[name];
  return sets.map((p) => {
    const c = new Float64Array(printed.constants);
    const out = new Float64Array(printed.outputs);
    printed.prepare(p, c);
    return points.map(([u, v]) => { printed.at(u, v ?? 0, 0, p, c, out); return [...out]; });
  });
}"""


class Opened:
    """A page in a window of its own, and what it asked for and complained of."""

    def __init__(self, browser, address, *, width=1200, scheme="light", offline=True, **options):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            offline=offline,
            **options,
        )
        self.view = self.context.new_page()
        self.asked, self.complaints = [], []
        self.view.on("request", lambda request: self.asked.append(request.url))
        self.view.on("console", lambda message: self.complaints.append(message.text))
        self.view.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.view.goto(address)
        self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.context.close()

    def evaluate(self, *arguments):
        return self.view.evaluate(*arguments)

    def wait(self):
        """Until the page has drawn what it shows."""
        self.wait_until(
            "thalwegPage.scene && !thalwegPage.isOld && !thalwegPage.redraw.isWaiting()"
        )

    def wait_until(self, condition, seconds=20.0):
        """Until a condition holds. Playwright's own waiting needs `eval`, which pages refuse."""
        end = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"{condition} did not come true; {self.complaints}"
            self.view.wait_for_timeout(15)

    def click(self, u, v, shift=False):
        """Click the portrait at a point of the state space."""
        x, y = self.evaluate(f"[thalwegPage.frame.x({u}), thalwegPage.frame.y({v})]")
        keys = ["Shift"] if shift else []
        self.view.locator("#portrait").click(position={"x": x, "y": y}, modifiers=keys)
        self.wait()

    def slide(self, index, value):
        """Move a slider as a hand would: its value, and the events of that."""
        self.evaluate(
            "([i, x]) => { const s = document.getElementById(`slider-${i}`); s.value = x;"
            " s.dispatchEvent(new Event('input')); s.dispatchEvent(new Event('change')); }",
            [index, value],
        )
        self.wait()

    def equilibria(self):
        """The equilibria shown: `(states, kinds)`."""
        found = self.evaluate("thalwegPage.scene.equilibria.map(({u, v, kind}) => [u, v, kind])")
        return np.array([point[:2] for point in found], dtype=float), [p[2] for p in found]

    def state(self):
        """The state of the page, as its address would say it."""
        return self.evaluate("thalwegPage.state.toText()")


def saved(page, button):
    """What a button lets the reader keep."""
    with page.view.expect_download() as begun:
        page.view.locator(button).click()
    return begun.value.path().read_text(encoding="utf-8")


def number_rows(values):
    """Rows of numbers as JSON-ready lists."""
    return json.loads(json.dumps(np.asarray(values, dtype=float).tolist()))
