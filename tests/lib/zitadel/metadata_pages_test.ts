import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ListOrganizationMetadataResponseSchema } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { createUpstream } from "../../../harness/fixtures/upstream.ts";
import { grpcWebAnswer } from "../_frames.ts";
import { entries, fails, ID, reader, world } from "./_metadata.ts";

Deno.test("createMetadataReader() reads pages of 1,000 until everything is read", async (t) => {
  for (const api of ["v2", "v2beta", "management_v1"] as const) {
    for (
      const [count, pages] of [[1, 1], [1_000, 1], [1_001, 2], [
        2_500,
        3,
      ]] as const
    ) {
      await t.step(`${api}, ${count}`, async () => {
        const metadata = entries(count);
        const { read, calls } = reader(world(metadata, api));
        await read(ID);
        calls.length = 0;
        const found = await read(ID);
        assert.deepEqual(
          found.map(({ key }) => key),
          Object.keys(metadata),
        );
        assert.equal(calls.length, pages);
      });
    }
  }
});

/** A reader of an organization that changes before each page but the first. */
function unsteady(
  change: (metadata: Record<string, string>, page: number) => void,
) {
  const metadata = entries(1_500);
  const upstreamWorld = world(metadata);
  const upstream = createUpstream(upstreamWorld);
  let page = 0;
  return reader(upstreamWorld, {
    fetch: (input, init) => {
      if (page++ > 0) change(metadata, page);
      return upstream.fetch(input, init);
    },
  });
}

Deno.test("createMetadataReader() begins anew when the list changes while it is read", async (t) => {
  await t.step("grown", async () => {
    const { read, calls } = unsteady((metadata, page) => {
      if (page === 2) metadata["role-new"] = btoa("a");
    });
    const found = await read(ID);
    assert.equal(found.length, 1_501);
    assert.equal(calls.length, 4);
  });
  await t.step("shrunk", async () => {
    const { read } = unsteady((metadata, page) => {
      if (page === 2) delete metadata["role-3"];
    });
    const keys = (await read(ID)).map(({ key }) => key);
    assert.equal(keys.length, 1_499);
    assert.ok(!keys.includes("role-3"));
    assert.ok(keys.includes("role-1000"));
  });
  await t.step("emptied", async () => {
    const { read } = unsteady((metadata, page) => {
      if (page !== 2) return;
      for (const key of Object.keys(metadata)) delete metadata[key];
    });
    assert.deepEqual(await read(ID), []);
  });
});

Deno.test("createMetadataReader() gives up when the list changes all the time", async () => {
  const { read, calls } = unsteady((metadata, page) => {
    metadata[`role-new-${page}`] = btoa("a");
  });
  await assert.rejects(read(ID), fails("upstream_failed", "unstable_listing"));
  assert.equal(calls.length, 6);
});

Deno.test("createMetadataReader() gives up when ZITADEL tells of more than it gives", async (t) => {
  const keys = { "nothing": [], "the same again": ["a", "b"] };
  for (const [name, given] of Object.entries(keys)) {
    await t.step(name, async () => {
      const schema = ListOrganizationMetadataResponseSchema;
      const { read } = reader(world(), {
        fetch: () =>
          Promise.resolve(grpcWebAnswer(
            schema,
            create(schema, {
              pagination: { totalResult: 3n },
              metadata: given.map((key) => ({ key })),
            }),
          )),
      });
      await assert.rejects(
        read(ID),
        fails("upstream_failed", "unstable_listing"),
      );
    });
  }
});

Deno.test("createMetadataReader() gives up when a mapping is too large to be one, and passes over long values", async () => {
  const values = (count: number, bytes: number) =>
    Object.fromEntries(
      Array.from(
        { length: count },
        (_, i) => [`role-${i}`, btoa("x".repeat(bytes))],
      ),
    );
  // 11 MB that could be roles, and 12 MB that cannot.
  const { read } = reader(world(values(110, 100_000)));
  await assert.rejects(read(ID), fails("upstream_failed", "unreadable_answer"));
  const others = reader(world(values(30, 400_000)));
  assert.equal((await others.read(ID)).length, 30);
});
