import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { createMappingLoader } from "../../../lib/mapping/load_mapping.ts";
import type { MetadataEntry } from "../../../lib/mapping/role_mapping.ts";

/** Loads entries that are made when they are parsed, and counts them. */
function setUp(count: number, value: string, keyOf = (at: number) => `r${at}`) {
  const bytes = new TextEncoder().encode(value);
  let parsed = 0;
  const entries = Array.from({ length: count }, (_, at): MetadataEntry => ({
    key: keyOf(at),
    get value() {
      parsed++;
      return bytes;
    },
  }));
  const load = createMappingLoader({
    readMetadata: () => Promise.resolve(entries),
    log: () => {},
  });
  return {
    load: () => load("1", new AbortController().signal),
    parsed: () => parsed,
  };
}

Deno.test("loadMapping() parses no more than a mapping may take", async (t) => {
  const permissions = JSON.stringify(
    Array.from({ length: 5_000 }, (_, at) => `permission-${at}`),
  );
  const cases = {
    "many keys": setUp(400_000, "a"),
    "many unreadable values": setUp(400_000, "["),
    "long unreadable values": setUp(20, "[" + "x".repeat(90_000)),
    "many permissions": setUp(1_000, permissions),
  };
  for (const [name, { load, parsed }] of Object.entries(cases)) {
    const limit = name.startsWith("long") ? 14 : 40_000;
    await t.step(name, async () => {
      await assert.rejects(load(), (error) => {
        assert.ok(error instanceof FunctionError);
        assert.match(error.message, /takes more than 2097152 bytes/);
        assert.equal(error.details.reason, "unreadable_answer");
        assert.equal(error.details.organization, "1");
        return true;
      });
      assert.ok(parsed() < limit, `parsed ${parsed()} entries`);
    });
  }

  await t.step("many projects", async () => {
    const { load } = setUp(9_000, "a", (at) => `${at}:role`);
    await assert.rejects(load(), /takes more than/);
  });
});

Deno.test("loadMapping() loads a mapping of 10,000 roles", async () => {
  const { load } = setUp(10_000, '["posts:read","posts:write"]');
  assert.equal((await load()).plain.size, 10_000);
});
