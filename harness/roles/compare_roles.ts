import type { Mapping } from "../mapping/parse_roles.ts";
import { uncoveredKeys } from "./plan_mapping.ts";

/** What a role gains and loses. */
export interface RoleChange {
  readonly key: string;
  readonly kind: "added" | "removed" | "changed";
  readonly gains: readonly string[];
  readonly loses: readonly string[];
  /** The plain entry that applies in place of a removed qualified one. */
  readonly uncovers?: string;
}

/** Compares two mappings, role by role. */
export function compareRoles(from: Mapping, to: Mapping): RoleChange[] {
  const keys = [...new Set([...from.keys(), ...to.keys()])].sort();
  const removed = keys.filter((key) => !to.has(key));
  const plainOf = new Map(
    uncoveredKeys(removed, new Set(to.keys()))
      .map(({ qualified, plain }) => [qualified, plain]),
  );
  return keys.flatMap((key): RoleChange[] => {
    const plain = plainOf.get(key);
    const before = from.get(key) ?? [];
    const after = to.get(plain ?? key) ?? [];
    const gains = after.filter((it) => !before.includes(it));
    const loses = before.filter((it) => !after.includes(it));
    const kind = !from.has(key)
      ? "added"
      : !to.has(key)
      ? "removed"
      : "changed";
    const isSame = gains.length === 0 && loses.length === 0;
    if (kind === "changed" && isSame) return [];
    return [{ key, kind, gains, loses, ...plain && { uncovers: plain } }];
  });
}
