import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { createMappingLoader } from "../../../lib/mapping/load_mapping.ts";
import { MAX_VALUE_BYTES } from "../../../lib/mapping/role_mapping.ts";

/** Entries as large as they may be, and how many of them were taken. */
function createEntries(count: number) {
  const value = new TextEncoder().encode("x".repeat(MAX_VALUE_BYTES));
  const taken: string[] = [];
  function* entries() {
    for (let index = 0; index < count; index++) {
      taken.push(`r${index}`);
      yield { key: `r${index}`, value };
    }
  }
  return { entries, taken };
}

Deno.test("loadMapping() lets other calls run between large entries", async () => {
  const { entries, taken } = createEntries(5);
  const load = createMappingLoader({
    readMetadata: () => Promise.resolve(entries()),
    log: () => {},
  });
  const loading = load("1", new AbortController().signal);
  let turns = 0;
  const counter = setInterval(() => turns++, 0);
  try {
    assert.equal((await loading).plain.size, 5);
  } finally {
    clearInterval(counter);
  }
  assert.equal(taken.length, 5);
  assert.ok(turns > 0, "no other task ran");
});

Deno.test("loadMapping() stops between entries when the reading's time is over", async () => {
  const { entries, taken } = createEntries(5);
  const time = new AbortController();
  const load = createMappingLoader({
    readMetadata: () => {
      setTimeout(() => time.abort(), 0);
      return Promise.resolve(entries());
    },
    log: () => {},
  });
  await assert.rejects(load("1", time.signal), (error) => {
    assert.ok(error instanceof FunctionError);
    assert.equal(error.code, "upstream_timeout");
    assert.equal(error.details.reason, "timeout");
    assert.equal(error.details.organization, "1");
    assert.ok(error.details.remedy);
    return true;
  });
  assert.ok(taken.length < 5, `took ${taken.length} entries`);
});
