import assert from "node:assert/strict";
import {
  type ListingSource,
  type MetadataEntry,
  readListing,
} from "../../../lib/zitadel/metadata_listing.ts";
import { UpstreamFault } from "../../../lib/zitadel/upstream_fault.ts";
import { testEach } from "../../_test_each.ts";
import { hasKind } from "./_fault.ts";

const encoder = new TextEncoder();
const PAGE_SIZE = 1_000;

/** Keys and values of so many entries. */
function table(count: number): Map<string, string> {
  return new Map(
    Array.from({ length: count }, (_, i) => [`role-${i}`, `p-${i}`]),
  );
}

interface Options extends Partial<ListingSource> {
  /** Changes the list before the call of an index, counted from 0. */
  readonly change?: (list: Map<string, string>, call: number) => void;
  /** The most bytes of an answer. */
  readonly maxAnswerBytes?: number;
}

/** A list that may change before each call, and the calls that were made. */
function listOf(
  list: Map<string, string>,
  { change = () => {}, maxAnswerBytes = 1_000_000, ...source }: Options = {},
) {
  const calls: (string | [offset: number, limit: number])[] = [];
  const read = () =>
    readListing({
      maxKeptBytes: 100_000_000,
      maxReadBytes: 100_000_000,
      page({ offset, limit }) {
        change(list, calls.length);
        calls.push([offset, limit]);
        const entries: MetadataEntry[] = [...list]
          .slice(offset, offset + limit)
          .map(([key, value]) => ({ key, value: encoder.encode(value) }));
        const bytes = entries.reduce(
          (sum, { key, value }) => sum + key.length + value!.length,
          0,
        );
        if (bytes > maxAnswerBytes) {
          throw new UpstreamFault("oversized", "sent too much");
        }
        return Promise.resolve({ entries, bytes, total: list.size });
      },
      ...source,
      async isReadable() {
        calls.push("readable?");
        return await source.isReadable?.() ?? true;
      },
    });
  const keys = async () => (await read()).map(({ key }) => key);
  return { read, keys, calls };
}

/** Changes the list before one call, counted from 0. */
function before(
  call: number,
  change: (list: Map<string, string>) => void,
): Options {
  return { change: (list, now) => void (now === call && change(list)) };
}

Deno.test("readListing() reads a list of one page once, and one of several pages twice", async () => {
  for (const [count, offsets] of [[1, [0]], [PAGE_SIZE, [0]]] as const) {
    const { keys, calls } = listOf(table(count));
    assert.deepEqual(await keys(), [...table(count).keys()]);
    assert.deepEqual(calls, offsets.map((offset) => [offset, PAGE_SIZE]));
  }
  const { keys, calls } = listOf(table(2_500));
  assert.deepEqual(await keys(), [...table(2_500).keys()]);
  const offsets = [0, 1_000, 2_000, 0, 1_000, 2_000];
  assert.deepEqual(calls.map(([offset]) => offset), offsets);
});

Deno.test("readListing() reads again if an entry is removed and one added between two pages", async () => {
  // The number of entries stays the same, and what moved up is never listed.
  const replace = before(1, (list) => {
    list.delete("role-500");
    list.set("role-new", "p");
  });
  const found = await listOf(table(1_001), replace).keys();
  assert.ok(found.includes("role-1000"), "an untouched entry is lost");
  assert.ok(!found.includes("role-500"), "a removed entry is served");
  assert.ok(found.includes("role-new"));
});

testEach<[calls: number, change: (list: Map<string, string>) => void]>(
  "readListing() compares keys and values of two listings, and not their order",
  {
    "a value": [6, (list) => list.set("role-3", "other")],
    "a key": [6, (list) => {
      list.delete("role-3");
      list.set("role-new", "p-3");
    }],
    "two values swapped": [6, (list) => {
      list.set("role-3", "p-4");
      list.set("role-4", "p-3");
    }],
    "a boundary between key and value": [6, (list) => {
      // The last one of the sorted keys, so that all text stays the same.
      list.delete("role-999");
      list.set("role-999p", "-999");
    }],
    "the order": [4, (list) => {
      const [[key, value]] = [...list] as [[string, string]];
      list.delete(key);
      list.set(key, value);
    }],
  },
  async ([count, change]) => {
    const { calls, read } = listOf(table(1_001), before(2, change));
    await read();
    assert.equal(calls.length, count);
  },
);

