// @ts-check

const LONGEST_LIST = 60;

/** @param {number} count @param {string} word @param {string} [plural] */
export function counted(count, word, plural = `${word}s`) {
  return `${count} ${count === 1 ? word : plural}`;
}

/** Joins words as in a sentence. @param {readonly string[]} words */
export function sentenceList(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Names as many as fit into a sentence. @param {readonly string[]} names */
export function shortList(names) {
  let shown = 1;
  while (shown < names.length && names.slice(0, shown + 1).join(", ").length <= LONGEST_LIST) shown++;
  const left = names.length - shown;
  return names.slice(0, shown).join(", ") + (left > 0 ? ` and ${left} more` : "");
}
