// @ts-check
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
    ...exchanges.map((exchange, index) =>
      index === 0
        ? h(
          "div",
          {},
          h("h3", {}, ...callTitle(exchange)),
          callSteps(exchange, background),
        )
        // The second call of a login says the same again, for the ID token.
        : disclosure(
          `call-${index}`,
          h("span", {}, ...callTitle(exchange)),
          callSteps(exchange, background),
        )
    ),
  );
}

/**
 * @param {import("./sandbox.js").Exchange} exchange
 * @param {import("./session.js").Background} background
 */
function callSteps(exchange, background) {
  const { condition, request, reply, error, ms, target } = exchange;
  const name = nameOf(condition);
  const grants = request.payload.user_grants ?? [];
  return h(
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
      h("p", {}, `${error ?? reply?.status}, after ${ms.toFixed(0)} ms`),
      reply && jsonBlock(pretty(reply.body)),
    ),
  );
}

/** @param {import("./sandbox.js").Exchange} exchange */
function callTitle({ condition }) {
  return [
    h("code", {}, nameOf(condition)),
    h("span.muted", {}, ` ${PURPOSES[condition] ?? ""}`),
  ];
}

/** @param {string} condition */
function nameOf(condition) {
  return condition.replace("function/", "");
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
 * @param {import("./sandbox.js").Role} role
 * @param {import("./session.js").Background} background
 */
function lookupLine(
  { role, project, key, permissions, why },
  background,
) {
  const name = projectName(project, background);
  return h(
    "li",
    {},
    h("span.muted", {}, `${name}: `),
    key ?? role,
    h("span.muted", { "aria-hidden": "true" }, " → "),
    h("span", {}, why ?? permissions.join(", ")),
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
