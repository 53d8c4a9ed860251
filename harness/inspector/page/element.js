// @ts-check
/** @import { Child } from "../types.ts" */

/**
 * Creates an element. Text is only ever set as text, never as markup.
 *
 * @param {string} name Such as `p`, or `p.lead` with classes.
 * @param {Record<string, unknown> | Child | readonly Child[]} [attributes] `on...`
 * are listeners; `true` sets an attribute without a value, `false` and
 * `undefined` none. May be left out: anything else is the first child.
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElement}
 */
export function h(name, attributes, ...children) {
  const [tag = "", ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  if (isAttributes(attributes)) {
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined || value === false) continue;
      if (key.startsWith("on")) {
        const listener = /** @type {EventListener} */ (value);
        element.addEventListener(key.slice(2), listener);
      } else {
        element.setAttribute(key, value === true ? "" : String(value));
      }
    }
  } else {
    children.unshift(attributes);
  }
  for (const child of /** @type {readonly Child[]} */ (children.flat())) {
    if (child === false || child === null || child === undefined) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
  return element;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isAttributes(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Node);
}

/** Shows a value as JSON, its keys set apart from its values. @param {unknown} value @returns {HTMLElement} */
export function jsonBlock(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const code = h("code");
  let end = 0;
  for (const match of text.matchAll(/^( *)("(?:[^"\\]|\\.)*")(?=: )/gm)) {
    const [, indent = "", key = ""] = match;
    const start = match.index + indent.length;
    code.append(text.slice(end, start), h("span.key", key));
    end = start + key.length;
  }
  code.append(text.slice(end));
  return h("pre", code);
}

/**
 * Creates a part of the page that opens and closes.
 *
 * @param {string} id Keeps it open when the page is redrawn.
 * @param {Child} summary
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElement}
 */
export function disclosure(id, summary, ...children) {
  return h("details", { id }, h("summary", { id: `${id}-summary` }, summary), ...children);
}

/**
 * Creates a button. Its id keeps the focus on it when the page is redrawn.
 *
 * @param {string} name Such as `button.primary`.
 * @param {string} id
 * @param {string} text
 * @param {(event: Event) => unknown} onclick
 * @param {Record<string, unknown>} [attributes]
 */
export function button(name, id, text, onclick, attributes = {}) {
  return h(name, { type: "button", id, onclick, ...attributes }, text);
}

/**
 * Creates a button that copies a text, and reports it on itself.
 *
 * @param {string} id
 * @param {string} label
 * @param {string | (() => string)} text
 */
export function copyButton(id, label, text) {
  const copy = button(
    "button.quiet.small",
    id,
    label,
    async () => {
      try {
        await navigator.clipboard.writeText(typeof text === "string" ? text : text());
        copy.textContent = "Copied";
      } catch {
        copy.textContent = "Not copied: the browser refused";
      }
      setTimeout(() => (copy.textContent = label), COPIED_MS);
    },
    { "aria-live": "polite" },
  );
  return copy;
}

/** How long a copy button shows what it did. */
const COPIED_MS = 2000;

/**
 * Replaces a part of the page. What was open stays open; the focus stays where
 * it was, or goes to the heading if its element is gone.
 *
 * @param {HTMLElement} parent
 * @param {...Child} children
 */
export function redraw(parent, ...children) {
  const { activeElement } = document;
  const hadFocus = parent.contains(activeElement);
  const focused = hadFocus ? activeElement : null;
  const selection = focused instanceof HTMLInputElement ? [focused.selectionStart, focused.selectionEnd] : undefined;
  const open = [...parent.querySelectorAll("details")].filter(({ open }) => open).map(({ id }) => id);
  parent.replaceChildren(...children.filter((child) => child instanceof Node));
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (!focused) return;
  const next = focused.id && document.getElementById(focused.id);
  if (!next) return parent.querySelector("h1")?.focus();
  next.closest("details")?.setAttribute("open", "");
  next.focus();
  if (selection && next instanceof HTMLInputElement) {
    next.setSelectionRange(selection[0] ?? null, selection[1] ?? null);
  }
}
