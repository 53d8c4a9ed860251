/** What a finding advises fits what was seen. */
import assert from "node:assert/strict";
import type { CheckId } from "../../../harness/doctor/checks.ts";
import type { Finding } from "../../../harness/doctor/finding.ts";
import { partsOf } from "./_faults.ts";
import { examine, restore, soundInstance } from "./_sound_instance.ts";

function find(findings: readonly Finding[], check: CheckId): Finding {
  const found = findings.find((finding) => finding.check === check);
  assert.ok(found, JSON.stringify(findings));
  return found;
}

Deno.test("doctor asks for a project, not for entries, if no project has the roles", async () => {
  const it = await soundInstance("current");
  await using _ = it.stack;
  partsOf(it).project.roles.clear();
  const { level, seen, why, fix } = find(await examine(it), "mapping");
  assert.equal(level, "note");
  assert.equal(seen, "entries, and no project that has roles");
  assert.match(why!, /^without a project that has these roles/);
  assert.match(fix!, /^create a project with these roles/);
});

Deno.test("doctor advises to bind events only while they are not bound", async () => {
  const it = await soundInstance("current");
  await using _ = it.stack;
  const { state, access } = partsOf(it);
  assert.doesNotMatch(find(await examine(it), "revocation").fix!, /events/);
  state.executions.clear();
  state.executions.set("access", access);
  assert.match(find(await examine(it), "revocation").fix!, /--also events/);
});

Deno.test("doctor says how to bring the function back, by what answers", async (t) => {
  const it = await soundInstance("current");
  await using _ = it.stack;
  const saved = structuredClone(it.sandbox.world);
  await t.step("nothing", async () => {
    partsOf(it).target.endpoint = "http://127.0.0.1:9/";
    const { fix } = find(await examine(it), "canary");
    assert.match(fix!, /^deno task start\n/);
    restore(it.sandbox.world, saved);
  });
  await t.step("a function with another key", async () => {
    partsOf(it).target.signingKey = "newKey";
    const { fix } = find(
      await examine(it, {
        settings: { ...it.settings, AUTHORIZATION_SIGNING_KEY: "newKey" },
      }),
      "canary",
    );
    assert.match(fix!, /^restart or deploy the function with this/);
  });
});
