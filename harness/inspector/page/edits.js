// @ts-check
/**
 * Edits of the mapping that are not saved: each names its entry, so nothing typed is lost when the stored mapping
 * changes.
 *
 * @module
 */
/** @import { Edit, EntryName, Organization } from "../types.ts" */

/** ZITADEL's limit for a metadata key, in characters. */
const MAX_KEY_LENGTH = 200;

/** Permissions to begin with, as in ZITADEL's guide. */
const EXAMPLES = new Map([
  ["admin", "read:all, write:all, delete:all"],
  ["editor", "posts:read, posts:write"],
  ["viewer", "posts:read"],
]);

export class Edits {
  /** @type {Edit[]} */
  list = [];
  /** Whether the fields are shown. */
  isOpen = false;
  /** Whether a save was tried: until then a name may be missing. */
  isChecked = false;
  /** The mapping as it is stored. @type {readonly Organization[]} */
  organizations = [];

  /** The stored value as base64. @param {EntryName} name */
  stored({ organization, key }) {
    const entries = this.organizations.find(({ id }) => id === organization)?.entries;
    return entries?.find((it) => it.key === key.trim())?.value;
  }

  /** @param {EntryName} name */
  find({ organization, key }) {
    return this.list.find((it) => !it.isNew && it.organization === organization && it.key === key);
  }

  /** What a field of the entry shows. @param {EntryName} name */
  textOf(name) {
    return this.find(name)?.text ?? formatValue(this.stored(name));
  }

  /** Changes an edit, or begins one. @param {EntryName} name @param {Partial<Edit>} part @returns {Edit} */
  change(name, part) {
    const found = "id" in name ? /** @type {Edit} */ (name) : this.find(name);
    if (found) return Object.assign(found, part);
    const { organization, key } = name;
    const before = this.stored(name);
    const edit = { id: rowId(name), organization, key, text: formatValue(before), before, ...part };
    this.list.push(edit);
    return edit;
  }

  /** Adds an entry to be named. @param {string} organization @returns {Edit} */
  add(organization) {
    const id = `row-new-${this.list.length}-${Math.random()}`;
    const edit = { id, organization, key: "", text: "", isNew: true, before: undefined };
    this.list.push(edit);
    return edit;
  }

  /**
   * Begins an entry as another one, or with examples.
   *
   * @param {EntryName & { like?: string | undefined }} name
   * @param {boolean} [isNew] Whether no row has a field for it.
   */
  addExample({ like, ...name }, isNew = false) {
    const text = like && this.textOf({ ...name, key: like });
    if (this.textOf(name)) return;
    this.change(name, { text: text || (EXAMPLES.get(name.key) ?? `${name.key}:example`), isNew });
  }

  /** @param {Edit} edit */
  drop(edit) {
    this.list = this.list.filter((it) => it !== edit);
  }

  /** What differs from what is stored. */
  get changed() {
    return this.list.filter((edit) => {
      const stored = this.stored(edit);
      if (edit.isRemoved) return stored !== undefined;
      if (edit.isNew || stored === undefined) return edit.isNew || edit.text.trim() !== "";
      return edit.text !== formatValue(stored) && valueOf(edit.text) !== decodeText(stored);
    });
  }

  /** What keeps an edit from being saved, in words for its author. @param {Edit} edit */
  problem(edit) {
    const { length } = [...edit.key.trim()];
    if (edit.isRemoved) return "";
    if (length === 0) return "Give the role a name, or remove this row.";
    if (length > MAX_KEY_LENGTH) {
      return `A role name has at most ${MAX_KEY_LENGTH} characters here. This one has ${length}.`;
    }
    const isTaken = edit.isNew &&
      (this.stored(edit) !== undefined ||
        this.changed.some((it) => it !== edit && it.key === edit.key && it.organization === edit.organization));
    if (isTaken) return `There is already a row for “${edit.key.trim()}”. Edit that one instead.`;
    return readList(edit.text) ? "" : "This begins like a JSON array, but is not an array of strings.";
  }

  /** How the entry was changed elsewhere since the edit began. @param {Edit} edit */
  conflict(edit) {
    const stored = this.stored(edit);
    if (stored === edit.before) return "";
    const now = stored === undefined ? "was removed elsewhere" : `is now ${decodeText(stored)} (changed elsewhere)`;
    return `${edit.key} ${now}`;
  }

  /** What is said below an entry's field. @param {Edit | undefined} edit */
  note(edit) {
    if (!edit || !this.changed.includes(edit)) return "";
    const conflict = this.conflict(edit);
    if (conflict) return `${conflict}. Saving replaces that.`;
    if (edit.isRemoved) return "Removed when you save.";
    const spaced = readList(edit.text)?.find((it) => it.includes(" "));
    return `Not saved yet.${
      spaced ? ` “${spaced}” is one permission with a space in it; commas separate permissions.` : ""
    }`;
  }

  /** What saving changes in an organization. @param {string} organization */
  changesOf(organization) {
    return this.changed
      .filter((it) => it.organization === organization)
      .map((edit) => ({
        key: edit.key.trim(),
        value: edit.isRemoved ? null : valueOf(edit.text),
        before: this.stored(edit) ?? null,
      }));
  }

  /** Takes over what is stored now, and forgets edits that agree with it. @param {readonly Organization[]} organizations */
  takeOver(organizations) {
    this.organizations = organizations;
    for (const edit of this.list) {
      const stored = this.stored(edit);
      if (edit.isNew && stored !== undefined && valueOf(edit.text) === decodeText(stored)) edit.isNew = false;
    }
    this.list = this.changed;
  }
}

/** The id of an entry's field. @param {EntryName} name */
export function rowId({ organization, key }) {
  return `row-${organization}-${encodeURIComponent(key)}`;
}

/** @param {string} base64 */
export function decodeText(base64) {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}

/**
 * Reads a list as people write it: names separated by commas, or a JSON array.
 *
 * @param {string} text
 * @returns {string[] | undefined} `undefined` if it begins like an array and is none.
 */
export function readList(text) {
  if (!text.trim().startsWith("[")) {
    return [...new Set(text.split(/[,\n]/).map((name) => name.trim()).filter(Boolean))];
  }
  try {
    const list = JSON.parse(text);
    return list.every((/** @type {unknown} */ it) => typeof it === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a stored value as a list that reads back the same, or as it is. @param {string | undefined} base64 */
export function formatValue(base64) {
  const stored = base64 === undefined ? "" : decodeText(base64);
  const list = stored.trim().startsWith("[") ? readList(stored) : undefined;
  if (!list) return stored;
  const text = list.join(", ");
  return JSON.stringify(readList(text)) === JSON.stringify(list) ? text : JSON.stringify(list);
}

/** The text that saving stores. @param {string} text */
function valueOf(text) {
  return JSON.stringify(readList(text) ?? text);
}
