// @ts-check
/**
 * The chain in one table: a role, its entry in the mapping, its permissions in the token. It is read first; an
 * editor's fields take the place of the entries.
 *
 * @module
 */
import { button, disclosure, h } from "./element.js";
import { formatValue, rowId } from "./edits.js";
import { counted, sentenceList } from "./words.js";
/** @import { Session } from "./session.js" */
/** @import { Child, Edit, EntryName, Role } from "../types.ts" */

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
  const { roles, organizations, items } = session;
  const entries = entriesOf(session);
  const used = new Set();
  const rows = roles.map((role) => {
    const name = { organization: role.organization, key: role.key ?? role.role };
    const isShared = used.has(rowId(name));
    used.add(rowId(name));
    return row(
      [h("code", role.role), h("small", projectName(role.project, session))],
      isShared ? h("span.muted", "the entry above") : editor?.field(name) ?? storedEntry(role, session),
      gotItems(role, session),
    );
  });
  const others = entries.filter((entry) => !used.has(rowId(entry))).map((entry) =>
    row([h("code", keyText(entry, session))], editor?.field(entry) ?? h("code", formatValue(entry.value)))
  );
  const added = editor?.added.map((edit) => row([editor.nameField(edit)], editor.field(edit))) ?? [];
  return h(
    "section.card.chain",
    { "aria-labelledby": "chain-title" },
    h(
      "header",
      h("h2", { id: "chain-title" }, "From roles to permissions"),
      h("p.muted", summary(session)),
      onEdit && !editor && button("button.quiet.small", "edit", "Edit mapping", onEdit),
      !onEdit && organizations.length > 0 && h("p.hint", "To change it: ", h("code", "deno task roles"), "."),
    ),
    rows.length + added.length + items.length > 0 &&
      table("chain-title", heads(session), [...rows, unexplained(session), ...added]),
    others.length > 0 && disclosure(
      "others",
      `${counted(others.length, "more entry", "more entries")}, for roles that this token does not have`,
      table("others-summary", null, others),
    ),
    editor?.bar(),
  );
}

/** @param {Session} session */
function entriesOf({ organizations }) {
  return organizations.flatMap(({ id: organization, entries }) => entries.map((entry) => ({ ...entry, organization })));
}

/** @param {string} label @param {Child} head @param {readonly Child[]} rows */
function table(label, head, rows) {
  return h("table.rail", { role: "table", "aria-labelledby": label }, head, h("tbody", { role: "rowgroup" }, ...rows));
}

/** Roles are named, since a narrow page shows a table as blocks. @param {readonly Child[]} head @param {...Child} cells */
function row(head, ...cells) {
  const [entry, got] = cells.map((cell, index) => h(index > 0 ? "td.got" : "td.entry", { role: "cell" }, cell));
  return h(
    "tr",
    { role: "row" },
    h("th", { role: "rowheader", scope: "row" }, ...head),
    entry,
    got ?? h("td", { role: "cell" }),
  );
}

/** @param {Session} session */
function heads({ access, organizations: [owner, ...others] }) {
  const whose = !owner ? "the organization" : others.length > 0 ? "each organization" : owner.name;
  const where = access.jwt ? "the token" : "userinfo";
  const cells = ["Role, sent by ZITADEL", `Mapping, in ${whose}’s metadata`, `Permission, in ${where}`].map((
    text,
    index,
  ) => h("th", { role: "columnheader", scope: "col" }, h("b", index + 1), text));
  return h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...cells));
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

/** @param {Role} role @param {Session} session */
function storedEntry({ organization, key, why, isCounted }, session) {
  const { organizations, mappingNote } = session;
  if (!isCounted) return h("span.muted", `does not count: ${why}`);
  if (!organizations.some(({ id }) => id === organization)) return h("span.muted", mappingNote);
  const entry = entriesOf(session).find((it) => it.organization === organization && it.key === key);
  return entry ? h("code", formatValue(entry.value) || "[]") : h("span.muted", "no entry");
}

/** @param {Role} role @param {Session} session */
function gotItems({ role, permissions, project, grantedBy }, { items, added, organizations }) {
  const names = permissions.map((name) => {
    const isIn = items.some((it) =>
      it.permission === name && (it.project ?? project) === project && (it.organization ?? grantedBy) === grantedBy
    );
    const mark = !isIn ? "late" : added.includes(name) ? "new" : "";
    const note = { late: " not in this token", new: " new", "": "" }[mark];
    return h("li", { class: mark }, h("span.hidden", `${role} grants `), h("code", name), h("span.mark", note));
  });
  if (names.length > 0) return h("ul", ...names);
  return organizations.length > 0 && h("span.muted", "nothing");
}

/** Permissions in the token that no entry shown here explains. @param {Session} session */
function unexplained(session) {
  const { items, roles, organizations } = session;
  const left = items.filter(({ permission, project }) =>
    !roles.some((role) => role.permissions.includes(permission) && (project ?? role.project) === role.project)
  );
  if (left.length === 0) return undefined;
  const isKnown = organizations.length > 0;
  const why = isKnown
    ? "Not from the mapping as it is now: from an older one, or from another target."
    : roles.length === 0 && "This page does not know the roles behind these.";
  const list = left.map(({ permission, project }) =>
    h("li", h("code", permission), project && h("small", ` ${projectName(project, session)}`))
  );
  const head = roles.length > 0 && !isKnown ? "all roles together" : "other source";
  return row([h("small", head)], h("span.muted", why), h("ul", ...list));
}
