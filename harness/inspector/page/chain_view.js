// @ts-check
/**
 * The chain in one table: a role, its entry in the mapping, its permissions in the token. It is read first; an
 * editor's fields take the place of the entries.
 *
 * @module
 */
import { button, copyButton, disclosure, h } from "./element.js";
import { decodeText, formatValue, readList } from "./edits.js";
import { counted, sentenceList } from "./words.js";
/** @import { Child, Edit, EntryName, Role, Session } from "../types.ts" */

/**
 * @typedef {object} Editor
 * @property {(name: EntryName) => Child} field
 * @property {(edit: Edit) => Child} nameField
 * @property {readonly Edit[]} added
 * @property {() => Child} bar
 */

/**
 * @param {Session} session
 * @param {Editor | undefined} editor While the mapping is edited.
 * @param {(() => void) | undefined} onEdit `undefined` if it cannot be edited.
 */
export function chainView(session, editor, onEdit) {
  const { roles, organizations, user } = session;
  const known = new Map(
    organizations.flatMap(({ id: organization, entries }) =>
      entries.map((
        { key },
      ) => /** @type {[string, EntryName]} */ ([JSON.stringify([organization, key]), { organization, key }]))
    ),
  );
  /** @param {EntryName} name @param {Child} otherwise */
  const entryCell = (name, otherwise) =>
    h(
      "td.entry",
      { role: "cell" },
      known.has(JSON.stringify([name.organization, name.key])) || editor ? editor?.field(name) ?? otherwise : otherwise,
    );
  const used = new Set();
  const rows = roles.map((role) => {
    const name = { organization: role.organization, key: role.key ?? role.role };
    const id = JSON.stringify([name.organization, name.key]);
    const isShared = used.has(id);
    used.add(id);
    return row(
      [h("code", role.role), h("small", projectName(role.project, session))],
      isShared
        ? h("td.entry", { role: "cell" }, h("span.muted", "the entry above"))
        : entryCell(name, storedEntry(role, session)),
      gotCell(role, session),
    );
  });
  const others = [...known].filter(([id]) => !used.has(id)).map(([, name]) =>
    row([h("code", keyText(name, session))], entryCell(name, h("code", formatValue(valueOf(name, session)))))
  );
  const added =
    editor?.added.map((edit) => row([editor.nameField(edit)], h("td.entry", { role: "cell" }, editor.field(edit)))) ??
      [];
  const who = user?.displayName.split(" ")[0] ?? "this user";
  return h(
    "section.card.chain",
    { "aria-labelledby": "chain-title" },
    h(
      "header",
      h("h2", { id: "chain-title" }, "From roles to permissions"),
      h("p.muted", summary(session)),
      onEdit && !editor && button("button.quiet.small", "edit", "Edit mapping", onEdit),
      !onEdit && copyRoles(session),
    ),
    rows.length + added.length > 0 || session.items.length > 0
      ? table("chain-title", h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads(session))), [
        ...rows,
        unexplained(session),
        ...added,
      ])
      : undefined,
    others.length > 0 &&
      disclosure(
        "others",
        `${counted(others.length, "more entry", "more entries")}, for roles that ${who} does not have in this token`,
        table("others-summary", null, others),
      ),
    editor?.bar(),
  );
}

/** @param {string} label @param {Child} head @param {readonly Child[]} rows */
function table(label, head, rows) {
  return h("table.rail", { role: "table", "aria-labelledby": label }, head, h("tbody", { role: "rowgroup" }, ...rows));
}

/** Roles are named, since a narrow page shows a table as blocks. @param {readonly Child[]} head @param {...Child} cells */
function row(head, ...cells) {
  const [entry, got = h("td.got", { role: "cell" })] = cells;
  return h("tr", { role: "row" }, h("th", { role: "rowheader", scope: "row" }, ...head), entry, got);
}

/** @param {Session} session */
function heads({ access, organizations: [owner, ...others] }) {
  const whose = !owner ? "the organization" : others.length > 0 ? "each organization" : owner.name;
  return [
    "Role, sent by ZITADEL",
    `Mapping, in ${whose}’s metadata`,
    `Permission, in ${access.jwt ? "the token" : "userinfo"}`,
  ]
    .map((text, index) => h("th", { role: "columnheader", scope: "col" }, h("b", index + 1), text));
}

