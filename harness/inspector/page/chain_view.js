// @ts-check
/**
 * The chain in one table: a role, its entry in the mapping, its permissions in
 * the token.
 *
 * @module
 */
import { button, copyButton, disclosure, h } from "./element.js";
import { decodeText, findRow, formatList, isChanged, readList } from "./draft.js";
import { hasPermission } from "./read_permissions.js";
import { counted, sentenceList } from "./words.js";
/** @import { Chain, Child, Diagnosis, Fix, Role, Row, Session } from "../types.ts" */

/** @param {Chain} chain */
export function chainView(chain) {
  const { session, draft, actions } = chain;
  const { diagnosis, unrequested } = session;
  const used = new Set();
  const rows = session.roles.map((role) => roleRow(role, chain, used));
  const others = draft?.rows.filter((row) => !used.has(row)) ?? [];
  const added = others.filter(({ isNamed }) => !isNamed);
  const kept = others.filter(({ isNamed }) => isNamed);
  const rest = unexplained(session);
  return h(
    "form.card.chain",
    {
      "aria-labelledby": "chain-title",
      novalidate: true,
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        actions.onSave();
      },
    },
    h("header", h("h2", { id: "chain-title" }, "From roles to permissions"), h("p.muted", summary(session))),
    diagnosis && diagnosisView(diagnosis, actions.onFix),
    rows.length + added.length > 0 || rest
      ? table(
        "chain-title",
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads(session))),
        ...rows,
        rest,
        ...added.map((row) => entryRow(row, chain)),
      )
      : undefined,
    kept.length > 0 &&
      disclosure(
        "others",
        `${counted(kept.length, "more entry", "more entries")}, for roles that ${
          who(
            session,
          )
        } does not have in this token`,
        table("others-summary", ...kept.map((row) => entryRow(row, chain))),
      ),
    !diagnosis && unrequested && noteView(unrequested, actions.onFix),
    bar(chain),
  );
}

/** @param {string} label @param {...Child} rows */
function table(label, ...rows) {
  const head = rows[0] instanceof HTMLTableSectionElement ? rows.shift() : null;
  return h("table.rail", { role: "table", "aria-labelledby": label }, head, h("tbody", { role: "rowgroup" }, ...rows));
}

/** @param {Session} session */
function heads({ access, organizations }) {
  const [owner] = organizations;
  const mapping = !owner
    ? "Mapping, in the organization’s metadata"
    : organizations.length > 1
    ? "Mapping, in each organization’s metadata"
    : `Mapping, in ${owner.name}’s metadata`;
  return ["Role, sent by ZITADEL", mapping, access.jwt ? "Permission, in the token" : "Permission, in userinfo"].map(
    (text, index) => h("th", { role: "columnheader", scope: "col" }, h("b", index + 1), text),
  );
}

/** @param {Session} session */
function who({ user, login, name }) {
  return user || login && !/^\d+$/.test(name) ? name.split(" ")[0] : "this user";
}

/** @param {Session} session */
function summary(session) {
  const { roles, items, diagnosis } = session;
  const projects = [...new Set(roles.map(({ project }) => projectName(project, session)))];
  const name = who(session);
  const subject = name === "this user" ? "This user" : name;
  if (roles.length === 0) {
    return items.length > 0
      ? `${counted(items.length, "permission")} in this token.`
      : `${subject} has no roles in this token.`;
  }
  const grant = roles.length === 1 ? "It grants" : "Together they grant";
  return `${subject} has ${counted(roles.length, "role")} in ${sentenceList(projects)}. ${
    diagnosis && !diagnosis.isNote ? `${grant} nothing.` : `${grant} ${counted(items.length, "permission")}.`
  }`;
}

/** @param {string} id @param {Session} session */
function projectName(id, { projects }) {
  return projects.find((it) => it.id === id)?.name ?? `project ${id}`;
}

/** The key as people read it: a project's name and a role, or a role. @param {string} key @param {Session} session */
function keyParts(key, { projects }) {
  const project = projects.find(({ id }) => key.startsWith(`${id}:`));
  return project ? { role: key.slice(project.id.length + 1), project: project.name } : { role: key, project: "" };
}

