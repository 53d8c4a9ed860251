// @ts-check
import { disclosure, h } from "./element.js";
/** @import { Session } from "./session.js" */
/** @import { Exchange } from "../types.ts" */

/** @type {Record<string, string>} */
const PURPOSES = { "function/preaccesstoken": "for the access token", "function/preuserinfo": "for the ID token" };

/** Shows what ZITADEL asked the function and what it answered. @param {Session} session */
export function callsView({ exchanges, binding = [] }) {
  const bound = binding.map(({ condition, name, endpoint, interruptOnError }) =>
    h(
      "li",
      h("code", condition.replace("function/", "")),
      ` asks ${name} at `,
      h("code", endpoint),
      condition.startsWith("function/") &&
        `; if it fails, ${interruptOnError ? "no token is issued" : "the token has no permissions"} (interruptOnError ${
          interruptOnError ? "on" : "off"
        })`,
    )
  );
  return h(
    "section.card.calls",
    { "aria-labelledby": "calls-title" },
    h("h2", { id: "calls-title" }, "Calls to the function"),
    h(
      "p.muted",
      !exchanges
        ? "Only the sandbox shows ZITADEL’s calls to the function; on a real instance, the function’s log has a line for each."
        : exchanges.length === 0
        ? "ZITADEL called no function for this token."
        : "ZITADEL made these before it issued the tokens:",
    ),
    ...(exchanges ?? []).map((exchange, index) => disclosure(`call-${index}`, title(exchange), ...details(exchange))),
    bound.length > 0 && disclosure("binding", "What ZITADEL is set to call", h("ul", ...bound)),
  );
}

/** @param {Exchange} exchange */
function title({ condition, reply, error, ms }) {
  return h(
    "span",
    h("code", condition.replace("function/", "")),
    ` ${PURPOSES[condition] ?? ""}: `,
    h(reply?.status === 200 ? "span" : "span.no", `${reply ? `HTTP ${reply.status}` : error} in ${ms.toFixed(0)} ms`),
  );
}

/** @param {Exchange} exchange */
function details({ request, reply, target }) {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return [
    h("h3", "ZITADEL sent"),
    h("pre", [`POST ${target.endpoint}`, ...headers, "", JSON.stringify(request.payload, null, 2)].join("\n")),
    h("h3", "The function answered"),
    h("pre", reply ? pretty(reply.body) : "nothing"),
  ];
}

/** @param {string} body */
function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
