import type { MetadataEntry } from "../../lib/mapping/role_mapping.ts";

/** A text that hardly compresses, the same each time. */
const BALLAST = Array.from(
  { length: 20_000 },
  (_, at) => Math.imul(at, 0x9e3779b1).toString(36),
).join("").slice(0, 90_000);

/** A ZITADEL for tests: what the role `viewer` permits, and how it answers. */
export class StandInUpstream {
  /** The metadata of every organization. */
  viewer = "old";
  /** How many further entries of 90,000 bytes there are. */
  ballast = 0;
  /** What it throws instead of answering. */
  fault: Error | undefined;
  /** How often it was asked. */
  calls = 0;
  /** How many questions it had at once. */
  mostAtOnce = 0;
  #asking = 0;
  #held: Promise<void> | undefined;

  /** Reads the metadata as it is when the call arrives. */
  readonly read = async (): Promise<readonly MetadataEntry[]> => {
    this.calls++;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#asking);
    const { viewer, ballast, fault } = this;
    await this.#held;
    this.#asking--;
    if (fault) throw fault;
    const encode = (name: string) =>
      new TextEncoder().encode(JSON.stringify([name]));
    return [
      { key: "viewer", value: encode(viewer) },
      ...Array.from({ length: ballast }, (_, index) => ({
        key: `ballast-${index}`,
        value: encode(BALLAST),
      })),
    ];
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
