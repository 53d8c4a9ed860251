// @ts-check
/**
 * The mapping while it is being edited: what is stored, what was typed, and how
 * the two differ. Nothing typed is lost when the stored mapping changes.
 *
 * @module
 */
/** @import { Change, Draft, Organization, Row } from "../types.ts" */

/** ZITADEL's limit for a metadata key, in characters. */
const MAX_KEY_LENGTH = 200;

let lastId = 0;

/** Adds a row. @param {Draft} draft @param {Pick<Row, "organization" | "key"> & Partial<Row>} part @returns {Row} */
export function addRow(draft, part) {
  const row = {
    isNamed: true,
    text: "",
    isRaw: false,
    isRemoved: false,
    stored: undefined,
    ...part,
    id: `row-${++lastId}`,
  };
  draft.rows.push(row);
  return row;
}

/** @param {Draft} draft @param {string} organization @param {string} key */
export function findRow(draft, organization, key) {
  return draft.rows.find((row) => row.organization === organization && row.key === key);
}

/** @param {string} base64 */
export function decodeText(base64) {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/**
 * Reads a list as people write it: names separated by commas, or a JSON array.
 *
 * @param {string} text
 * @returns {string[] | undefined} `undefined` if it begins like an array and is none.
 */
export function readList(text) {
  if (!text.trim().startsWith("[")) {
    const names = text.split(/[,\n]/).map((name) => name.trim());
    return [...new Set(names.filter(Boolean))];
  }
  try {
    const list = JSON.parse(text);
    return list.every((/** @type {unknown} */ it) => typeof it === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a list so that it reads back the same. @param {readonly string[]} list */
export function formatList(list) {
  const text = list.join(", ");
  const json = JSON.stringify(list);
  return JSON.stringify(readList(text)) === json ? text : json;
}

/** Sets a row to what is stored. @param {Row} row */
export function resetRow(row) {
  const text = row.stored === undefined ? "" : decodeText(row.stored);
  const list = text.trim().startsWith("[") ? readList(text) : undefined;
  row.isRaw = row.stored !== undefined && list === undefined;
  row.text = list ? formatList(list) : text;
  row.isRemoved = false;
  delete row.note;
}

/** The text that saving a row stores. @param {Row} row */
export function textToStore({ text, isRaw }) {
  return isRaw ? text : JSON.stringify(readList(text) ?? text);
}

/** @param {Row} row */
export function isChanged(row) {
  if (row.isRemoved) return true;
  if (row.stored === undefined) {
    return !row.isNamed || row.isRaw || row.text.trim() !== "";
  }
  const unchanged = { ...row };
  resetRow(unchanged);
  if (unchanged.text === row.text && unchanged.isRaw === row.isRaw) {
    return false;
  }
  return textToStore(row) !== decodeText(row.stored);
}

/** Shows the value itself, or the list again. @param {Row} row */
export function toggleRaw(row) {
  if (!row.isRaw) {
    const isAsStored = row.stored !== undefined && !isChanged(row);
    row.text = isAsStored ? decodeText(row.stored ?? "") : row.text.trim() && textToStore(row);
  } else {
    const list = readList(row.text);
    if (list) row.text = formatList(list);
  }
  row.isRaw = !row.isRaw;
}

/** Forgets everything that is not stored. @param {Draft} draft */
export function undoChanges(draft) {
  draft.rows = draft.rows.filter((row) => row.isNamed);
  draft.rows.forEach(resetRow);
}

/**
 * Finds what keeps the draft from being saved.
 *
 * @param {Draft} draft
 * @returns {Map<Row, string>} What is wrong with a row, in words for its author.
 */
export function problemsOf(draft) {
  const problems = new Map();
  for (const row of draft.rows) {
    const { length } = [...row.key.trim()];
    const twin = draft.rows.find(
      (other) =>
        other !== row &&
        other.organization === row.organization &&
        other.key.trim() === row.key.trim() &&
        (other.stored !== undefined || isChanged(other)),
    );
    if (!isChanged(row) || row.isRemoved) continue;
    if (length === 0) {
      problems.set(row, "Give the role a name, or remove this row.");
    } else if (length > MAX_KEY_LENGTH) {
      problems.set(row, `A role name has at most ${MAX_KEY_LENGTH} characters here. This one has ${length}.`);
    } else if (!row.isNamed && twin) {
      problems.set(row, `There is already a row for “${row.key.trim()}”. Edit that one instead.`);
    } else if (!row.isRaw && !readList(row.text)) {
      problems.set(
        row,
        "This begins like a JSON array, but is not an array of strings. Correct it, or switch to “raw value” to store it as it is.",
      );
    }
  }
  return problems;
}

/** Lists what saving changes. @param {Draft} draft @returns {Map<string, Change[]>} By organization. */
export function changesOf(draft) {
  /** @type {Map<string, Change[]>} */
  const changes = new Map();
  for (const row of draft.rows.filter(isChanged)) {
    const list = changes.get(row.organization) ?? [];
    const value = row.isRemoved ? null : textToStore(row);
    list.push({ key: row.key.trim(), value, before: row.stored ?? null });
    changes.set(row.organization, list);
  }
  return changes;
}

/**
 * Takes over the mapping as it is stored now. Rows that were not edited follow
 * it. Edited rows keep the edit, and a note says what was changed elsewhere.
 *
 * @param {Draft} draft
 * @param {readonly Organization[]} organizations
 * @param {(row: Row) => boolean} [isShown] Whether a row without an entry is shown nevertheless.
 * @returns {string[]} What was changed elsewhere.
 */
export function rebase(draft, organizations, isShown = () => false) {
  const differences = [];
  const isFirst = draft.rows.length === 0;
  const isTaken = (/** @type {Row} */ row) =>
    draft.rows.some((it) => it !== row && it.organization === row.organization && it.key.trim() === row.key);
  draft.rows = draft.rows.filter((row) => row.stored !== undefined || isChanged(row) || !isTaken(row));
  const ids = organizations.map(({ id }) => id);
  draft.rows = draft.rows.filter((row) => ids.includes(row.organization));
  for (const { id: organization, entries } of organizations) {
    const now = new Map(entries.map(({ key, value }) => [key, value]));
    for (const row of draft.rows.filter((it) => it.organization === organization)) {
      const { key, stored } = row;
      const fresh = now.get(key.trim());
      now.delete(key.trim());
      if (fresh === stored) continue;
      const text = fresh === undefined ? undefined : decodeText(fresh);
      const isEdited = isChanged(row);
      const isAgreed = row.isRemoved ? fresh === undefined : isEdited && text === textToStore(row);
      row.stored = fresh;
      row.isNamed ||= fresh !== undefined;
      row.key = key.trim();
      if (!isAgreed) {
        const change = text === undefined ? "was removed elsewhere" : `is now ${text} (changed elsewhere)`;
        differences.push(`${key} ${change}`);
        if (isEdited) row.note = `${key} ${change}. Saving replaces that.`;
      }
      if (isAgreed || !isEdited) resetRow(row);
    }
    for (const [key, stored] of now) {
      resetRow(addRow(draft, { organization, key, stored }));
      if (!isFirst) differences.push(`${key} was added elsewhere`);
    }
  }
  draft.rows = draft.rows.filter((row) => row.stored !== undefined || isChanged(row) || isShown(row));
  return differences;
}
