"""The browser that pages are tested in.

`.ci/run` sees to it that there is a Chromium; elsewhere these tests run where one is installed.
"""

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

_FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
needs_browser = pytest.mark.skipif(_FOUND is None, reason="there is no Chromium")


@contextmanager
def running_browser():
    """A browser that runs until the block ends."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_FOUND, args=["--no-sandbox"])
        yield running
        running.close()


# Letters below ten pixels, text that stands out from its ground less than 4.5 to 1 (3 to 1 where it
# is large; WCAG 2.2, 1.4.3), text beyond the window that no scrolling reaches, pictures without
# words, and a page that is wider than the window.
_FAULTS = r"""() => {
  const found = [];
  const part = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = (c) => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  const parse = (text) => [...text.match(/[\d.]+/g).map(Number), 1].slice(0, 4);
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3]));
  const ground = (e) => {
    for (let p = e; p; p = p.parentElement) {
      const c = parse(getComputedStyle(p).backgroundColor);
      if (c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const scrolls = (e) => {
    for (let p = e; p && p !== document.body; p = p.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(p).overflowX)) return true;
    }
    return false;
  };
  if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the window");
  for (const image of document.images) if (!image.alt) found.push("a picture without words");
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = texts.nextNode(); n; n = texts.nextNode()) {
    const e = n.parentElement, range = document.createRange();
    range.selectNodeContents(n);
    const box = range.getBoundingClientRect(), style = getComputedStyle(e);
    if (!n.data.trim() || box.width < 2 || /SCRIPT|STYLE|OPTION/.test(e.tagName)) continue;
    const said = n.data.trim().slice(0, 30), size = parseFloat(style.fontSize);
    if (size < 10) found.push(`${size} px: ${said}`);
    if (!scrolls(e) && (box.left < -1 || box.right > innerWidth + 1)) found.push(`beyond: ${said}`);
    if (e.closest(":disabled")) continue;
    const paper = ground(e), pair = [light(over(parse(style.color), paper)), light(paper)];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < (size >= 24 ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} to 1: ${said}`);
  }
  return found;
}"""


def faults_of(view):
    """Faults of a page as it is drawn in a window, in a few words each."""
    return view.evaluate(_FAULTS)
