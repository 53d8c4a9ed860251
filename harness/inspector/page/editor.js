// @ts-check
import { noteOf } from "./chain_view.js";
import * as drafts from "./draft.js";
import { say } from "./feedback.js";
import { counted } from "./words.js";
/** @import { Draft, Fix, Organization, Row, Session } from "../types.ts" */

/** Permissions to begin with, as in ZITADEL's guide. @type {Record<string, string>} */
const EXAMPLES = { admin: "read:all, write:all, delete:all", editor: "posts:read, posts:write", viewer: "posts:read" };

/** The mapping as it is edited on the page; it stays while tokens come and go. */
export class Editor {
  /** @type {Draft | undefined} `undefined` if the mapping cannot be edited. */
  draft;
  /** Whether a save was tried: until then a name may be missing. */
  #isChecked = false;
  #draw;

  /** @param {() => void} draw Redraws the page. */
  constructor(draw) {
    this.#draw = draw;
  }

  /** How many rows are not saved. */
  get count() {
    return this.draft?.rows.filter(drafts.isChanged).length ?? 0;
  }

  /** Takes up edits from before a login, under ids of this page. @param {Draft | undefined} saved */
  restore(saved) {
    const draft = { rows: [] };
    for (const row of saved?.rows ?? []) drafts.addRow(draft, row);
    this.draft = saved && draft;
  }

  /** Forgets the edits. */
  clear() {
    this.draft = undefined;
    this.#isChecked = false;
  }

  /**
   * Takes over the stored mapping, keeps the edits, and returns what was changed elsewhere.
   *
   * @param {Pick<Session, "roles">} session
   * @param {readonly Organization[]} organizations
   */
  takeOver({ roles }, organizations) {
    const draft = (this.draft ??= { rows: [] });
    const leadsTo = (/** @type {Row} */ row) =>
      roles.some(({ organization, key, role }) => organization === row.organization && (key ?? role) === row.key);
    const differences = drafts.rebase(draft, organizations, leadsTo);
    for (const { organization, key, role } of roles) {
      if (key !== undefined || drafts.findRow(draft, organization, role)) continue;
      drafts.addRow(draft, { organization, key: role });
    }
    return differences;
  }

  /** What keeps the draft from being saved. @returns {Map<Row, string>} */
  get problems() {
    const found = this.draft ? drafts.problemsOf(this.draft) : new Map();
    for (const row of found.keys()) {
      if (!this.#isChecked && row.key.trim() === "") found.delete(row);
    }
    return found;
  }

  /** Reports whether the draft can be saved; if not, marks the rows and goes to the first. */
  check() {
    this.#isChecked = true;
    const { problems } = this;
    this.mark();
    const [first] = problems.keys();
    if (!first) return true;
    const isKey = !first.isNamed && !problems.get(first)?.startsWith("This begins");
    focus(isKey ? `${first.id}-key` : first.id);
    say("save", "Not saved. Correct the marked row first.", { tone: "bad" });
    return false;
  }

  /** Updates the notes of the rows, without redrawing what is being typed into. */
  mark() {
    const { count, problems } = this;
    for (const row of this.draft?.rows ?? []) {
      const note = document.getElementById(`${row.id}-note`);
      const problem = problems.get(row);
      if (!note) continue;
      note.textContent = problem ?? noteOf(row);
      note.classList.toggle("bad", problem !== undefined);
      for (const id of [row.id, `${row.id}-key`]) {
        document.getElementById(id)?.setAttribute("aria-invalid", String(problem !== undefined));
      }
    }
    say("save", count > 0 ? `${counted(count, "unsaved change")}.` : "", { spoken: "" });
  }

  /** @param {Row} row @param {Partial<Row>} part */
  type(row, part) {
    Object.assign(row, part);
    this.mark();
  }

  /** @param {Row} row */
  toggleRaw(row) {
    drafts.toggleRaw(row);
    this.#draw();
    this.mark();
  }

  /** Removes a row, or restores it. @param {Row} row */
  remove(row) {
    if (!this.draft) return;
    if (row.isNamed) row.isRemoved = !row.isRemoved;
    else this.draft.rows = this.draft.rows.filter((it) => it !== row);
    this.#draw();
    if (!row.isNamed) focus("add");
    this.mark();
  }

  /** Adds a row for a role to be named. @param {string | undefined} organization */
  add(organization) {
    if (!this.draft || !organization) return;
    this.#isChecked = false;
    const { id } = drafts.addRow(this.draft, { organization, key: "", isNamed: false });
    this.#draw();
    focus(`${id}-key`);
    this.mark();
  }

  undo() {
    if (!this.draft) return;
    const { count } = this;
    drafts.undoChanges(this.draft);
    this.#isChecked = false;
    this.#draw();
    say("save", count > 0 ? `${counted(count, "change")} undone.` : "There are no unsaved changes.");
  }

  /** Adds entries with examples, or goes to one. @param {Fix} fix */
  fix({ add = [], edit }) {
    if (!this.draft) return;
    for (const { organization, role } of add) {
      const row = drafts.findRow(this.draft, organization, role) ??
        drafts.addRow(this.draft, { organization, key: role });
      if (!row.text) row.text = EXAMPLES[role] ?? `${role}:example`;
    }
    const target = edit ?? add[0];
    const row = target && drafts.findRow(this.draft, target.organization, target.key ?? target.role);
    this.#draw();
    this.mark();
    if (row) focus(row.id);
  }
}

/** @param {string} id */
function focus(id) {
  const element = document.getElementById(id);
  element?.closest("details")?.setAttribute("open", "");
  element?.focus();
}
