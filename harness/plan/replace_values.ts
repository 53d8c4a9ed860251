import { waitUntil } from "../util/wait_until.ts";
import type { Recheck } from "./change.ts";

/** How a value at ZITADEL changes; `undefined` is none. */
export interface ValueChange {
  readonly key: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** How many values are written in one call. */
const BATCH = 100;

/**
 * Replaces values, unless one is no longer what the plan was made from, and waits
 * until ZITADEL shows the change. Another command that read the values before may
 * still write them later, which the recheck finds.
 *
 * @throws {Error} If someone else changes one at the same time.
 */
export async function replaceValues<C extends ValueChange>(
  changes: readonly C[],
  { action, read, write }: {
    /** As the end of "Cannot ...". */
    readonly action: string;
    readonly read: () => Promise<Iterable<readonly [string, string]>>;
    readonly write: (batch: readonly C[]) => Promise<unknown>;
  },
): Promise<Recheck> {
  /** Returns the values that are not as they were, or as they are to be. */
  const differing = async () => {
    const values = new Map(await read());
    return (them: readonly C[], is: "from" | "to") =>
      them.filter((it) => values.get(it.key) !== it[is]);
  };
  const require = async (them: readonly C[], is: "from" | "to") => {
    const others = (await differing())(them, is).map(({ key }) => key);
    if (others.length === 0) return;
    throw new Error(
      `Cannot ${action}: someone else changed ${
        others.join(", ")
      } while the command ran, and that was left as it is. Run it again to see the change`,
    );
  };
  for (let i = 0; i < changes.length; i += BATCH) {
    const batch = changes.slice(i, i + BATCH);
    await require(batch, "from");
    await write(batch);
  }
  await waitUntil(async () => {
    const those = await differing();
    const pending = those(changes, "to");
    // Neither the old nor the new value: waiting does not help.
    return pending.length === 0 || those(pending, "from").length > 0;
  }, { what: "ZITADEL shows the change" });
  await require(changes, "to");
  return () => require(changes, "to");
}
