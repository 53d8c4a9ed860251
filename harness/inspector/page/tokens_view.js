// @ts-check
import { describeClaim } from "./describe_claim.js";
import { copyButton, disclosure, h } from "./element.js";
/** @import { Session } from "./session.js" */
/** @import { Settings, Token } from "../types.ts" */

const LINE_LENGTH = 60;

/**
 * Shows what is in the tokens and userinfo, on demand.
 *
 * @param {Session} session
 * @param {Settings} settings
 * @param {() => void} onUserinfo
 */
export function tokensView({ access, id, userinfo, login }, { claim }, onUserinfo) {
  const { claims, error } = userinfo ?? {};
  const info = disclosure(
    "userinfo",
    "Userinfo",
    claims
      ? claimsView("userinfo", claims, claim)
      : h("p.muted", error ? `Userinfo could not be read: ${error}.` : "Asking…"),
  );
  info.addEventListener("toggle", onUserinfo);
  return h(
    "section.card.tokens",
    { "aria-labelledby": "tokens-title" },
    h("h2", { id: "tokens-title" }, "What is in the tokens"),
    tokenView("Access token", access, claim),
    id && tokenView("ID token", id, claim),
    login && info,
  );
}

/** @param {string} name @param {Token} token @param {string} claim */
function tokenView(name, { jwt, raw }, claim) {
  const key = name.replace(" ", "-");
  return disclosure(
    key,
    `${name}: ${jwt ? `JWT, ${jwt.header.alg}` : "opaque"}`,
    jwt ? claimsView(key, jwt.claims, claim) : h("p.muted", "Introspection and userinfo tell what it stands for."),
    disclosure(`${key}-encoded`, "Encoded", h("p.raw", raw)),
    copyButton(`copy-${key}`, `Copy the ${name.replace("Access", "access")}`, () => raw),
  );
}

/** The permissions first, the others on demand. @param {string} id @param {Record<string, unknown>} claims @param {string} claim */
function claimsView(id, claims, claim) {
  const others = Object.entries(claims).filter(([name]) => name !== claim);
  return h(
    "div",
    h(
      "dl.claims",
      Object.hasOwn(claims, claim)
        ? claimRow(claim, claims[claim], claim)
        : h("div", h("dt", claim), h("dd", h("span.muted", "not in here"))),
    ),
    disclosure(
      `${id}-others`,
      `${others.length} other claims`,
      h("dl.claims", ...others.map(([name, value]) => claimRow(name, value, claim))),
    ),
  );
}

/** @param {string} name @param {unknown} value @param {string} claim */
function claimRow(name, value, claim) {
  const meaning = describeClaim(name, value, claim);
  const line = typeof value === "string" ? value : JSON.stringify(value).replaceAll('","', '", "');
  return h(
    name === claim ? "div.ours" : "div",
    h("dt", name),
    h(
      "dd",
      h("code", line.length > LINE_LENGTH && typeof value !== "string" ? JSON.stringify(value, null, 2) : line),
      meaning && h("span.muted", meaning),
    ),
  );
}
