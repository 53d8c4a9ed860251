import assert from "node:assert/strict";
import {
  type ListingLimits,
  type ListingSource,
  type MetadataEntry,
  PAGE_SIZE,
  readListing,
} from "../../../lib/zitadel/metadata_listing.ts";
import { UpstreamFault } from "../../../lib/zitadel/upstream_error.ts";
import { hasKind } from "./_fault.ts";

const encoder = new TextEncoder();

/** Keys and values of so many entries. */
function table(count: number): Map<string, string> {
  return new Map(
    Array.from({ length: count }, (_, i) => [`role-${i}`, `p-${i}`]),
  );
}

interface Options {
  /** Changes the list before the call of an index, counted from 0. */
  readonly change?: (list: Map<string, string>, call: number) => void;
  readonly isReadable?: () => boolean;
  readonly page?: ListingSource["page"];
  readonly limits?: Partial<ListingLimits>;
}

/** Limits that nothing here reaches, but for changes. */
function limitsOf(change: Partial<ListingLimits> = {}): ListingLimits {
  return {
    maxAnswerBytes: 1_000_000,
    maxKeptBytes: 100_000_000,
    maxReceivedBytes: Infinity,
    minLimit: 1,
    ...change,
  };
}

/** A list that may change before each call, and the calls that were made. */
function listOf(
  list: Map<string, string>,
  { change = () => {}, isReadable = () => true, page, limits }: Options = {},
) {
  const calls: (string | [offset: number, limit: number])[] = [];
  const read = () =>
    readListing({
      limits: limitsOf(limits),
      pageLimit: { value: PAGE_SIZE },
      page: page ?? (({ offset, limit }) => {
        change(list, calls.length);
        calls.push([offset, limit]);
        const entries: MetadataEntry[] = [...list]
          .slice(offset, offset + limit)
          .map(([key, value]) => ({ key, value: encoder.encode(value) }));
        return Promise.resolve({ entries, total: list.size });
      }),
      isReadable() {
        calls.push("readable?");
        return Promise.resolve(isReadable());
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
  await assert.rejects(read(), (error) => {
    assert.ok(error instanceof UpstreamFault);
    assert.ok(error.details.liesInContent);
    return hasKind("unstable_listing")(error);
  });
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
    const { read } = listOf(table(0), { isReadable: () => false });
    await assert.rejects(read(), hasKind("missing_permission"));
  });
  await t.step("the right is granted in between", async () => {
    const list = table(0);
    const { keys } = listOf(list, {
      isReadable() {
        list.set("admin", "p");
        return true;
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

/** Reads a list whose answers have a length, and records the limits asked for. */
async function readMeasured(
  list: Map<string, string>,
  limits: Partial<ListingLimits> = {},
) {
  const maxAnswerBytes = 100_000;
  const asked: number[] = [];
  const result = readListing({
    limits: limitsOf({ maxAnswerBytes, ...limits }),
    pageLimit: { value: PAGE_SIZE },
    isReadable: () => assert.fail(),
    page({ offset, limit }) {
      asked.push(limit);
      const entries = [...list].slice(offset, offset + limit);
      const bytes = entries.reduce((sum, [, value]) => sum + value.length, 0);
      if (bytes > maxAnswerBytes) {
        throw new UpstreamFault("oversized", "sent too much", { bytes });
      }
      return Promise.resolve({
        entries: entries.map(([key]) => ({ key, value: undefined })),
        total: list.size,
      });
    },
  });
  const count = await result.then(({ length }) => length, (error) => error);
  return { count, asked };
}

/** So many entries of one length. */
function long(count: number, bytes: number): Map<string, string> {
  const value = "x".repeat(bytes);
  return new Map([...table(count).keys()].map((key) => [key, value]));
}

Deno.test("readListing() asks for fewer entries if a page is too long", async (t) => {
  await t.step("entries of one length", async () => {
    const { count, asked } = await readMeasured(long(1_000, 5_000));
    assert.equal(count, 1_000);
    // Told that 1,000 have 5 MB, 16 fit at once.
    assert.deepEqual([...new Set(asked)], [1_000, 16]);
  });
  await t.step("one entry longer than the rest", async () => {
    const list = table(1_000);
    list.set("role-900", "x".repeat(99_999));
    assert.equal((await readMeasured(list)).count, 1_000);
  });
  await t.step("a single entry that is too long", async () => {
    const { count, asked } = await readMeasured(long(1, 100_001));
    hasKind("oversized")(count);
    assert.equal(asked.at(-1), 1);
  });
  await t.step("not fewer than the fewest", async () => {
    const { count, asked } = await readMeasured(long(1_000, 5_000), {
      minLimit: PAGE_SIZE,
    });
    hasKind("oversized")(count);
    assert.deepEqual(asked, [1_000]);
  });
});

Deno.test("readListing() stops at the first page over the bound", async () => {
  const { read, calls } = listOf(table(5_000), {
    limits: { maxKeptBytes: 20_000 },
  });
  await assert.rejects(read(), hasKind("oversized"));
  assert.deepEqual(calls.map(([offset]) => offset), [0, 1_000]);
});

Deno.test("readListing() keeps as many bytes of keys and values as the bound says", async () => {
  const list = new Map([["admin", "12345"], ["viewer", "1234"]]);
  const maxKeptBytes = "admin12345viewer1234".length;
  const readWith = (limits: Partial<ListingLimits>) =>
    listOf(list, { limits }).read();
  assert.equal((await readWith({ maxKeptBytes })).length, 2);
  await assert.rejects(
    readWith({ maxKeptBytes: maxKeptBytes - 1 }),
    hasKind("oversized"),
  );
});
