// @ts-check
/** @import { Child } from "../types.ts" */

/**
 * Creates an element. Text is only ever set as text, never as markup.
 *
 * @param {string} name Such as `p`, or `p.lead` with classes.
 * @param {Record<string, unknown> | Child} [attributes] `on...` are listeners; `true` sets an attribute without a
 * value, `false` and `undefined` none. May be left out: anything else is the first child.
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
      if (key.startsWith("on")) element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
      else element.setAttribute(key, value === true ? "" : String(value));
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
  return typeof value === "object" && value !== null && !(value instanceof Node);
}

/** For fields that take names and code. */
export const PLAIN_TEXT = { spellcheck: "false", autocapitalize: "off", autocomplete: "off" };

/** What was typed into a field of this id. @param {string} id */
export function typed(id) {
  return /** @type {HTMLInputElement} */ (document.getElementById(id)).value.trim();
}

/** @param {string} id */
export function focus(id) {
  const element = document.getElementById(id);
  element?.closest("details")?.setAttribute("open", "");
  element?.focus();
}

/**
 * Creates a part of the page that opens and closes.
 *
 * @param {string} id Keeps it as it is when the page is redrawn.
 * @param {Child} summary
 * @param {...(Child | readonly Child[])} children
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

/** How long a copy button shows what it did. */
const COPIED_MS = 2000;

/**
 * Creates a button that copies a text, and reports it on itself.
 *
 * @param {string} id
 * @param {string} label
 * @param {() => string | Promise<string>} text
 */
export function copyButton(id, label, text) {
  const onclick = async () => {
    try {
      await navigator.clipboard.writeText(await text());
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Not copied: the browser refused";
    }
    setTimeout(() => (copy.textContent = label), COPIED_MS);
  };
  const copy = button("button.quiet.small", id, label, onclick, { "aria-live": "polite" });
  return copy;
}

/**
 * Replaces a part of the page. What was typed, open or scrolled stays so; the focus stays where it was, or goes to the
 * heading if its element is gone.
 *
 * @param {HTMLElement} parent
 * @param {...Child} children
 */
export function redraw(parent, ...children) {
  const { activeElement } = document;
  const focused = parent.contains(activeElement) ? activeElement : null;
  const selection = focused instanceof HTMLInputElement ? [focused.selectionStart, focused.selectionEnd] : undefined;
  const { scrollX, scrollY } = globalThis;
  const before = /** @type {HTMLElement[]} */ ([...parent.querySelectorAll("[id]")]);
  parent.replaceChildren(...children.filter((child) => child instanceof Node));
  for (const old of before) {
    const now = document.getElementById(old.id);
    if (!now) continue;
    if (old instanceof HTMLDetailsElement && now instanceof HTMLDetailsElement) now.open = old.open;
    const isTyped = old instanceof HTMLInputElement || old instanceof HTMLTextAreaElement;
    // An edit of the mapping is kept elsewhere, and can be undone.
    if (isTyped && !old.closest(".edit") && old.value !== old.defaultValue) Object.assign(now, { value: old.value });
  }
  scrollTo(scrollX, scrollY);
  if (!focused) return;
  const next = document.getElementById(focused.id);
  if (!next) return parent.querySelector("h1")?.focus();
  next.focus({ preventScroll: true });
  if (selection && next instanceof HTMLInputElement) {
    next.setSelectionRange(selection[0] ?? null, selection[1] ?? null);
  }
}
