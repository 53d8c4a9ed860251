// @ts-check
import { h } from "./element.js";

/**
 * Shows the permissions, each with the roles that gave it, or why there are none.
 *
 * @param {import("./session.js").Session} session
 * @param {import("./session.js").Settings} settings
 * @returns {HTMLElement}
 */
export function permissionsView(session, settings) {
  const { permissions, gone, diagnosis } = session;
  return h(
    "section.card.permissions",
    { "aria-labelledby": "permissions-title" },
    h(
      "div.title",
      {},
      h("h2", { id: "permissions-title" }, "Permissions"),
      permissions.length > 0 && h("span.count", {}, permissions.length),
    ),
    diagnosis && diagnosisView(diagnosis),
    (permissions.length > 0 || gone.length > 0) && h(
      "ul",
      { id: "permission-list" },
      ...permissions.map((name) => permissionRow(name, session)),
      ...gone.map((name) =>
        h(
          "li.gone",
          {},
          h("del", {}, h("code", {}, name)),
          h("span.mark", {}, "gone since the last token"),
        )
      ),
    ),
    silentRoles(session),
    verdictLine(session.access, settings),
  );
}

/** @param {string} name @param {import("./session.js").Session} session */
function permissionRow(name, { added, background }) {
  const sources = background?.roles.filter(({ permissions }) =>
    permissions.includes(name)
  );
  const isNew = added.includes(name);
  return h(
    isNew ? "li.new" : "li",
    {},
    h("code", {}, name),
    h(
      "span.sources",
      {},
      isNew && h("span.mark", {}, "new"),
      ...(sources ?? []).map((source) =>
        h(
          "span.chip",
          {},
          source.role,
          h("span.muted", {}, projectName(source.project, background)),
        )
      ),
      sources?.length === 0 &&
        h(
          "span.muted",
          {},
          "not from the mapping as it is now",
        ),
    ),
  );
}

/**
 * Roles that the user has and that gave nothing.
 *
 * @param {import("./session.js").Session} session
 */
function silentRoles({ background }) {
  const roles = background?.roles.filter(({ permissions }) =>
    permissions.length === 0
  );
  if (!roles?.length) return undefined;
  return h(
    "ul.silent",
    { "aria-label": "Roles that grant nothing" },
    ...roles.map(({ role, project, why }) =>
      h(
        "li",
        {},
        h(
          "span.chip",
          {},
          role,
          h("span.muted", {}, projectName(project, background)),
        ),
        h(
          "span.muted",
          {},
          `grants nothing: ${why}`,
        ),
      )
    ),
  );
}

/**
 * @param {string} id
 * @param {import("./session.js").Background | undefined} background
 */
export function projectName(id, background) {
  return background?.world.projects.find((it) => it.id === id)?.name ?? id;
}

/** @param {import("./diagnose.js").Diagnosis} diagnosis */
function diagnosisView({ title, text, causes }) {
  return h(
    "div.diagnosis",
    { id: "diagnosis" },
    h("h3", {}, title),
    h("p", {}, text),
    h("ol", {}, ...causes.map((cause) => h("li", {}, cause))),
  );
}

/**
 * Says whether the issuer signed a token.
 *
 * @param {import("./session.js").Token} token
 * @param {import("./session.js").Settings} settings
 */
export function verdictLine({ verdict }, { issuer }) {
  if (!verdict) return undefined;
  const words = {
    valid: "Signature valid",
    invalid: "Signature NOT valid",
    unknown: "Signature not checked",
  };
  return h(
    `p.verdict.${verdict.state}`,
    { title: issuer },
    h("strong", {}, words[verdict.state]),
    h("span.muted", {}, verdict.text),
  );
}