/** @param {Role} role @param {Chain} chain @param {Set<Row>} used */
function roleRow(role, chain, used) {
  const { session, draft } = chain;
  const row = draft && findRow(draft, role.organization, role.key ?? role.role);
  const isShared = row && used.has(row);
  if (row) used.add(row);
  const entry = row && !isShared
    ? valueCell(row, chain)
    : h("td.entry", { role: "cell" }, isShared ? h("span.muted", "the entry above") : storedEntry(role, session));
  return h(
    "tr",
    { role: "row" },
    h("th", { role: "rowheader", scope: "row" }, h("code", role.role), h("small", projectName(role.project, session))),
    entry,
    gotCell(role, session),
  );
}

/** @param {Role} role @param {Session} session */
function storedEntry({ organization, key, permissions, why }, { organizations, mappingNote }) {
  const isKnown = organizations.some(({ id }) => id === organization);
  if (!isKnown) return h("span.muted", mappingNote);
  if (key === undefined) return h("span.muted", "no entry");
  return why ? h("span.muted", why) : h("code", formatList(permissions));
}

/** @param {Role} role @param {Session} session */
function gotCell(role, session) {
  const { value, added, formerRoles, organizations } = session;
  const where = { project: role.project, organization: role.grantedBy };
  const former = formerRoles.find((it) => it.role === role.role && it.project === role.project);
  const has = (/** @type {string} */ name) => hasPermission(value, name, where);
  const granted = role.permissions.filter(has);
  const late = role.permissions.filter((name) => !has(name));
  const gone = former?.permissions.filter((name) => !has(name) && !role.permissions.includes(name)) ?? [];
  const isKnown = organizations.some(({ id }) => id === role.organization);
  const name = `${role.role} grants `;
  const item = (/** @type {string} */ text) => [h("span.hidden", name), h("code", text)];
  return h(
    "td.got",
    { role: "cell" },
    granted.length + late.length + gone.length === 0
      ? h("span.muted", !isKnown ? "see below" : (role.why ?? "nothing"))
      : h(
        "ul",
        ...granted.map((text) =>
          added.includes(text) ? h("li.new", ...item(text), h("span.mark", " new")) : h("li", ...item(text))
        ),
        ...late.map((text) => h("li.late", h("code", text), h("span.mark", " not in this token"))),
        ...gone.map((text) => h("li.gone", h("del", h("code", text)), h("span.mark", " removed"))),
      ),
  );
}

