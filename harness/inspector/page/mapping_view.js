// @ts-check
import { h } from "./element.js";

/**
 * Makes the editor of an organization's mapping.
 *
 * @param {object} parts
 * @param {{ id: string, name: string, metadata: import("./sandbox.js").Mapping }} parts.organization
 * @param {readonly { id: string, name: string }[]} parts.projects
 * @param {(mapping: import("./sandbox.js").Mapping) => void} parts.onSave
 * @returns {HTMLElement}
 */
export function mappingView({ organization, projects, onSave }) {
  const rows = h("div.rows");
  /** @param {string} role @param {string[] | string} value */
  const add = (role, value) => {
    const row = mappingRow(role, value, projects);
    rows.append(row);
    return row;
  };
  for (const [role, value] of Object.entries(organization.metadata)) {
    add(role, value);
  }
  /** @param {Event} event */
  const onsubmit = (event) => {
    event.preventDefault();
    onSave(readMapping(rows));
  };
  return h(
    "section.card.mapping",
    { "aria-labelledby": "mapping-title" },
    h(
      "div.title",
      {},
      h("h2", { id: "mapping-title" }, "Mapping"),
      h("span.muted", {}, `metadata of ${organization.name}`),
    ),
    h(
      "form",
      { onsubmit },
      rows,
      h(
        "div.actions",
        {},
        h(
          "button.primary",
          { type: "submit", id: "save" },
          "Save and get a new token",
        ),
        h("button.quiet", {
          type: "button",
          id: "add",
          onclick: () => add("", []).querySelector("input")?.focus(),
        }, "Add a role"),
      ),
    ),
  );
}

/**
 * @param {string} role
 * @param {string[] | string} value
 * @param {readonly { id: string, name: string }[]} projects
 */
function mappingRow(role, value, projects) {
  const isList = Array.isArray(value);
  const project = projects.find(({ id }) => role.startsWith(`${id}:`));
  const row = h(
    "div.row",
    { role: "group", "aria-label": role || "New role" },
    h("input.role", {
      value: role,
      placeholder: "role",
      "aria-label": "Role",
      spellcheck: "false",
      autocapitalize: "off",
    }),
    h("input.list", {
      value: isList ? value.join(", ") : value,
      placeholder: "permissions",
      "aria-label": role ? `Permissions of ${role}` : "Permissions",
      spellcheck: "false",
      autocapitalize: "off",
      // A value that is no list is kept as it is, so that odd ones can be tried.
      "data-text": !isList,
    }),
    h("button.quiet.remove", {
      type: "button",
      "aria-label": `Remove ${role || "this role"}`,
      onclick: () => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        (next?.querySelector("input") ?? document.getElementById("add"))
          ?.focus();
      },
    }, "×"),
    project && h(
      "p.hint",
      {},
      `${role.slice(project.id.length + 1)} of ${project.name} only`,
    ),
  );
  return row;
}

/**
 * @param {HTMLElement} rows
 * @returns {import("./sandbox.js").Mapping}
 */
function readMapping(rows) {
  /** @type {import("./sandbox.js").Mapping} */
  const mapping = {};
  for (const row of rows.children) {
    const [role, list] = row.querySelectorAll("input");
    const name = role?.value.trim();
    if (!name || !list) continue;
    mapping[name] = list.hasAttribute("data-text")
      ? list.value
      : list.value.split(/[\s,]+/).filter(Boolean);
  }
  return mapping;
}
