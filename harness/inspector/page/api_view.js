// @ts-check
import { copyButton, h } from "./element.js";
import { hasPermission } from "./read_permissions.js";
/** @import { Result, Session, Settings } from "../types.ts" */

/** The calls of the demo's API, and what each needs. */
const CALLS = [
  { method: "GET", path: "/posts", permission: "posts:read" },
  { method: "POST", path: "/posts", permission: "posts:write" },
];

/**
 * Calls the demo's API with a token.
 *
 * @param {string} accessToken
 * @returns {Promise<Result[]>}
 */
export function callApi(accessToken) {
  return Promise.all(
    CALLS.map(async ({ method, path }) => {
      const response = await fetch(`/api${path}`, { method, headers: { authorization: `Bearer ${accessToken}` } });
      const challenge = response.headers.get("www-authenticate") ?? "";
      const reason = /error_description="([^"]*)"/.exec(challenge)?.[1] ?? /error="([^"]*)"/.exec(challenge)?.[1] ?? "";
      return { status: response.status, reason };
    }),
  );
}

/** The project that an API would expect in `aud`. @param {Session} session @param {Settings} settings */
export function audienceOf({ roles, world, login }, { projectId }) {
  const app = world?.apps.find((it) => it.clientId === login?.clientId);
  return app?.projectId || projectId || roles[0]?.project || "";
}

/**
 * Shows what an API makes of the token: two calls, a permission to try, and the
 * check to copy.
 *
 * @param {object} parts
 * @param {Session} parts.session
 * @param {string} parts.audience
 * @param {readonly Result[] | undefined} parts.results From the running API; `undefined` if there is none.
 * @param {string} parts.code
 * @param {string} parts.tried What was typed before.
 * @param {(text: string) => void} parts.onTry
 * @returns {HTMLElement}
 */
export function apiView({ session, audience, results, code, tried, onTry }) {
  const { value, access } = session;
  const allows = (/** @type {string} */ name) => hasPermission(value, name, { project: audience || undefined });
  const verdict = h("output", { id: "try-result", for: "try" });
  const show = (/** @type {string} */ name) => {
    const isIn = allows(name);
    verdict.className = !name ? "muted" : isIn ? "ok" : "no";
    verdict.textContent = !name ? "" : isIn ? "✓ in the token" : "✕ not in the token: 403";
  };
  show(tried);
  const input = h("input", {
    id: "try",
    value: tried,
    placeholder: "try a permission, such as stock:pick",
    "aria-label": "Try a permission",
    spellcheck: "false",
    autocapitalize: "off",
    oninput: () => {
      const { value } = /** @type {HTMLInputElement} */ (input);
      onTry(value);
      show(value.trim());
    },
  });
  const how = results
    ? "Live calls of the demo's API with this access token."
    : access.jwt
    ? "Checked in this page, by the rules of the code beside."
    : "Your API asks ZITADEL by introspection and checks the answer. Checked in this page.";
  return h(
    "section.card",
    { "aria-labelledby": "api-title" },
    h("div.title", h("h2", { id: "api-title" }, "What your API does with it"), h("p.muted", how)),
    h(
      "div.api",
      h(
        "div",
        h(
          "ul.try",
          ...CALLS.map(({ method, path, permission }, index) => {
            const isIn = allows(permission);
            const result = results?.[index] ?? { status: isIn ? 200 : 403, reason: isIn ? "" : "insufficient_scope" };
            return h(
              "li",
              h("span", h("code", `${method} ${path}`), " needs ", h("code", permission)),
              resultView(result),
            );
          }),
          h("li", input, verdict),
        ),
      ),
      h("div.code", h("pre", { tabindex: 0 }, h("code", code)), copyButton("copy-code", "Copy the check", code)),
    ),
  );
}

/** @param {Result} result */
function resultView({ status, reason }) {
  return status < 300
    ? h("span.ok", `✓ ${status} allowed`)
    : h("span.no", `✕ ${status}`, reason && h("small", ` ${reason}`));
}