/** Permissions in the token that no entry shown here explains. @param {Session} session */
function unexplained(session) {
  const { items, roles, organizations } = session;
  const left = items.filter(
    ({ permission, project }) =>
      !roles.some((role) => role.permissions.includes(permission) && (!project || project === role.project)),
  );
  if (left.length === 0) return undefined;
  const isKnown = organizations.length > 0;
  return h(
    "tr",
    { role: "row" },
    h(
      "th",
      { role: "rowheader", scope: "row" },
      h("small", roles.length > 0 && !isKnown ? "all roles together" : "other source"),
    ),
    h(
      "td",
      { role: "cell" },
      h(
        "span.muted",
        isKnown
          ? "Not from the mapping as it is now: from an older one, or from another target."
          : roles.length > 0
          ? ""
          : "This page does not know the roles behind these.",
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

/** A row of an entry that no role of the user leads to. @param {Row} row @param {Chain} chain */
function entryRow(row, chain) {
  const { session, draft, actions } = chain;
  const { role, project } = keyParts(row.key, session);
  const owner = session.organizations.find(({ id }) => id === row.organization);
  const many = session.organizations.length > 1;
  return h(
    "tr",
    { role: "row" },
    row.isNamed
      ? h(
        "th",
        { role: "rowheader", scope: "row" },
        h("code", role),
        h("small", [project, many && owner?.name].filter(Boolean).join(", ")),
      )
      : h(
        "th",
        { role: "rowheader", scope: "row" },
        h("input", {
          id: `${row.id}-key`,
          value: row.key,
          placeholder: "role",
          "aria-label": "Role name",
          "aria-describedby": `${row.id}-note`,
          "aria-invalid": String(chain.problems.has(row)),
          ...PLAIN_TEXT,
          oninput: (/** @type {Event} */ { target }) => {
            const { value } = /** @type {HTMLInputElement} */ (target);
            actions.onType(row, { key: value });
            document.getElementById(row.id)?.setAttribute("aria-label", valueLabel(row, session));
          },
        }),
      ),
    draft && valueCell(row, chain),
    h("td.got", { role: "cell" }),
  );
}

const PLAIN_TEXT = { spellcheck: "false", autocapitalize: "off", autocomplete: "off" };

/** @param {Row} row @param {Session} session */
function valueLabel({ key }, session) {
  const { role, project } = keyParts(key, session);
  return `Permissions of ${project ? `${project} ` : ""}${role || "the new role"}`;
}

/** @param {Row} row @param {Chain} chain */
function valueCell(row, { session, problems, actions }) {
  const label = valueLabel(row, session);
  const name = label.replace("Permissions of ", "");
  const problem = problems.get(row);
  const note = h(`p.hint${problem ? ".bad" : ""}`, { id: `${row.id}-note` }, problem ?? noteOf(row));
  const input = h("input", {
    id: row.id,
    value: row.text,
    placeholder: row.isRaw ? "the value as it is stored" : "no entry: type permissions, such as posts:read",
    "aria-label": label,
    "aria-describedby": note.id,
    "aria-invalid": String(problem !== undefined),
    disabled: row.isRemoved,
    ...PLAIN_TEXT,
    oninput: () => actions.onType(row, { text: /** @type {HTMLInputElement} */ (input).value }),
  });
  return h(
    "td.entry",
    { role: "cell" },
    h(
      "div.edit",
      input,
      button("button.plain", `${row.id}-raw`, "raw value", () => actions.onRaw(row), {
        "aria-pressed": String(row.isRaw),
        "aria-label": `Raw value of ${name}`,
        title: "Edit the stored text itself, also one that is not a list",
      }),
      (row.stored !== undefined || !row.isNamed) &&
        button("button.plain", `${row.id}-remove`, row.isRemoved ? "restore" : "remove", () => actions.onRemove(row), {
          "aria-label": `${row.isRemoved ? "Restore" : "Remove"} ${name}`,
        }),
    ),
    note,
  );
}

/** @param {Row} row */
export function noteOf(row) {
  if (row.note) return row.note;
  if (row.isRemoved) return "Removed when you save.";
  if (!isChanged(row)) return "";
  const spaced = row.isRaw ? undefined : readList(row.text)?.find((it) => it.includes(" "));
  return spaced
    ? `Not saved yet. “${spaced}” is one permission with a space in it; commas separate permissions.`
    : "Not saved yet.";
}

/** @param {Chain} chain */
function bar({ draft, session, feedback, actions }) {
  if (!draft) {
    const entries = session.organizations.flatMap((it) => it.entries);
    const arrays = entries.flatMap(({ key, value }) => {
      const text = decodeText(value);
      const list = text.trim().startsWith("[") ? readList(text) : undefined;
      return list ? [[key, list]] : [];
    });
    const left = entries.length - arrays.length;
    const omitted = left > 0 ? ` The copy leaves out ${counted(left, "value")} that is not a JSON array.` : "";
    return session.organizations.length > 0 && h(
      "div.bar2",
      h(
        "p.muted",
        "This page only reads the mapping of a real instance. Edit a copy, then run ",
        h("code", "deno task roles apply"),
        `.${omitted}`,
      ),
      copyButton("copy-roles", "Copy as roles.json", JSON.stringify(Object.fromEntries(arrays), null, 2)),
    );
  }
  return h(
    "div.bar2",
    h("div.feedback", { id: "save-feedback" }, feedback),
    h(
      "div.actions",
      button("button.quiet", "add", "Add a role", actions.onAdd),
      button("button.quiet", "undo", "Undo changes", actions.onUndo),
      h("button.primary", { type: "submit", id: "save" }, "Save and get a new token"),
    ),
  );
}

/** @param {Diagnosis} diagnosis @param {Chain["actions"]["onFix"]} onFix */
function diagnosisView({ title, text, fix, isNote }, onFix) {
  return h(
    isNote ? "div.diagnosis" : "div.diagnosis.bad",
    { id: "diagnosis" },
    h("h3", title),
    h("p", text),
    fix && fixButton(fix, onFix),
  );
}

/** @param {Diagnosis} diagnosis @param {Chain["actions"]["onFix"]} onFix */
function noteView({ title, text, fix }, onFix) {
  return h("div.bar2", h("p.muted", `${title}. ${text}`), fix && fixButton(fix, onFix));
}

/** @param {Fix} fix @param {Chain["actions"]["onFix"]} onFix */
function fixButton(fix, onFix) {
  return fix.copy ? copyButton("fix", fix.label, fix.copy) : button("button.quiet", "fix", fix.label, () => onFix(fix));
}
