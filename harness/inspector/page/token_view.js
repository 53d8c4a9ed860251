// @ts-check
import { describeClaim } from "./describe_claim.js";
import { disclosure, h } from "./element.js";
import { verdictLine } from "./permissions_view.js";

const LINE_LENGTH = 30;

/**
 * Shows a token: its claims with what they mean, and the token itself.
 *
 * @param {object} parts
 * @param {string} parts.id
 * @param {string} parts.title
 * @param {import("./session.js").Token} parts.token
 * @param {import("./session.js").Settings} parts.settings
 * @param {(text: string) => void} parts.onCopy
 * @returns {HTMLElement}
 */
export function tokenView({ id, title, token, settings, onCopy }) {
  const { jwt, raw } = token;
  return h(
    "section.card.token",
    { id, "aria-labelledby": `${id}-title` },
    h(
      "div.title",
      {},
      h("h2", { id: `${id}-title` }, title),
      h("span.muted", {}, jwt ? `JWT, ${jwt.header.alg}` : "opaque"),
    ),
    jwt &&
      h(
        "dl.claims",
        {},
        ...claimsOf(jwt, settings.claim).map(([name, value]) =>
          claimRow(name, value, settings.claim)
        ),
      ),
    verdictLine(token, settings),
    disclosure(
      `${id}-raw`,
      "The token as it was sent",
      h(
        "p.raw",
        {},
        ...(jwt
          ? [
            h("span.head", {}, jwt.parts[0]),
            ".",
            h("span.body", {}, jwt.parts[1]),
            ".",
            h("span.tail", {}, jwt.parts[2]),
          ]
          : [raw]),
      ),
      h(
        "button.quiet",
        { type: "button", id: `${id}-copy`, onclick: () => onCopy(raw) },
        `Copy ${title.toLowerCase().replace("id ", "ID ")}`,
      ),
    ),
  );
}

/** The permissions first. @param {import("./jwt.js").Jwt} jwt @param {string} claim */
function claimsOf({ claims }, claim) {
  const { [claim]: permissions, ...others } = claims;
  const entries = Object.entries(others);
  return permissions === undefined
    ? entries
    : [/** @type {const} */ ([claim, permissions]), ...entries];
}

/** @param {string} name @param {unknown} value @param {string} claim */
function claimRow(name, value, claim) {
  const meaning = describeClaim(name, value, claim);
  return h(
    name === claim ? "div.ours" : "div",
    {},
    h("dt", {}, name),
    h(
      "dd",
      {},
      h(
        "code",
        {},
        typeof value === "string" ? value : formatJson(value),
      ),
      meaning && h("span.muted", {}, meaning),
    ),
  );
}

/** Short values in one line, as people write them. @param {unknown} value */
function formatJson(value) {
  const line = JSON.stringify(value);
  return line.length <= LINE_LENGTH ? line : JSON.stringify(value, null, 2);
}
