import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { ListOrganizationMetadataRequestSchema } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import { ApiMemory } from "../../../lib/zitadel/organization_metadata.ts";
import { ReadingBudget } from "../../../lib/zitadel/reading_budget.ts";
import { silentFetch } from "../_frames.ts";
import { entries, fails, ID, reader, valuesOf, world } from "./_metadata.ts";

Deno.test("ReadingBudget.shrink() leaves at least one entry to a page", () => {
  const budget = new ReadingBudget(1_000, Date.now);
  const limit = { value: 2 };
  for (let late = 0; late < 3; late++) budget.shrink("1", limit);
  assert.equal(limit.value, 1);
  assert.equal(budget.largeLimit("1"), limit);
});

Deno.test("ApiMemory forgets the API that is missing, and no other", () => {
  const apis = new ApiMemory(Date.now);
  const [first, ...others] = apis.inOrder();
  const last = others.at(-1)!;
  apis.worked(last);
  apis.missing(first!);
  assert.equal(apis.inOrder()[0], last);
  apis.missing(last);
  assert.equal(apis.inOrder()[0], first);
});

Deno.test("createMetadataReader() reads an organization that is not small, in pages that fit", async () => {
  // 12 MB that cannot be roles, beside some that can.
  const metadata = { ...valuesOf(30, 400_000), viewer: "YQ==" };
  const { read, calls } = reader(world(metadata), { timeoutMs: 30_000 });
  const found = await read(ID);
  assert.equal(found.length, 31);
  assert.deepEqual(
    found.filter(({ value }) => value !== undefined).map(({ key }) => key),
    ["viewer"],
  );
  // The next reading does not begin as a small one, and knows what fits.
  const first = calls.splice(0).length;
  await read(ID);
  assert.equal(calls.length, first - 5);
});

Deno.test("createMetadataReader() stops at the first page over the bound", async () => {
  const { read, calls } = reader(world(valuesOf(4_000, 10_000)), {
    timeoutMs: 30_000,
  });
  await assert.rejects(read(ID), (error) => {
    fails("upstream_failed", "unreadable_answer")(error);
    assert.match((error as Error).message, /more than 2097152 bytes/);
    return true;
  });
  // Too much for a small reading, then for a page, then for a mapping.
  assert.equal(calls.length, 3);
});

Deno.test("createMetadataReader() stops when dropped values take too much as well", async () => {
  const { read, calls } = reader(world(valuesOf(100, 400_000)), {
    timeoutMs: 30_000,
  });
  await assert.rejects(read(ID), (error) => {
    fails("upstream_failed", "unreadable_answer")(error);
    assert.match((error as Error).message, /more than 33554432 bytes/);
    return true;
  });
  assert.ok(calls.length < 40, `${calls.length} calls`);
});

Deno.test("createMetadataReader() asks for less after a large reading that took too long", async () => {
  const limits: number[] = [];
  let isSlow = false;
  const upstream = createUpstream(world(valuesOf(1_000, 200)));
  const { read } = reader(world(), {
    timeoutMs: 500,
    async fetch(input, init) {
      const request = new Request(input, init);
      const body = await request.clone().bytes();
      const { pagination } = fromBinary(
        ListOrganizationMetadataRequestSchema,
        body.subarray(5),
      );
      limits.push(pagination!.limit);
      return isSlow
        ? await silentFetch()(request, init)
        : await upstream.fetch(request);
    },
  });
  await read(ID);
  isSlow = true;
  await assert.rejects(read(ID), fails("upstream_timeout", "timeout"));
  isSlow = false;
  limits.length = 0;
  await read(ID);
  assert.equal(limits[0], 250);
});

Deno.test("createMetadataReader() keeps slots for small readings", async () => {
  const large = Array.from({ length: 10 }, (_, i) => `large-${i}`);
  const upstream = createUpstream({
    organizations: {
      ...Object.fromEntries(
        large.map((id) => [
          id,
          { readable: true, metadata: valuesOf(1_000, 100) },
        ]),
      ),
      small: { readable: true, metadata: entries(2) },
    },
  });
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let held = 0;
  let isHolding = false;
  const { read } = reader(world(), {
    timeoutMs: 30_000,
    async fetch(input, init) {
      const request = new Request(input, init);
      const isLarge = (await request.clone().text()).includes("large");
      if (isHolding && isLarge) {
        held++;
        await released;
      }
      return upstream.fetch(request);
    },
  });
  // Each is known not to be small.
  await Promise.all(large.map((id) => read(id)));
  isHolding = true;
  const pending = Promise.all(large.map((id) => read(id)));
  assert.equal((await read("small")).length, 2);
  assert.equal(held, 3);
  release();
  assert.equal((await pending).length, 10);
});
