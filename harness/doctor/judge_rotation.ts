import type { RotationState } from "../rotate/unfinished_rotation.ts";
import { DEFAULT_TARGET_NAME } from "../zitadel/target.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";

const STATES: Readonly<Record<RotationState, string>> = {
  created: "the second target exists, and the settings lack its key",
  key_added: "both keys are in the settings, and ZITADEL uses the old one",
  swapping:
    "some bindings call the new target and some the old one: both keys are in use",
  swapped: "ZITADEL uses the new key, and the old target is still there",
  key_dropped: "ZITADEL uses the new key, and the old target is still there",
  deleted: "the new target has not the old one's name yet",
};

/** Reports a rotation that was begun and not finished. */
export function describeRotation({ rotation }: Facts): Finding[] {
  if (rotation === undefined) return [];
  const { name, state } = rotation;
  const command = name === DEFAULT_TARGET_NAME
    ? "deno task rotate"
    : `deno task rotate --name '${name.replaceAll("'", `'\\''`)}'`;
  return [
    finding(
      "rotation",
      "warning",
      `not finished for "${name}": ${STATES[state]}`,
      {
        fix:
          `${command}\nand keep both keys in AUTHORIZATION_SIGNING_KEY until it is done`,
      },
    ),
  ];
}
