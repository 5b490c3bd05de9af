// Mouse, touch and keys on the portrait: launch, pan, zoom.

const STILL = 5; // pixels that a click may move
const KEY_STEP = 0.02;

/** Listen on a canvas; `page` has `frame`, `launch`, `moveView`, `hover`, `cursor` and `setCursor`. */
export function listen(canvas, page) {
  const held = new Map();
  let moved = 0;
  let gap = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(event));
    if (held.size === 1) moved = 0;
    gap = null;
  });
  canvas.addEventListener("pointermove", (event) => {
    const here = place(event);
    const before = held.get(event.pointerId);
    if (before === undefined) {
      page.hover(page.frame.contains(...here) ? page.frame.values(...here) : null);
      return;
    }
    if (held.size === 1) {
      const [dx, dy] = [here[0] - before[0], here[1] - before[1]];
      moved += Math.hypot(dx, dy);
      if (moved > STILL) {
        page.moveView(shifted(page.frame, -dx, -dy), false);
        held.set(event.pointerId, here);
      }
      return;
    }
    held.set(event.pointerId, here);
    const [[x, y], [p, q]] = [...held.values()];
    const now = Math.hypot(x - p, y - q);
    if (gap !== null && now > 0) page.moveView(zoomed(page.frame, (x + p) / 2, (y + q) / 2, gap / now), false);
    gap = now;
    moved = Infinity;
  });
  const release = (event) => {
    if (!held.delete(event.pointerId)) return;
    const here = place(event);
    if (held.size > 0) return;
    if (moved > STILL) page.moveView(null, true);
    else if (event.type === "pointerup" && page.frame.contains(...here)) {
      page.launch(...page.frame.values(...here), event.shiftKey);
    }
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => page.hover(null));
  canvas.addEventListener("wheel", (event) => {
    // The wheel scrolls the page, unless the portrait was chosen or a key says to zoom.
    if (document.activeElement !== canvas && !event.ctrlKey) return;
    event.preventDefault();
    page.moveView(zoomed(page.frame, ...place(event), 1.0015 ** event.deltaY), true);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => onKey(event, page));
}

/** The view moved by some pixels. */
function shifted(frame, dx, dy) {
  const du = (dx / frame.width) * (frame.high - frame.low);
  const dv = (-dy / frame.height) * (frame.above - frame.bottom);
  return [frame.low + du, frame.high + du, frame.bottom + dv, frame.above + dv];
}

/** The view made larger or smaller around a place. */
export function zoomed(frame, x, y, factor) {
  const [u, v] = frame.values(x, y);
  return [
    u + factor * (frame.low - u), u + factor * (frame.high - u),
    v + factor * (frame.bottom - v), v + factor * (frame.above - v),
  ];
}

function onKey(event, page) {
  const { frame } = page;
  const step = KEY_STEP * (event.shiftKey ? 5 : 1);
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  const middle = [frame.left + frame.width / 2, frame.top + frame.height / 2];
  if (event.key in ways) {
    const [x, y] = ways[event.key];
    const [u, v] = page.cursor ?? frame.values(...middle);
    page.setCursor([
      Math.min(frame.high, Math.max(frame.low, u + step * x * (frame.high - frame.low))),
      Math.min(frame.above, Math.max(frame.bottom, v + step * y * (frame.above - frame.bottom))),
    ]);
  } else if (event.key === "Enter" || event.key === " ") {
    if (page.cursor !== null) page.launch(...page.cursor, event.shiftKey);
  } else if (event.key === "+" || event.key === "=") {
    page.moveView(zoomed(frame, ...middle, 0.8), true);
  } else if (event.key === "-") {
    page.moveView(zoomed(frame, ...middle, 1.25), true);
  } else if (event.key === "0") {
    page.showAll();
  } else if (event.key === "Delete" || event.key === "Backspace") {
    page.dropRun();
  } else if (event.key === "Escape") {
    page.setCursor(null);
  } else {
    return;
  }
  event.preventDefault();
}
