import { z } from "zod";
import { SettingsError } from "../cli/errors.ts";
import { type CheckId, CHECKS } from "./checks.ts";
import { byLevel, type Finding, finding } from "./finding.ts";

const Acknowledgements = z.array(z.strictObject({
  check: z.enum(Object.keys(CHECKS) as [CheckId, ...CheckId[]]),
  /** Whole words of the item, or of what was seen if there are no items. */
  about: z.string().min(1),
  reason: z.string().min(1),
  /** The last day on which it counts. */
  until: z.iso.date().optional(),
}));

/** Warnings that an operator knows and accepts. */
type Acknowledgements = z.infer<typeof Acknowledgements>;

/**
 * Reads a file of acknowledgements.
 *
 * @throws {SettingsError} If it is not JSON of that shape.
 */
export async function readAcknowledgements(
  path: string,
): Promise<Acknowledgements> {
  const text = await Deno.readTextFile(path);
  try {
    return Acknowledgements.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError
      ? z.prettifyError(error)
      : `${error}`;
    throw new SettingsError(
      `Cannot use ${path}: expected [{"check": "address", "about": "10.0.0.7", "reason": "..."}]\n${why}`,
    );
  }
}

/**
 * Turns acknowledged warnings into notes, item by item: what is seen elsewhere stays
 * a warning. What is broken cannot be acknowledged.
 */
export function acknowledge(
  findings: readonly Finding[],
  given: Acknowledgements,
  now: number,
): Finding[] {
  const today = new Date(now).toISOString().slice(0, 10);
  const unused = new Set(given);
  const accepting = (check: CheckId, text: string) => {
    const found = given.find((it) =>
      it.check === check && hasWords(text, it.about) &&
      (it.until === undefined || today <= it.until)
    );
    if (found) unused.delete(found);
    return found?.reason;
  };
  const judged = findings.flatMap((found): Finding[] => {
    if (found.level !== "warning") return [found];
    const { fix: _, ...others } = found;
    const hasItems = found.items.length > 0;
    const texts = hasItems ? found.items : [found.seen];
    return [...Map.groupBy(texts, (text) => accepting(found.check, text))]
      .map(([acknowledged, texts]) => {
        const items = hasItems ? texts : [];
        return acknowledged === undefined
          ? { ...found, items }
          : { ...others, level: "note", items, acknowledged };
      });
  });
  const items = [...unused].map(({ check, about, until }) =>
    `${check}: ${about}${until ? ` (until ${until})` : ""}`
  );
  const seen = "entries of the file that match nothing, or are over";
  return [
    ...judged,
    ...items.length > 0
      ? [finding("acknowledged", "note", seen, { items })]
      : [],
  ].sort(byLevel);
}

/** Whether words occur as such: an acknowledged 10.0.0.7 says nothing of 10.0.0.77. */
function hasWords(text: string, words: string): boolean {
  const inWord = String.raw`[\p{L}\p{N}_-]`;
  const pattern = `(?<!${inWord})${RegExp.escape(words)}(?!${inWord})`;
  return new RegExp(pattern, "u").test(text);
}
