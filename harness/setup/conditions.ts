import { UsageError } from "../cli/errors.ts";

/** The conditions behind the words of `--also`. */
const ALSO: Readonly<Record<string, string>> = {
  preuserinfo: "function/preuserinfo",
  presamlresponse: "function/presamlresponse",
  events: "event/group/org.metadata",
};

/**
 * Reads the conditions on which a target is to be called.
 *
 * @param list The words after `--also`, beside preaccesstoken.
 * @returns The conditions.
 * @throws {UsageError} If a word is unknown.
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
