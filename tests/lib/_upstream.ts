import type { MetadataEntry } from "../../lib/role_permissions.ts";

/** What a test's ZITADEL permits the role `viewer`, and how it is to answer. */
export class StandInUpstream {
  /** The metadata of every organization. */
  viewer = "old";
  /** What it answers with, where not with metadata. */
  fault: Error | undefined;
  /** How often it was asked. */
  calls = 0;
  #held: Promise<void> | undefined;

  /** Reads the metadata that there is as the question arrives. */
  readonly read = async (): Promise<readonly MetadataEntry[]> => {
    this.calls++;
    const { viewer, fault } = this;
    await this.#held;
    if (fault) throw fault;
    const value = new TextEncoder().encode(JSON.stringify([viewer]));
    return [{ key: "viewer", value }];
  };

  /** Holds its answers back until the function it returns is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }
}
