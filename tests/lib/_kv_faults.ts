/** What can be the matter with Deno KV. */
export const KV_STATES = ["good", "slow", "failing", "corrupt"] as const;

/** One of {@linkcode KV_STATES}. */
export type KvState = typeof KV_STATES[number];

/**
 * What a corrupt database holds where a mapping is looked for: values of other
 * programs, of other versions, and halves of ours.
 */
const GARBAGE: readonly unknown[] = [
  null,
  "text",
  42n,
  [],
  new Uint8Array(65_000),
  { readAt: "yesterday", mapping: 7 },
  { readAt: Number.NaN, mapping: new Uint8Array(3) },
  { invalidatedAt: "now", event: { sequence: "7" } },
  { organization: 7, from: "1", count: 1e300 },
  // Bytes that are no mapping.
  {
    readAt: Date.parse("2026-11-24T00:00:00Z"),
    mapping: new Uint8Array(3),
    event: { sequence: 1e300, arrivedAt: 1e300 },
  },
];

/**
 * Puts a fault between the function and a database.
 *
 * @param kv The database.
 * @param state What is the matter with it.
 * @returns The database as the function sees it.
 */
export function faultyKv(kv: Deno.Kv, state: KvState): Deno.Kv {
  if (state === "good") return kv;
  let count = 0;
  const corrupt = (key: Deno.KvKey) => ({
    key,
    value: GARBAGE[count++ % GARBAGE.length],
    versionstamp: "00000000000000010000",
  });
  const fault = (): Promise<never> =>
    state === "slow"
      ? new Promise<never>(() => {})
      : Promise.reject(new Error("database is locked"));
  const atomic = {
    check: () => atomic,
    set: () => atomic,
    delete: () => atomic,
    commit: () => state === "corrupt" ? Promise.resolve({ ok: true }) : fault(),
  };
  return {
    get: (key: Deno.KvKey) =>
      state === "corrupt" ? Promise.resolve(corrupt(key)) : fault(),
    getMany: (keys: readonly Deno.KvKey[]) =>
      state === "corrupt" ? Promise.resolve(keys.map(corrupt)) : fault(),
    atomic: () => atomic,
    watch: (keys: readonly Deno.KvKey[]) =>
      new ReadableStream({
        start(controller) {
          if (state === "corrupt") controller.enqueue(keys.map(corrupt));
          if (state === "failing") controller.error(new Error("no watch"));
        },
      }),
    close: () => {},
  } as unknown as Deno.Kv;
}