testEach<[size: number, change: (list: Map<string, string>) => void]>(
  "readListing() starts again if the list changes its size between two pages",
  {
    "grown": [1_501, (list) => list.set("role-new", "p")],
    "shrunk": [1_499, (list) => list.delete("role-3")],
    "emptied": [0, (list) => list.clear()],
  },
  async ([size, change]) => {
    const { calls, keys } = listOf(table(1_500), before(1, change));
    assert.equal((await keys()).length, size);
    assert.equal(calls.includes("readable?"), size === 0);
  },
);

Deno.test("readListing() fails if the list keeps changing", async () => {
  const { read, calls } = listOf(table(1_500), {
    change: (list, call) => list.set("role-3", `p-${call}`),
  });
  await assert.rejects(read(), hasKind("unstable_listing"));
  assert.equal(calls.length, 10);
});

Deno.test("readListing() fails if ZITADEL reports more entries than it returns", async () => {
  for (const keys of [[], ["a", "a"], ["a", "b"]]) {
    const entries = keys.map((key) => ({ key, value: undefined }));
    const page = () => Promise.resolve({ entries, total: 3, bytes: 0 });
    await assert.rejects(
      listOf(table(0), { page }).read(),
      hasKind("unstable_listing"),
    );
  }
});

Deno.test("readListing() takes an empty list only if it is readable and still empty", async (t) => {
  await t.step("still empty", async () => {
    const { keys, calls } = listOf(table(0));
    assert.deepEqual(await keys(), []);
    assert.deepEqual(calls, [[0, PAGE_SIZE], "readable?", [0, PAGE_SIZE]]);
  });
  await t.step("not readable", async () => {
    const isReadable = () => Promise.resolve(false);
    await assert.rejects(
      listOf(table(0), { isReadable }).read(),
      hasKind("missing_permission"),
    );
  });
  await t.step("the right is granted in between", async () => {
    const list = table(0);
    const isReadable = () => Promise.resolve(!!list.set("admin", "p"));
    assert.deepEqual(await listOf(list, { isReadable }).keys(), ["admin"]);
  });
  await t.step("emptied, filled and emptied again", async () => {
    const { keys, calls } = listOf(table(0), {
      change(list, call) {
        if (call === 2) {
          table(1_001).forEach((value, key) => list.set(key, value));
        }
        if (call === 3) list.clear();
      },
    });
    assert.deepEqual(await keys(), []);
    assert.equal(calls.filter((call) => call === "readable?").length, 2);
  });
});

/** So many entries of one length. */
function long(count: number, bytes: number): Map<string, string> {
  const value = "x".repeat(bytes);
  return new Map([...table(count).keys()].map((key) => [key, value]));
}

Deno.test("readListing() asks for small pages once a large one is too long", async (t) => {
  const maxAnswerBytes = 100_000;
  await t.step("entries of one length", async () => {
    const { keys, calls } = listOf(long(12, 15_000), { maxAnswerBytes });
    assert.equal((await keys()).length, 12);
    const small = [[0, 5], [5, 5], [10, 5]];
    assert.deepEqual(calls, [[0, PAGE_SIZE], ...small, ...small]);
  });
  await t.step("a later page", async () => {
    const list = new Map([...table(1_000), ["long", "x".repeat(90_000)]]);
    list.set("longer", "x".repeat(90_000));
    const { read } = listOf(list, { maxAnswerBytes });
    await assert.rejects(read(), hasKind("oversized"));
  });
  await t.step("an entry that is too long", async () => {
    const { read, calls } = listOf(long(1, 100_001), { maxAnswerBytes });
    await assert.rejects(read(), hasKind("oversized"));
    assert.deepEqual(calls, [[0, PAGE_SIZE], [0, 5]]);
  });
});

Deno.test("readListing() keeps as many bytes of keys and values as the bound says", async () => {
  const list = new Map([["admin", "12345"], ["viewer", "1234"]]);
  const maxKeptBytes = "admin12345viewer1234".length;
  assert.equal((await listOf(list, { maxKeptBytes }).read()).length, 2);
  await assert.rejects(
    listOf(list, { maxKeptBytes: maxKeptBytes - 1 }).read(),
    hasKind("unreadable_answer", /19 bytes/),
  );
});

Deno.test("readListing() reads as many bytes as the bound says, dropped and repeated ones included", async () => {
  const entries = [{ key: "a", value: undefined }];
  let total = 1;
  const page = () => Promise.resolve({ entries, total, bytes: 1_000 });
  const read = (maxReadBytes: number) =>
    listOf(table(0), { page, maxReadBytes }).read();
  const isTooMuch = hasKind("unreadable_answer", /more than \d+ bytes/);
  assert.equal((await read(1_000)).length, 1);
  await assert.rejects(read(999), isTooMuch);
  // The second page is over the bound.
  total = 2;
  await assert.rejects(read(1_999), isTooMuch);
});
