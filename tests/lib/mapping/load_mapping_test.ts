import assert from "node:assert/strict";
import { createMappingLoader } from "../../../lib/mapping/load_mapping.ts";
import type { MetadataEntry } from "../../../lib/mapping/role_mapping.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";

const encoder = new TextEncoder();

/** A loader of entries that a test can change. */
function setUp(entries: MetadataEntry[] = []) {
  const log: LogEntry[] = [];
  const load = createMappingLoader({
    readMetadata: () => Promise.resolve(entries),
    log: (entry) => void log.push(entry),
  });
  return {
    log,
    load: () => load("1", new AbortController().signal),
    /** Loads the values of `role-0`, `role-1`, ... */
    loadValues: (...values: string[]) => {
      entries.splice(
        0,
        Infinity,
        ...values.map((value, index) => ({
          key: `role-${index}`,
          value: encoder.encode(value),
        })),
      );
      return load("1", new AbortController().signal);
    },
  };
}

const permissions = JSON.stringify(
  Array.from({ length: 5_000 }, (_, at) => `permission-${at}`),
);

testEach<[count: number, value: string, limit: number, suffix?: string]>(
  "loadMapping() parses no more than a mapping may take",
  {
    "many keys": [100_000, "a", 40_000],
    "many unreadable values": [100_000, "[", 40_000],
    "long unreadable values": [20, "[" + "x".repeat(90_000), 14],
    "many permissions": [1_000, permissions, 100],
    "many projects": [9_000, "a", 9_000, ":role"],
  },
  async ([count, value, limit, suffix = ""]) => {
    const bytes = encoder.encode(value);
    let parsed = 0;
    const { load } = setUp(
      Array.from({ length: count }, (_, at) => ({
        key: `${at}${suffix}`,
        get value() {
          parsed++;
          return bytes;
        },
      })),
    );
    const message = /takes more than 2097152 bytes/;
    await assert.rejects(
      load(),
      fails("upstream_failed", "unreadable_answer", {
        message,
        organization: "1",
      }),
    );
    assert.ok(parsed < limit, `parsed ${parsed} entries`);
  },
);

Deno.test("loadMapping() says once which entries it cannot read, until that changes", async () => {
  const { loadValues, log } = setUp();
  await loadValues("[");
  await loadValues("[");
  assert.equal(log.length, 1);
  assert.equal(log[0]!.reason, "unreadable_entries");
  assert.match(log[0]!.message, /^1 metadata entry of .* grants nothing: it /);
  for (const values of [["[", "["], ['["a"]'], ["["]]) {
    await loadValues(...values);
  }
  assert.deepEqual(
    log.map(({ entries }) => entries),
    ["role-0", "role-0; role-1", "role-0"],
  );
});

Deno.test("loadMapping() says again which entries it cannot read when one changes that the line does not name", async () => {
  const { loadValues, log } = setUp();
  for (const last of ["[", "[", "a"]) {
    await loadValues(...Array(20).fill("["), last);
  }
  assert.equal(log.length, 2);
  assert.equal(String(log[1]?.entries).split("; ").length, 20);
});

Deno.test("loadMapping() names a key by its hash if it may be personal, or forge a line", async () => {
  const named = async (...keys: string[]) => {
    const value = encoder.encode("[");
    const { load, log } = setUp(keys.map((key) => ({ key, value })));
    await load();
    return String(log[0]!.entries);
  };
  const long = "x".repeat(64);
  const plain = [
    "viewer",
    "400930456041688102:viewer",
    long,
    "rédacteur 編集者",
  ];
  assert.equal(await named(...plain), plain.join("; "));
  // printf %s jane.doe@example.com | sha256sum | cut -c1-8
  assert.equal(await named("jane.doe@example.com"), "sha256:86e0b9e5");
  // printf 'a\u2028b' | sha256sum | cut -c1-8
  assert.equal(await named("a\u2028b"), "sha256:fe2d3b94");
  const forging =
    "\0\n\x1b\x7f\x85\x9b\u061c\u200f\u202e\u2029\u2066\ufeff\ud800";
  const hidden = [...forging].map((character) => `a${character}b`);
  for (const key of [`${long}x`, ...hidden]) {
    assert.match(await named(key), /^sha256:[0-9a-f]{8}$/);
  }
});
