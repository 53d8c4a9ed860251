import assert from "node:assert/strict";
import {
  type ListingSource,
  type MetadataEntry,
  readListing,
} from "../../../lib/zitadel/metadata_listing.ts";
import { UpstreamFault } from "../../../lib/zitadel/upstream_fault.ts";
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

Deno.test("readListing() reads a list of one page once", async () => {
  for (const count of [1, PAGE_SIZE]) {
    const { keys, calls } = listOf(table(count));
    assert.deepEqual(await keys(), [...table(count).keys()]);
    assert.deepEqual(calls, [[0, PAGE_SIZE]]);
  }
});

Deno.test("readListing() reads a list of several pages twice", async () => {
  const { keys, calls } = listOf(table(2_500));
  assert.deepEqual(await keys(), [...table(2_500).keys()]);
  const offsets = [0, 1_000, 2_000];
  assert.deepEqual(calls.map(([offset]) => offset), [...offsets, ...offsets]);
});

Deno.test("readListing() reads again if an entry is removed and one added between two pages", async () => {
  // The number of entries stays the same, and what moved up is never listed.
  const { keys } = listOf(table(1_001), {
    change(list, call) {
      if (call !== 1) return;
      list.delete("role-500");
      list.set("role-new", "p");
    },
  });
  const found = await keys();
  assert.ok(found.includes("role-1000"), "an untouched entry is lost");
  assert.ok(!found.includes("role-500"), "a removed entry is served");
  assert.ok(found.includes("role-new"));
});

Deno.test("readListing() compares keys and values of two listings", async (t) => {
  const changes: Record<string, (list: Map<string, string>) => void> = {
    "a value": (list) => list.set("role-3", "other"),
    "a key": (list) => {
      list.delete("role-3");
      list.set("role-new", "p-3");
    },
    "two values swapped": (list) => {
      list.set("role-3", "p-4");
      list.set("role-4", "p-3");
    },
    "a boundary between key and value": (list) => {
      // The last one of the sorted keys, so that all text stays the same.
      list.delete("role-999");
      list.set("role-999p", "-999");
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.step(name, async () => {
      const { calls, read } = listOf(table(1_001), {
        change: (list, call) => {
          if (call === 2) change(list);
        },
      });
      await read();
      assert.equal(calls.length, 6);
    });
  }
  await t.step("not their order", async () => {
    const { calls, read } = listOf(table(1_001), {
      change(list, call) {
        if (call !== 2) return;
        const [first] = list;
        list.delete(first![0]);
        list.set(...first!);
      },
    });
    await read();
    assert.equal(calls.length, 4);
  });
});

Deno.test("readListing() starts again if the list grows or shrinks between two pages", async (t) => {
  await t.step("grown", async () => {
    const { keys } = listOf(table(1_500), {
      change: (list, call) => {
        if (call === 1) list.set("role-new", "p");
      },
    });
    assert.equal((await keys()).length, 1_501);
  });
  await t.step("shrunk", async () => {
    const { keys } = listOf(table(1_500), {
      change: (list, call) => {
        if (call === 1) list.delete("role-3");
      },
    });
    assert.equal((await keys()).length, 1_499);
  });
  await t.step("emptied", async () => {
    const { keys, calls } = listOf(table(1_500), {
      change: (list, call) => {
        if (call === 1) list.clear();
      },
    });
    assert.deepEqual(await keys(), []);
    assert.ok(calls.includes("readable?"));
  });
});

Deno.test("readListing() fails if the list keeps changing", async () => {
  const { read, calls } = listOf(table(1_500), {
    change: (list, call) => list.set("role-3", `p-${call}`),
  });
  await assert.rejects(read(), hasKind("unstable_listing"));
  assert.equal(calls.length, 10);
});

Deno.test("readListing() fails if ZITADEL reports more entries than it returns", async (t) => {
  for (const keys of [[], ["a", "a"], ["a", "b"]]) {
    await t.step(`${keys}`, async () => {
      const { read } = listOf(table(0), {
        page: () =>
          Promise.resolve({
            entries: keys.map((key) => ({ key, value: undefined })),
            total: 3,
            bytes: 0,
          }),
      });
      await assert.rejects(read(), hasKind("unstable_listing"));
    });
  }
});

Deno.test("readListing() takes an empty list only if it is readable and still empty", async (t) => {
  await t.step("still empty", async () => {
    const { keys, calls } = listOf(table(0));
    assert.deepEqual(await keys(), []);
    assert.deepEqual(calls, [[0, PAGE_SIZE], "readable?", [0, PAGE_SIZE]]);
  });
  await t.step("not readable", async () => {
    const { read } = listOf(table(0), {
      isReadable: () => Promise.resolve(false),
    });
    await assert.rejects(read(), hasKind("missing_permission"));
  });
  await t.step("the right is granted in between", async () => {
    const list = table(0);
    const { keys } = listOf(list, {
      isReadable() {
        list.set("admin", "p");
        return Promise.resolve(true);
      },
    });
    assert.deepEqual(await keys(), ["admin"]);
  });
  await t.step("emptied, filled and emptied again", async () => {
    const { keys, calls } = listOf(table(0), {
      change(list, call) {
        if (call === 2) {
          for (const [key, value] of table(1_001)) list.set(key, value);
        } else if (call === 3) list.clear();
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

Deno.test("readListing() stops at the first page over the bound", async () => {
  const { read, calls } = listOf(table(5_000), { maxKeptBytes: 20_000 });
  await assert.rejects(read(), hasKind("unreadable_answer", /20000 bytes/));
  assert.deepEqual(calls.map(([offset]) => offset), [0, 1_000]);
});

Deno.test("readListing() keeps as many bytes of keys and values as the bound says", async () => {
  const list = new Map([["admin", "12345"], ["viewer", "1234"]]);
  const maxKeptBytes = "admin12345viewer1234".length;
  assert.equal((await listOf(list, { maxKeptBytes }).read()).length, 2);
  await assert.rejects(
    listOf(list, { maxKeptBytes: maxKeptBytes - 1 }).read(),
    hasKind("unreadable_answer"),
  );
});

Deno.test("readListing() reads as many bytes as the bound says, dropped and repeated ones included", async () => {
  const dropped = () =>
    Promise.resolve({
      entries: [{ key: "a", value: undefined }],
      total: 1,
      bytes: 1_000,
    });
  const read = (maxReadBytes: number) =>
    listOf(table(0), { page: dropped, maxReadBytes }).read();
  assert.equal((await read(1_000)).length, 1);
  await assert.rejects(read(999), hasKind("unreadable_answer", /999 bytes/));
  // Two listings of about 23 kB each.
  const list = table(1_500);
  assert.equal(
    (await listOf(list, { maxReadBytes: 50_000 }).read()).length,
    1_500,
  );
  await assert.rejects(
    listOf(list, { maxReadBytes: 30_000 }).read(),
    hasKind("unreadable_answer"),
  );
});
