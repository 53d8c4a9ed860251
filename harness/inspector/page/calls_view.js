// @ts-check
import { disclosure, h, jsonBlock } from "./element.js";
/** @import { Exchange } from "../types.ts" */

/** @type {Record<string, string>} */
const PURPOSES = { "function/preaccesstoken": "for the access token", "function/preuserinfo": "for the ID token" };

/**
 * Shows what ZITADEL asked the function and what it answered.
 *
 * @param {readonly Exchange[] | undefined} exchanges
 * @returns {HTMLElement}
 */
export function callsView(exchanges) {
  return h(
    "section.card.calls",
    { "aria-labelledby": "calls-title" },
    h("h2", { id: "calls-title" }, "How the token got its permissions"),
    h(
      "p.muted",
      !exchanges
        ? "ZITADEL's calls of the function are not visible here: only the sandbox shows them. On a real instance, the function's log has a line for each."
        : exchanges.length === 0
        ? "ZITADEL called no function for this token."
        : "Before it issued the tokens, ZITADEL called the function:",
    ),
    ...(exchanges ?? []).map((exchange, index) => disclosure(`call-${index}`, title(exchange), ...details(exchange))),
  );
}

/** @param {Exchange} exchange */
function title({ condition, reply, error, ms }) {
  const purpose = PURPOSES[condition] ? ` ${PURPOSES[condition]}` : "";
  const result = reply ? `HTTP ${reply.status}` : error;
  const isBad = reply?.status !== 200;
  return h(
    "span",
    h("code", condition.replace("function/", "")),
    `${purpose}: `,
    h(isBad ? "span.bad" : "span", `${result} in ${ms.toFixed(0)} ms`),
  );
}

/** @param {Exchange} exchange */
function details({ request, reply, target }) {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return [
    h("h3", "ZITADEL sent"),
    jsonBlock([`POST ${target.endpoint}`, ...headers].join("\n")),
    jsonBlock(request.payload),
    h("h3", "The function answered"),
    jsonBlock(reply ? pretty(reply.body) : "nothing"),
  ];
}

/** @param {string} body @returns {unknown} */
function pretty(body) {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
