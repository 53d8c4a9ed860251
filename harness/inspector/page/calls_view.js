// @ts-check
/// <reference lib="dom" />
import { disclosure, h, jsonBlock } from "./element.js";
import { projectName } from "./permissions_view.js";

/** @type {Record<string, string>} */
const PURPOSES = {
  "function/preaccesstoken": "for the access token",
  "function/preuserinfo": "for the ID token",
};

/**
 * Shows what ZITADEL asked the function, what it answered, and why.
 *
 * @param {import("./session.js").Background} background
 * @returns {HTMLElement}
 */
export function callsView(background) {
  const { exchanges } = background;
  return h(
    "section.card.calls",
    { "aria-labelledby": "calls-title" },
    h("div.title", {}, h("h2", { id: "calls-title" }, "How it came about")),
    exchanges.length === 0
      ? h("p.muted", {}, "ZITADEL called no function for these tokens.")
      : undefined,
    ...exchanges.map((exchange) => callView(exchange, background)),
  );
}

/**
 * @param {import("./sandbox.js").Exchange} exchange
 * @param {import("./session.js").Background} background
 */
function callView(exchange, background) {
  const { condition, request, reply, error, ms, target } = exchange;
  const name = condition.replace("function/", "");
  const grants = request.payload.user_grants ?? [];
  return h(
    "div.call",
    {},
    h(
      "h3",
      {},
      h("code", {}, name),
      h("span.muted", {}, ` ${PURPOSES[condition] ?? ""}, ${ms.toFixed(0)} ms`),
    ),
    h(
      "ol.steps",
      {},
      h(
        "li",
        {},
        h("h4", {}, "ZITADEL sends"),
        grants.length === 0
          ? h("p.muted", {}, "no roles")
          : h("ul.plain", {}, ...grants.map(grantLine)),
        disclosure(
          `${name}-request`,
          "The whole request",
          h("p.muted", {}, `POST ${target.endpoint}`),
          jsonBlock(signatureOf(request.headers)),
          jsonBlock(request.payload),
        ),
      ),
      h(
        "li",
        {},
        h("h4", {}, "The mapping says"),
        background.roles.length === 0
          ? h("p.muted", {}, "nothing was looked up")
          : h(
            "ul.plain",
            {},
            ...background.roles.map((role) => lookupLine(role, background)),
          ),
      ),
      h(
        "li",
        {},
        h("h4", {}, "The function answers"),
        h("p", {}, error ?? `${reply?.status}`),
        reply && jsonBlock(pretty(reply.body)),
      ),
    ),
  );
}

/** @param {Record<string, string>} headers */
function signatureOf(headers) {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

/** @param {{ project_name?: string, project_id: string, roles?: string[] }} grant */
function grantLine({ project_name: name, project_id: id, roles = [] }) {
  return h(
    "li",
    {},
    h("span.muted", {}, `${name ?? id}: `),
    roles.join(", ") || "no role",
  );
}

/**
 * @param {import("./sandbox.js").RoleExplanation} role
 * @param {import("./session.js").Background} background
 */
function lookupLine(
  { role, project, entry, permissions, problem },
  background,
) {
  const name = projectName(project, background);
  return h(
    "li",
    {},
    h("span.muted", {}, `${name}: `),
    entry ?? role,
    h("span.muted", { "aria-hidden": "true" }, " → "),
    h("span", {}, problem ?? (permissions.join(", ") || "no entry")),
  );
}

/** @param {string} body @returns {unknown} */
function pretty(body) {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
