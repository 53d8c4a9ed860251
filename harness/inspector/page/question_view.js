// @ts-check
import { button, copyButton, h, PLAIN_TEXT, typed } from "./element.js";
import { counted } from "./words.js";
/** @import { Session } from "./session.js" */
/** @import { Child, Finding, Fix } from "../types.ts" */

/** How long one pauses before what is typed so far is asked. */
const PAUSE_MS = 150;

/**
 * Shows the page's question: a field for a permission, and the answer, or what is wrong with the token as a whole.
 *
 * @param {Session} session
 * @param {object} parts
 * @param {Finding | undefined} parts.answer To the permission that is typed.
 * @param {(permission: string) => void} parts.onAsk
 * @param {(fix: Fix) => void} parts.onFix
 */
export function questionView(session, { answer, onAsk, onFix }) {
  const ask = () => onAsk(typed("question"));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  };
  return h(
    "form.card.question",
    {
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        ask();
      },
    },
    h("label", { for: "question" }, "Why is this permission missing?"),
    h("input", { id: "question", list: "known", placeholder: "such as posts:write", ...PLAIN_TEXT, oninput }),
    h("datalist", { id: "known" }, ...session.suggestions.map((value) => h("option", { value }))),
    h("div", { id: "answer", "aria-live": "polite" }, answerView(session, answer, onFix)),
  );
}

/** @param {Session} session @param {Finding | undefined} answer @param {(fix: Fix) => void} onFix @returns {Child} */
export function answerView({ diagnosis, items }, answer, onFix) {
  const finding = answer ?? diagnosis;
  if (!finding) {
    return h("p.hint", `${counted(items.length, "permission")} in this token. Type the one that you miss.`);
  }
  const { title, text, fix, tone = "bad" } = finding;
  return h(`div.finding.${tone}`, { id: "diagnosis" }, h("h2", title), h("p", text), fixButton(fix, onFix));
}

/** Its id tells what it does, so that the focus does not move to another. @param {Fix | undefined} fix @param {(fix: Fix) => void} onFix */
export function fixButton(fix, onFix) {
  if (!fix) return undefined;
  const { label, copy } = fix;
  const id = `fix-${label.replaceAll(/\W+/g, "-")}`;
  return copy ? copyButton(id, label, () => copy) : button("button.quiet.small", id, label, () => onFix(fix));
}
