// Long work away from the page: the same formulas, in a thread of their own.

import { Model } from "./model.js";
import { Basins } from "./basins.js";

const BETWEEN_PICTURES = 120; // milliseconds

/** In a worker: answer the one question that it is sent, with ever finer pictures. */
export function serveBasins(scope, system, functions) {
  scope.onmessage = ({ data }) => {
    const model = new Model(system, functions);
    model.set(data.values, data.time);
    const work = new Basins(model, data.view, data.sinks, data.duration);
    const turn = () => {
      const end = performance.now() + BETWEEN_PICTURES;
      work.advance(() => performance.now() > end);
      scope.postMessage(work.picture());
      if (!work.isDone) setTimeout(turn, 0);
    };
    turn();
  };
}

/** A worker that runs the text of the page's own script; null where the browser refuses it. */
export function startWorker(text) {
  try {
    return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  } catch (error) {
    console.warn(`thalweg: no worker thread: ${error.message}`);
    return null;
  }
}