/** @param {Session} session */
function summary(session) {
  const { roles, items, user } = session;
  const projects = [...new Set(roles.map(({ project }) => projectName(project, session)))];
  const who = user?.displayName.split(" ")[0] ?? "This user";
  const grants = `${roles.length === 1 ? "It grants" : "Together they grant"} ${
    items.length > 0 ? counted(items.length, "permission") : "nothing"
  }.`;
  if (roles.length > 0) return `${who} has ${counted(roles.length, "role")} in ${sentenceList(projects)}. ${grants}`;
  return items.length > 0
    ? `${counted(items.length, "permission")} in this token.`
    : `${who} has no roles in this token.`;
}

/** @param {string} id @param {Session} session */
function projectName(id, { projects }) {
  return projects.find((it) => it.id === id)?.name || `project ${id}`;
}

/** The key as people read it: a project's name and a role, or a role. @param {EntryName} name @param {Session} session */
export function keyText({ key, organization }, { projects, organizations }) {
  const project = projects.find(({ id }) => key.startsWith(`${id}:`));
  const owner = organizations.length > 1 ? ` (${organizations.find(({ id }) => id === organization)?.name})` : "";
  return (project ? `${project.name} ${key.slice(project.id.length + 1)}` : key) + owner;
}

/** @param {EntryName} name @param {Session} session */
function valueOf({ organization, key }, { organizations }) {
  return organizations.find(({ id }) => id === organization)?.entries.find((it) => it.key === key)?.value;
}

/** @param {Role} role @param {Session} session */
function storedEntry(role, session) {
  const { organization, key, why, isCounted } = role;
  if (!isCounted) return h("span.muted", `does not count: ${why}`);
  if (!session.organizations.some(({ id }) => id === organization)) return h("span.muted", session.mappingNote);
  if (key === undefined) return h("span.muted", "no entry");
  return h("code", formatValue(valueOf({ organization, key }, session)) || "[]");
}

/** @param {Role} role @param {Session} session */
function gotCell({ role, permissions, project, grantedBy }, { items, added }) {
  const isIn = (/** @type {string} */ name) =>
    items.some((it) =>
      it.permission === name && (it.project ?? project) === project && (it.organization ?? grantedBy) === grantedBy
    );
  const names = permissions.map((name) => {
    const mark = !isIn(name) ? "late" : added.includes(name) ? "new" : "";
    const text = [h("span.hidden", `${role} grants `), h("code", name)];
    return h("li", { class: mark }, ...text, mark && h("span.mark", mark === "new" ? " new" : " not in this token"));
  });
  return h("td.got", { role: "cell" }, names.length > 0 ? h("ul", ...names) : h("span.muted", "nothing"));
}

/** Permissions in the token that no entry shown here explains. @param {Session} session */
function unexplained(session) {
  const { items, roles, organizations } = session;
  const left = items.filter(({ permission, project }) =>
    !roles.some((role) => role.permissions.includes(permission) && (project ?? role.project) === role.project)
  );
  if (left.length === 0) return undefined;
  const isKnown = organizations.length > 0;
  return row(
    [h("small", roles.length > 0 && !isKnown ? "all roles together" : "other source")],
    h(
      "td.entry",
      { role: "cell" },
      h(
        "span.muted",
        isKnown
          ? "Not from the mapping as it is now: from an older one, or from another target."
          : roles.length === 0 && "This page does not know the roles behind these.",
      ),
    ),
    h(
      "td.got",
      { role: "cell" },
      h(
        "ul",
        ...left.map(({ permission, project }) =>
          h("li", h("code", permission), project && h("small", ` ${projectName(project, session)}`))
        ),
      ),
    ),
  );
}

/** @param {Session} session */
function copyRoles({ organizations }) {
  const entries = organizations.flatMap((it) => it.entries);
  if (entries.length === 0) return undefined;
  const arrays = entries.flatMap(({ key, value }) => {
    const text = decodeText(value);
    const list = text.trim().startsWith("[") ? readList(text) : undefined;
    return list ? [[key, list]] : [];
  });
  const left = entries.length - arrays.length;
  return h(
    "div.actions",
    copyButton("copy-roles", "Copy as roles.json", () => JSON.stringify(Object.fromEntries(arrays), null, 2)),
    h(
      "p.hint",
      "To change it, edit the copy and run ",
      h("code", "deno task roles apply"),
      left > 0 ? `. The copy leaves out ${counted(left, "value")} that is not a JSON array.` : ".",
    ),
  );
}
