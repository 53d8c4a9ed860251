// @ts-check

const MAX_NAMES = 6;

/** @param {number} count @param {string} word @param {string} [plural] */
export function counted(count, word, plural = `${word}s`) {
  return `${count} ${count === 1 ? word : plural}`;
}

/** Joins words as in a sentence. @param {readonly string[]} words */
export function sentenceList(words) {
  return new Intl.ListFormat("en-GB").format(words);
}

/** Names as many as fit into a sentence. @param {readonly string[]} names */
export function shortList(names) {
  return names.length > MAX_NAMES ? counted(names.length, "permission") : names.join(", ");
}
