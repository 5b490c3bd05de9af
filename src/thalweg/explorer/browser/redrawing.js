// What every page does alike: it draws at most once a frame, and takes moves back.

/** A call of `paint` in the next frame, once, whatever was asked for until then. */
export function oncePerFrame(paint) {
  let waiting = 0;
  const redraw = () => {
    if (waiting !== 0) return;
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      paint();
    });
  };
  redraw.isWaiting = () => waiting !== 0;
  return redraw;
}

/** Wire the buttons and the keys that take back a move of `page`, or make it again. */
export function listenForUndo(page) {
  const undo = () => page.restore(page.history.undo());
  const redo = () => page.restore(page.history.redo());
  document.getElementById("undo").addEventListener("click", undo);
  document.getElementById("redo").addEventListener("click", redo);
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLInputElement && event.target.type === "number";
    if (!(event.ctrlKey || event.metaKey) || isTyping) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) undo();
    else if (key === "y" || (key === "z" && event.shiftKey)) redo();
    else return;
    event.preventDefault();
  });
}
