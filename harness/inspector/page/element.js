// @ts-check

/** @typedef {Node | string | number | false | null | undefined} Child */

/**
 * Makes an element. Text is only ever set as text, never as markup.
 *
 * @param {string} name Such as `p`, or `p.lead` with classes.
 * @param {Record<string, unknown>} [attributes] `on...` are listeners; `true`
 * stands for an attribute without a value, `false` and `undefined` for none.
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElement}
 */
export function h(name, attributes = {}, ...children) {
  const [tag = "", ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) {
      const listener = /** @type {EventListener} */ (value);
      element.addEventListener(key.slice(2), listener);
    } else {
      element.setAttribute(key, value === true ? "" : String(value));
    }
  }
  const nodes = /** @type {readonly Child[]} */ (children.flat());
  for (const child of nodes) {
    if (child === false || child === null || child === undefined) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
  return element;
}

/**
 * Shows a value as JSON, with its keys told from its values.
 *
 * @param {unknown} value
 * @returns {HTMLElement}
 */
export function jsonBlock(value) {
  const text = typeof value === "string"
    ? value
    : JSON.stringify(value, null, 2);
  const code = h("code");
  let end = 0;
  for (const match of text.matchAll(/^( *)("(?:[^"\\]|\\.)*")(?=: )/gm)) {
    const [, indent = "", key = ""] = match;
    const start = match.index + indent.length;
    code.append(text.slice(end, start), h("span.key", {}, key));
    end = start + key.length;
  }
  code.append(text.slice(end));
  return h("pre", {}, code);
}

/**
 * Makes a part of the page that opens and closes.
 *
 * @param {string} id Keeps it open where the page is drawn anew.
 * @param {Child} summary
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function disclosure(id, summary, ...children) {
  return h("details", { id }, h("summary", {}, summary), ...children);
}

/**
 * Draws a part of the page anew, and keeps what was open, and the focus.
 *
 * @param {HTMLElement} parent
 * @param {...Child} children
 */
export function redraw(parent, ...children) {
  const focused = parent.contains(document.activeElement)
    ? document.activeElement?.id
    : undefined;
  const open = [...parent.querySelectorAll("details")].map(
    ({ id, open }) => /** @type {const} */ ([id, open]),
  );
  parent.replaceChildren(
    ...children.filter((child) => child instanceof Node),
  );
  for (const [id, wasOpen] of open) {
    const details = document.getElementById(id);
    if (details instanceof HTMLDetailsElement) details.open = wasOpen;
  }
  if (focused) document.getElementById(focused)?.focus();
}
