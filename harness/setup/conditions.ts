import { UsageError } from "../cli/errors.ts";

/** The conditions behind the words of `--also`. */
const ALSO: Readonly<Record<string, string>> = {
  preuserinfo: "function/preuserinfo",
  presamlresponse: "function/presamlresponse",
  events: "event/group/org.metadata",
};

/**
 * Reads on what a target is to be called.
 *
 * @param list What there is beside preaccesstoken, as `--also` takes it.
 * @returns The conditions.
 * @throws {UsageError} Where it names none that there is.
 */
export function conditionsOf(list: string): string[] {
  const also = list.split(",").filter(Boolean).map((word) => {
    const condition = ALSO[word.trim()];
    if (condition === undefined) {
      throw new UsageError(
        `--also ${word}: expected ${Object.keys(ALSO).join(", ")}`,
      );
    }
    return condition;
  });
  return ["function/preaccesstoken", ...also];
}
