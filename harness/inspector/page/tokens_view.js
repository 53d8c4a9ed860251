// @ts-check
import { describeClaim } from "./describe_claim.js";
import { copyButton, disclosure, h } from "./element.js";
/** @import { Session, Settings, Tab, Token } from "../types.ts" */

const LINE_LENGTH = 60;

/**
 * Shows the tokens and userinfo, one at a time.
 *
 * @param {object} parts
 * @param {Session} parts.session
 * @param {Settings} parts.settings
 * @param {Tab} parts.selected
 * @param {(tab: Tab) => void} parts.onSelect
 * @returns {HTMLElement}
 */
export function tokensView({ session, settings, selected, onSelect }) {
  /** @type {[Tab, string][]} */
  const tabs = [
    ["access", "Access token"],
    ["id", "ID token"],
    ["userinfo", "Userinfo"],
  ];
  /** @param {Event} event */
  const onkeydown = (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[key];
    if (step === undefined) return;
    const index = tabs.findIndex(([id]) => id === selected);
    const [next] = tabs[(index + step) % tabs.length] ?? [];
    if (!next) return;
    document.getElementById(`tab-${next}`)?.focus();
    onSelect(next);
  };
  return h(
    "section.card.tokens",
    { "aria-label": "Tokens" },
    h(
      "div.tabs",
      { role: "tablist", "aria-label": "Tokens", onkeydown },
      ...tabs.map(([id, title]) =>
        h(
          "button.tab",
          {
            type: "button",
            role: "tab",
            id: `tab-${id}`,
            "aria-selected": String(id === selected),
            "aria-controls": "tab-panel",
            tabindex: id === selected ? 0 : -1,
            onclick: () => onSelect(id),
          },
          title,
        )
      ),
    ),
    h(
      "div",
      { role: "tabpanel", id: "tab-panel", "aria-labelledby": `tab-${selected}`, tabindex: 0 },
      ...(selected === "userinfo"
        ? userinfoPanel(session, settings)
        : tokenPanel(session[selected], selected, { session, settings })),
    ),
  );
}

/** @param {Token | undefined} token @param {Tab} tab @param {{ session: Session, settings: Settings }} context */
function tokenPanel(token, tab, { session, settings }) {
  if (!token) {
    return [
      h(
        "p.muted",
        session.login ? "None was issued: the scope openid was not requested." : "Only the pasted token is known.",
      ),
    ];
  }
  const { jwt, raw, verdict } = token;
  const name = tab === "id" ? "ID token" : "access token";
  return [
    verdict && h(`p.verdict.${verdict.state}`, h("strong", VERDICTS[verdict.state]), h("span.muted", verdict.text)),
    h(
      "div.sides",
      h(
        "div",
        h("h3", "Encoded"),
        h(
          "p.raw",
          { tabindex: 0, role: "region", "aria-label": `Encoded ${name}` },
          ...(jwt
            ? [h("span.head", jwt.parts[0]), ".", h("span.body", jwt.parts[1]), ".", h("span.tail", jwt.parts[2])]
            : [raw]),
        ),
        copyButton("copy-token", `Copy the ${name}`, raw),
      ),
      h(
        "div",
        h("h3", jwt ? `Decoded: JWT, ${jwt.header.alg}` : "Opaque"),
        jwt
          ? claimsView(jwt.claims, settings.claim)
          : h("p.muted", "A reference without claims. Introspection and userinfo tell what it stands for."),
      ),
    ),
  ];
}

const VERDICTS = { valid: "Signature valid", invalid: "Signature NOT valid", unknown: "Signature not checked" };

/** @param {Session} session @param {Settings} settings */
function userinfoPanel({ userinfo, login }, settings) {
  const { claims, error } = userinfo ?? {};
  if (claims) return [claimsView(claims, settings.claim)];
  if (error) return [h("p.bad", `Userinfo could not be read: ${error}.`)];
  return [h("p.muted", login ? "Asking…" : "Not asked: a pasted token never leaves this page.")];
}

/** The permissions first, the others on demand. @param {Record<string, unknown>} claims @param {string} claim */
function claimsView({ ...claims }, claim) {
  const others = Object.entries(claims).filter(([name]) => name !== claim);
  const rows = others.map(([name, value]) => claimRow(name, value, claim));
  return h(
    "div",
    h(
      "dl.claims",
      Object.hasOwn(claims, claim)
        ? claimRow(claim, claims[claim], claim)
        : h("div.ours", h("dt", claim), h("dd", h("span.muted", "not in here"))),
    ),
    disclosure("other-claims", `${others.length} other claims`, h("dl.claims", ...rows)),
  );
}

/** @param {string} name @param {unknown} value @param {string} claim */
function claimRow(name, value, claim) {
  const meaning = describeClaim(name, value, claim);
  return h(
    name === claim ? "div.ours" : "div",
    h("dt", name),
    h("dd", h("code", typeof value === "string" ? value : formatJson(value)), meaning && h("span.muted", meaning)),
  );
}

/** Short values on one line. @param {unknown} value */
function formatJson(value) {
  const line = JSON.stringify(value).replaceAll('","', '", "');
  return line.length <= LINE_LENGTH ? line : JSON.stringify(value, null, 2);
}
