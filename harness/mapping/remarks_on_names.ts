import { foldName } from "../../lib/config/claim_name.ts";

/** Characters that show nothing, or only change how others are shown. */
const INVISIBLE =
  /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}\u2800]/gu;

/** What other tools expand: wildcards, alternatives, negations, references. */
const EXPANDED_ELSEWHERE = /[*?{}]|^[!~^@-]|\$\{/;

/** Folds a name so that those that people take for the same are equal. */
export function foldSpelling(name: string): string {
  return foldName(name.replace(INVISIBLE, "").trim());
}

/** Returns what is doubtful about a name of a role or a permission, which are literal. */
export function remarksOn(name: string): string[] {
  const invisible = new Set(name.match(INVISIBLE));
  const codes = [...invisible].map((it) =>
    `U+${it.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`
  );
  const shown = JSON.stringify(name);
  return [
    ...codes.length > 0
      ? [`has an invisible character (${codes.join(", ")})`]
      : [],
    ...name !== name.normalize("NFC")
      ? ["spells a letter and its accent as two characters (not NFC)"]
      : [],
    ...EXPANDED_ELSEWHERE.test(name)
      ? [
        `${shown} is literal: there are no wildcards, negations or references`,
      ]
      : [],
  ];
}
