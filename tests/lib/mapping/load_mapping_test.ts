import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { createMappingLoader } from "../../../lib/mapping/load_mapping.ts";
import {
  MAX_VALUE_BYTES,
  parseInSteps,
} from "../../../lib/mapping/role_mapping.ts";

/** Entries of one size, and which of them were parsed. */
function createEntries(count: number, bytes = MAX_VALUE_BYTES) {
  const value = new TextEncoder().encode("x".repeat(bytes));
  const taken = new Set<string>();
  const entries = Array.from({ length: count }, (_, index) => ({
    key: `r${index}`,
    get value() {
      taken.add(this.key);
      return value;
    },
  }));
  return { entries, taken };
}

Deno.test("loadMapping() lets other calls run between large entries", async () => {
  const { entries, taken } = createEntries(5);
  const load = createMappingLoader({
    readMetadata: () => Promise.resolve(entries),
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
  assert.equal(taken.size, 5);
  assert.ok(turns > 0, "no other task ran");
});

Deno.test("parseInSteps() pauses between small entries too", () => {
  const value = new TextEncoder().encode("a");
  const entries = Array.from(
    { length: 10_000 },
    (_, index) => ({ key: `r${index}`, value }),
  );
  assert.ok([...parseInSteps(entries)].length >= 40);
  assert.equal([...parseInSteps(entries.slice(0, 200))].length, 0);
});

Deno.test("loadMapping() stops between entries when the reading's time is over", async () => {
  const { entries, taken } = createEntries(5);
  const time = new AbortController();
  const load = createMappingLoader({
    readMetadata: () => {
      setTimeout(() => time.abort(), 0);
      return Promise.resolve(entries);
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
  assert.ok(taken.size < 5, `parsed ${taken.size} entries`);
});

Deno.test("loadMapping() parses no value of a mapping whose keys are too much", async () => {
  const { entries, taken } = createEntries(40_000, 1);
  const load = createMappingLoader({
    readMetadata: () => Promise.resolve(entries),
    log: () => {},
  });
  await assert.rejects(
    load("1", new AbortController().signal),
    /takes more than 2097152 bytes/,
  );
  assert.equal(taken.size, 0);
});
