// @ts-check
import { keyText } from "./chain_view.js";
import { rowId } from "./edits.js";
import { button, focus, h, PLAIN_TEXT } from "./element.js";
import { say } from "./feedback.js";
import { counted, sentenceList } from "./words.js";
/** @import { Edits } from "./edits.js" */
/** @import { Session } from "./session.js" */
/** @import { Child, Edit, EntryName } from "../types.ts" */

/**
 * Creates what takes the place of the entries while they are edited.
 *
 * @param {Edits} edits
 * @param {object} parts
 * @param {Session} parts.session
 * @param {Child} parts.feedback
 * @param {() => void} parts.draw
 * @param {() => void} parts.onSave
 */
export function editorOf(edits, { session, feedback, draw, onSave }) {
  /** @param {EntryName} name @param {Partial<Edit>} part @param {string} id */
  const type = (name, part, id) => {
    const edit = edits.change(name, part);
    const problem = problemOf(edit);
    const note = document.getElementById(`${id}-note`);
    note?.replaceChildren(problem || edits.note(edit));
    note?.classList.toggle("bad", problem !== "");
    sayUnsaved(edits);
  };
  /** @param {Edit | undefined} edit */
  const problemOf = (edit) =>
    edit && edits.changed.includes(edit) && (edits.isChecked || edit.key.trim() !== "") ? edits.problem(edit) : "";
  /** @param {string} id @param {Edit | undefined} edit @param {string} value @param {Record<string, unknown>} others */
  const input = (id, edit, value, others) =>
    h("input", {
      id,
      value,
      "aria-describedby": `${id.replace(/-key$/, "")}-note`,
      ...PLAIN_TEXT,
      "aria-invalid": String(problemOf(edit) !== ""),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && onSave(),
      ...others,
    });
  const onAdd = () => {
    edits.isChecked = false;
    const { id } = edits.add(session.organizations[0]?.id ?? "");
    draw();
    sayUnsaved(edits);
    focus(`${id}-key`);
  };
  const onUndo = () => {
    const { length } = edits.changed;
    edits.list = [];
    draw();
    say("save", length > 0 ? `${counted(length, "change")} undone.` : "There are no unsaved changes.");
  };
  const onDone = () => {
    if (edits.changed.length > 0) return say("save", "Save or undo the changes first.", { tone: "bad" });
    edits.isOpen = false;
    draw();
    focus("edit");
  };
  return {
    added: edits.list.filter(({ isNew }) => isNew),
    /** @param {EntryName} name */
    field(name) {
      const edit = "id" in name ? /** @type {Edit} */ (name) : edits.find(name);
      const id = edit?.id ?? rowId(name);
      const label = keyText(name, session) || "the new role";
      const isKnown = edit?.isNew || edits.stored(name) !== undefined;
      const remove = () => {
        if (edit?.isNew) edits.drop(edit);
        else edits.change(name, { isRemoved: !edit?.isRemoved });
        draw();
        sayUnsaved(edits);
      };
      return h(
        "div.edit",
        input(id, edit, edit?.text ?? edits.textOf(name), {
          "aria-label": `Permissions of ${label}`,
          placeholder: "no entry: type permissions, such as posts:read",
          disabled: edit?.isRemoved,
          oninput: (/** @type {Event} */ { target }) =>
            type(name, { text: /** @type {HTMLInputElement} */ (target).value }, id),
        }),
        isKnown && button("button.plain", `${id}-remove`, edit?.isRemoved ? "restore" : "remove", remove, {
          "aria-label": `${edit?.isRemoved ? "Restore" : "Remove"} ${label}`,
        }),
        h(problemOf(edit) ? "p.hint.bad" : "p.hint", { id: `${id}-note` }, problemOf(edit) || edits.note(edit)),
      );
    },
    /** @param {Edit} edit */
    nameField: (edit) =>
      input(`${edit.id}-key`, edit, edit.key, {
        "aria-label": "Role name",
        placeholder: "role",
        oninput: (/** @type {Event} */ { target }) => {
          const { value } = /** @type {HTMLInputElement} */ (target);
          type(edit, { key: value }, edit.id);
          document.getElementById(edit.id)?.setAttribute("aria-label", `Permissions of ${value || "the new role"}`);
        },
      }),
    bar: () =>
      h(
        "div.bar2",
        h("div.feedback", { id: "save-feedback" }, feedback),
        h(
          "div.actions",
          button("button.quiet", "add", "Add a role", onAdd),
          button("button.quiet", "undo", "Undo changes", onUndo),
          button("button.quiet", "done", "Done", onDone),
          button("button.primary", "save", "Save and get a new token", onSave),
        ),
      ),
  };
}

/** @param {Edits} edits */
export function sayUnsaved({ changed }) {
  const names = sentenceList(changed.map(({ key }) => key.trim() || "a new role"));
  say("save", changed.length > 0 ? `${counted(changed.length, "unsaved change")}: ${names}.` : "", { spoken: "" });
}
