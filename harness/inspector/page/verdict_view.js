// @ts-check
import { copyButton, h } from "./element.js";
import { fixButton } from "./question_view.js";
import { judge } from "./verdict.js";
import { counted } from "./words.js";
/** @import { Session } from "./session.js" */
/** @import { Fix, Settings } from "../types.ts" */

/**
 * Shows whether an API accepts the token, and what the example API answered to it.
 *
 * @param {Session} session
 * @param {Settings} settings
 * @param {number} now In milliseconds since 1970.
 * @param {(fix: Fix) => void} onFix
 */
export function verdictView(session, settings, now, onFix) {
  const { access, place, login, items, projects } = session;
  const { checks, status, reason } = judge(session, settings, now);
  const project = projects.find(({ id }) => id === place.project)?.name;
  const query = new URLSearchParams({ ...place, client: login?.clientId ?? "", ...(!access.jwt && { opaque: "" }) });
  const isAccepted = status === 200;
  return h(
    "section.card.verdict",
    { "aria-label": "Token verdict" },
    h(
      "p",
      h(isAccepted ? "strong.ok" : "strong.no", isAccepted ? "Accepted" : "Refused"),
      isAccepted
        ? ` by an API${project ? ` of ${project}` : ""}, with ${
          items.length > 0 ? counted(items.length, "permission") : "no permissions"
        }.`
        : `. ${reason}, so an API answers ${status} to every call.`,
    ),
    h(
      "ul.checks",
      ...checks.map(({ name, problem }) =>
        h(problem ? "li.no" : "li", h("span.ok", { "aria-hidden": "true" }, problem ? "" : "✓ "), problem && "✕ ", name)
      ),
      !place.project && access.jwt && h("li", "audience not checked: no project is given"),
    ),
    settings.routes.length > 0 && h("ul.rows", ...rows(session, settings, status, reason)),
    h(
      "div.actions",
      copyButton("copy-check", "Copy the check", () => fetch(`/check.js?${query}`).then((it) => it.text())),
      !access.jwt && fixButton(jwtFix(session), onFix),
    ),
  );
}

/** What the example API answered; if the token is refused, that is the answer to all. @param {Session} session @param {Settings} settings @param {number} status @param {string} reason */
function rows({ results }, { routes }, status, reason) {
  return routes.flatMap(({ method, path, permission }, index) => {
    const answered = results?.[index];
    // The answer that it had before it expired is not the answer now.
    const result = status === 401 && answered?.status !== 401 ? { status, reason } : answered;
    return result
      ? [
        h(
          "li",
          h("span", h("code", `${method} ${path}`), " needs ", h("code", permission)),
          result.status < 300
            ? h("span.ok", `✓ ${result.status} allowed`)
            : h("span.no", `✕ ${result.status} `, h("small", result.reason)),
        ),
      ]
      : [];
  });
}

/** An application of the same project that issues JWTs. @param {Session} session @returns {Fix | undefined} */
function jwtFix({ apps, login }) {
  const own = apps.find((it) => it.clientId === login?.clientId);
  const other = apps.find((it) =>
    it.projectId === own?.projectId && it.accessToken === "jwt" && it.redirectUris.includes(login?.redirectUri ?? "")
  );
  return other && { label: `Log in to ${other.name} instead`, clientId: other.clientId };
}
