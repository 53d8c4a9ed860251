// @ts-check
/**
 * Runs one action at a time, and reports what came of it where the person is.
 *
 * @module
 */
import { h } from "./element.js";
/** @import { Place } from "../types.ts" */

/** After this long, the page says what it waits for. */
const SLOW_MS = 2000;

/** @type {Map<Place, HTMLElement>} */
const shown = new Map();
/** @type {object | undefined} The action under way. */
let current;

/** What was last said at a place, to be drawn there. @param {Place} place */
export function feedbackAt(place) {
  return shown.get(place);
}

/** Another one, or none, after the tokens were deleted: what was asked for before does not bring them back. */
export function actionUnderWay() {
  return current;
}

/** Forgets what was said, and the action under way. */
export function clearFeedback() {
  current = undefined;
  shown.clear();
  announce("");
}

/** For those who do not see the page. @param {string} text */
function announce(text) {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
}

/**
 * Says something beside what it is about.
 *
 * @param {Place} place
 * @param {string} text
 * @param {object} [options]
 * @param {"good" | "bad" | "muted"} [options.tone]
 * @param {HTMLElement | undefined} [options.action] What to do about it.
 * @param {string} [options.spoken] Instead of the text, where that is long.
 */
export function say(place, text, { tone = "muted", action, spoken = text } = {}) {
  const line = h("p", h(`span.${tone}`, text), action);
  shown.clear();
  shown.set(place, line);
  for (const other of document.querySelectorAll(".feedback[id]")) {
    other.replaceChildren(...(other.id === `${place}-feedback` ? [line] : []));
  }
  announce(spoken);
}

/**
 * Does something that takes time; meanwhile further actions do nothing.
 *
 * @param {object} action
 * @param {string} action.button The id of the button that started it.
 * @param {string} action.doing What the button shows meanwhile.
 * @param {Place} action.place
 * @param {string} action.waitsFor
 * @param {() => Promise<void>} action.work
 * @param {(error: unknown) => void} action.onError
 */
export async function run({ button, doing, place, waitsFor, work, onError }) {
  if (current) return;
  const action = current = {};
  const started = document.getElementById(button);
  const text = started?.textContent ?? "";
  if (started) {
    started.textContent = doing;
    started.setAttribute("aria-disabled", "true");
  }
  const timer = setTimeout(() => current === action && say(place, `Waiting for ${waitsFor}…`), SLOW_MS);
  try {
    await work();
  } catch (error) {
    if (current === action) onError(error);
  } finally {
    clearTimeout(timer);
    if (current === action) current = undefined;
    const same = document.getElementById(button);
    if (same === started && same) {
      same.textContent = text;
      same.removeAttribute("aria-disabled");
    }
  }
}
