import assert from "node:assert/strict";
import { UPSTREAM_TOKEN } from "../../../harness/sandbox/upstream.ts";
import { listOrganizationMetadata } from "../../../lib/zitadel/organization_metadata.ts";
import { fails, ID, reader, valuesOf, world } from "./_metadata.ts";

Deno.test("listOrganizationMetadata() reports which API answered", async (t) => {
  for (const api of ["v2", "v2beta", "management_v1"] as const) {
    await t.step(api, async () => {
      const metadata = { ...valuesOf(1, 400_000), viewer: "YQ==" };
      const { connection } = reader(world(metadata, api));
      const found = await listOrganizationMetadata(connection, {
        token: UPSTREAM_TOKEN,
        organization: ID,
      });
      assert.equal(found.api, api);
      assert.deepEqual(
        found.entries.map(({ value }) => value?.length),
        [400_000, 1],
      );
    });
  }
  await t.step("and why none did", async () => {
    const { connection } = reader(world());
    await assert.rejects(
      listOrganizationMetadata(connection, {
        token: "other",
        organization: ID,
      }),
      fails("upstream_failed", "credential_rejected"),
    );
  });
});
