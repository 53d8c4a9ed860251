import assert from "node:assert/strict";
import { planMapping } from "../../../harness/roles/plan_mapping.ts";
import { entryChanges } from "../../../harness/roles/write_entries.ts";
import { applySteps } from "../../../harness/plan/change.ts";
import {
  listMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { startScratch } from "../_scratch.ts";

/** An organization with a mapping, and two operators who both planned from it. */
async function createScene() {
  const { instance, scratch, ...scene } = await startScratch();
  const organization = scratch.organization.id;
  const list = async () => (await listMetadata(instance, organization)).entries;
  const entries = await list();
  return {
    ...scene,
    plan: (mapping: Record<string, string[]>) =>
      entryChanges(
        { instance, organization },
        planMapping(entries, new Map(Object.entries(mapping)), { prune: true }),
      ),
    write: (key: string, text: string) => {
      const value = new TextEncoder().encode(text);
      return setMetadata(instance, organization, [{ key, value }]);
    },
    admin: async () => {
      const entry = (await list()).find(({ key }) => key === "admin");
      return new TextDecoder().decode(entry?.value);
    },
  };
}

Deno.test("entryChanges() writes nothing over, and removes nothing of, what changed since the plan", async () => {
  await using scene = await createScene();
  const viewer = ["posts:read"];
  const set = scene.plan({ admin: ["mine"], viewer });
  const removed = scene.plan({ viewer });
  await scene.write("admin", '["theirs"]');
  for (const changes of [set, removed]) {
    await assert.rejects(
      applySteps(changes, { settleMs: 0 }),
      /someone else changed admin while the command ran.*Run it again/,
    );
    assert.equal(await scene.admin(), '["theirs"]');
  }
});

Deno.test("entryChanges() leaves to others what they write, and reports it if they write over it", async () => {
  await using scene = await createScene();
  const changes = scene.plan({ admin: ["mine"], new: ["mine"] });
  await scene.write("logo", "theirs");
  const recheck = await changes[0]!.make();
  assert.equal(await scene.admin(), '["mine"]');
  await recheck!();
  await scene.write("new", '["theirs"]');
  await assert.rejects(recheck!(), /someone else changed new/);
});

Deno.test("entryChanges() writes more entries than one call takes", async () => {
  await using scene = await createScene();
  const roles = Array.from({ length: 101 }, (_, i) => [`role-${i}`, ["a"]]);
  await applySteps(scene.plan(Object.fromEntries(roles)), { settleMs: 0 });
  assert.equal(await scene.admin(), "");
});
