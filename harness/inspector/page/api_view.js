// @ts-check
import { copyButton, h } from "./element.js";
import { hasPermission } from "./read_permissions.js";
/** @import { ApiPlace, ApiResult, Session, Settings } from "../types.ts" */

/** Has the example API called. @param {string} accessToken @returns {Promise<ApiResult[]>} */
export async function callApi(accessToken) {
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await fetch("/api-calls", { method: "POST", headers });
  if (!response.ok) throw new Error(`The API cannot be called: HTTP ${response.status}`);
  return await response.json();
}

/**
 * The project that an API expects in `aud`, and the organization it serves.
 *
 * @param {Session} session
 * @param {Settings} settings
 * @returns {ApiPlace}
 */
export function apiPlace({ roles, world, login }, { projectId }) {
  const app = world?.apps.find((it) => it.clientId === login?.clientId);
  const project = app?.projectId || projectId || roles[0]?.project || "";
  const role = roles.find((it) => it.project === project) ?? roles[0];
  return { project, organization: role?.grantedBy ?? "" };
}

/**
 * Shows what an API makes of the token: its calls, a permission to try, and the
 * check to copy.
 *
 * @param {object} parts
 * @param {Session} parts.session
 * @param {Settings} parts.settings
 * @param {readonly ApiResult[] | undefined} parts.results Of the running API; `undefined` if it was not called.
 * @param {string} parts.code
 * @param {string} parts.tried What was typed before.
 * @param {(text: string) => void} parts.onTry
 * @returns {HTMLElement}
 */
export function apiView({ session, settings, results, code, tried, onTry }) {
  const { value, access } = session;
  const place = apiPlace(session, settings);
  const allows = (/** @type {string} */ name) => hasPermission(value, name, place);
  const verdict = h("output", { id: "try-result", for: "try" });
  const show = (/** @type {string} */ name) => {
    const isIn = allows(name);
    verdict.className = !name ? "muted" : isIn ? "ok" : "no";
    verdict.textContent = !name ? "" : isIn ? "✓ in the token" : "✕ not in the token: 403";
  };
  show(tried.trim());
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
    ? "Live answers of the example API to this access token."
    : access.jwt
    ? "Checked in this page, by the same rules as the code."
    : "Your API asks ZITADEL by introspection, then checks the answer. Checked in this page.";
  const calls = settings.routes.map(({ method, path, permission }, index) => {
    const reason = allows(permission) ? "" : `Missing permission: ${permission}`;
    return h(
      "li",
      h("span", h("code", `${method} ${path}`), " needs ", h("code", permission)),
      resultView(results?.[index] ?? { status: reason ? 403 : 200, reason }),
    );
  });
  return h(
    "section.card",
    { "aria-labelledby": "api-title" },
    h("div.title", h("b.ok", "4"), h("h2", { id: "api-title" }, "What your API does with it"), h("p.muted", how)),
    h(
      "div.api",
      h("ul.try", ...calls, h("li", input, verdict)),
      h(
        "div.code",
        h("pre", { tabindex: 0, role: "region", "aria-label": "The check of your API" }, h("code", code)),
        copyButton("copy-code", "Copy the check", code),
      ),
    ),
  );
}

/** @param {ApiResult} result */
function resultView({ status, reason }) {
  return status < 300
    ? h("span.ok", `✓ ${status} allowed`)
    : h("span.no", `✕ ${status}`, reason && h("small", ` ${reason}`));
}
