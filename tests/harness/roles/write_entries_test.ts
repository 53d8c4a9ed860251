import assert from "node:assert/strict";
import { planMapping } from "../../../harness/roles/plan_mapping.ts";
import { entryChanges } from "../../../harness/roles/write_entries.ts";
import { applySteps } from "../../../harness/plan/change.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  listMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { createScratchOrganization } from "../../../harness/zitadel/scratch_organization.ts";

/** An organization with a mapping, and two operators who both planned from it. */
async function createScene() {
  const sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const scratch = await createScratchOrganization(instance);
  const organization = scratch.organization.id;
  const { entries } = await listMetadata(instance, organization);
  const plan = (mapping: Record<string, string[]>) =>
    entryChanges(
      { instance, organization },
      planMapping(entries, new Map(Object.entries(mapping)), { prune: true }),
    );
  return {
    plan,
    write: (key: string, text: string) =>
      setMetadata(instance, organization, [
        { key, value: new TextEncoder().encode(text) },
      ]),
    values: async () =>
      Object.fromEntries(
        (await listMetadata(instance, organization)).entries
          .map(({ key, value }) => [key, new TextDecoder().decode(value)]),
      ),
    async [Symbol.asyncDispose]() {
      await scratch[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

Deno.test("entryChanges() writes nothing over what changed since the plan", async () => {
  await using scene = await createScene();
  const changes = scene.plan({ admin: ["mine"], viewer: ["posts:read"] });
  await scene.write("admin", '["theirs"]');
  await assert.rejects(
    applySteps(changes, { settleMs: 0 }),
    /someone else changed admin while the command ran.*Run it again/,
  );
  assert.equal((await scene.values()).admin, '["theirs"]');
});

Deno.test("entryChanges() removes nothing that changed since the plan", async () => {
  await using scene = await createScene();
  const changes = scene.plan({ viewer: ["posts:read"] });
  await scene.write("admin", '["theirs"]');
  await assert.rejects(applySteps(changes, { settleMs: 0 }), /changed admin/);
  assert.equal((await scene.values()).admin, '["theirs"]');
});

Deno.test("entryChanges() leaves to others what they write, and reports it if they write over it", async () => {
  await using scene = await createScene();
  const changes = scene.plan({ admin: ["mine"], new: ["mine"] });
  await scene.write("logo", "theirs");
  const recheck = await changes[0]!.make();
  assert.equal((await scene.values()).admin, '["mine"]');
  await recheck!();
  await scene.write("new", '["theirs"]');
  await assert.rejects(recheck!(), /someone else changed new/);
});
