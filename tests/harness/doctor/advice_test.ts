/** What a finding advises fits what was seen. */
import assert from "node:assert/strict";
import { readArguments } from "../../../harness/cli/arguments.ts";
import { DOCTOR_OPTIONS } from "../../../harness/doctor/command_line.ts";
import { completeFix } from "../../../harness/doctor/complete_fix.ts";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import { type Finding, finding } from "../../../harness/doctor/finding.ts";
import {
  referToCauses,
  runDoctor,
} from "../../../harness/doctor/run_doctor.ts";
import { createCredential } from "../../../harness/zitadel/credential.ts";
import { DEFAULT_TARGET_NAME } from "../../../harness/zitadel/target.ts";
import { createTestIo } from "../_test_io.ts";
import { partsOf } from "./_faults.ts";
import { examine, find, gather, soundInstance } from "./_sound_instance.ts";

Deno.test("doctor asks for a project, not for entries, if no project has the roles", async () => {
  await using it = await soundInstance();
  partsOf(it).project.roles.clear();
  const { level, seen, why, fix } = find(await examine(it), "mapping");
  assert.equal(level, "note");
  assert.equal(seen, "entries, and no project that has roles");
  assert.match(why!, /^without a project that has these roles/);
  assert.match(fix!, /^create a project with these roles/);
});

Deno.test("doctor advises to bind events only while they are not bound", async () => {
  await using it = await soundInstance();
  const { state, access } = partsOf(it);
  assert.doesNotMatch(find(await examine(it), "revocation").fix!, /events/);
  state.executions.clear();
  state.executions.set("access", access);
  assert.match(find(await examine(it), "revocation").fix!, /--also events/);
});

Deno.test("doctor warns of the end of a key whose file does not name it", async () => {
  await using it = await soundInstance();
  const { value } = await createCredential(
    it.instance,
    { organization: it.scratch.organization.id, user: it.scratch.reader.id },
    { kind: "key", days: 29 },
  );
  const { expirationDate, ...file } = JSON.parse(value);
  const { CLIENT_ID: _id, CLIENT_SECRET: _secret, ...others } = it.settings;
  const { level, seen, fix } = find(
    await examine(it, {
      settings: { ...others, SERVICE_ACCOUNT_KEY: JSON.stringify(file) },
    }),
    "expiry",
  );
  assert.equal(level, "warning");
  const day = expirationDate.slice(0, 10);
  assert.equal(seen, `the credential expires on ${day}, in 28 days`);
  assert.match(fix!, /^deno task rotate --credential\n/);
});

Deno.test("doctor says how to bring the function back, by what answers", async (t) => {
  await using it = await soundInstance();
  await t.step("nothing", async () => {
    partsOf(it).target.endpoint = "http://127.0.0.1:9/";
    const { fix } = find(await examine(it), "canary");
    assert.match(fix!, /^deno task start\n/);
    it.restore();
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

Deno.test("doctor calls the function of the default target if the env file has no target's key", async () => {
  await using it = await soundInstance();
  const { target } = partsOf(it);
  target.name = DEFAULT_TARGET_NAME;
  target.signingKey = "newKey";
  const findings = await examine(it);
  const { level, fix } = find(findings, "target");
  assert.equal(level, "broken");
  assert.match(fix!, /^deno task setup --force\n/);
  // The function runs with the env file's key, and answers to it.
  assert.equal(find(findings, "canary").level, "ok");
  const settings = { ...it.settings, AUTHORIZATION_SIGNING_KEY: "lostKey" };
  assert.match(
    find(await examine(it, { settings }), "canary").seen,
    /does not accept the key in AUTHORIZATION_SIGNING_KEY$/,
  );
});

Deno.test("doctor names the only target that is called, and where it calls, if its key is another", async () => {
  await using it = await soundInstance();
  const { target } = partsOf(it);
  const calls = { name: "Shop's", signingKey: "newKey" };
  Object.assign(target, calls, { interruptOnError: true });
  target.endpoint = "http://localhost:9/";
  const facts = await gather(it);
  const fixes = new Map(
    diagnose(facts).map((found) => [
      found.check,
      completeFix(found, { facts, envFile: ".env" }),
    ]),
  );
  const { fix, why } = fixes.get("target")!;
  assert.match(fix!, /^deno task setup --name 'Shop'\\''s' --force\n/);
  assert.match(why!, /every login fails/);
  assert.match(fixes.get("canary")!.fix!, /^PORT=9 deno task start\n/);
});

Deno.test("doctor starts the function before it binds it", async () => {
  await using it = await soundInstance();
  const { state, target } = partsOf(it);
  state.executions.clear();
  target.endpoint = "http://127.0.0.1:9/";
  const broken = (await examine(it)).filter(({ level }) => level === "broken");
  assert.deepEqual(broken.map(({ check }) => check), ["canary", "bound"]);
});

Deno.test("doctor advises setup only if what it writes is all that is missing", async () => {
  await using it = await soundInstance();
  const missing = { ...it.settings, AUTHORIZATION_SIGNING_KEY: undefined };
  for (
    const [settings, fix] of [
      [missing, /^deno task setup --service-user --endpoint URL\n/],
      [{ ...missing, PORT: "many" }, /^correct them/],
    ] as const
  ) {
    assert.match(find(await examine(it, { settings }), "settings").fix!, fix);
  }
});

Deno.test("doctor --live reports the cause before what it broke", async () => {
  await using it = await soundInstance();
  const { target } = partsOf(it);
  target.name = DEFAULT_TARGET_NAME;
  target.signingKey = "newKey";
  const { io, printed } = createTestIo({
    env: { ZITADEL_ADMIN_TOKEN: it.sandbox.adminToken },
  });
  const outcome = await runDoctor({
    ...readArguments([], { options: DOCTOR_OPTIONS }),
    org: [it.scratch.organization.id],
    live: true,
    envFile: it.envFile,
    json: true,
  }, io);
  assert.equal(outcome, "failed");
  const { findings } = JSON.parse(printed());
  assert.deepEqual(
    findings.slice(0, 2).map(({ check }: Finding) => check),
    ["target", "live"],
  );
  assert.match(findings[1].fix, /^fix what else is reported first \(target\)/);
});

Deno.test("referToCauses() points above only to what stands there", () => {
  const live = finding("live", "broken", "a token came without it");
  const note = finding("bound", "note", "only to preuserinfo");
  const alone = referToCauses(live, [note]);
  assert.equal(alone, live);
  assert.doesNotMatch(alone.fix!, /first/);
});
