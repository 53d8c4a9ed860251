/** The command as a whole, where what it prints is more than what was found. */
import assert from "node:assert/strict";
import { createCredential } from "../../../harness/zitadel/credential.ts";
import { doctor } from "../../../tasks/doctor.ts";
import { createTestIo } from "../_test_io.ts";
import { partsOf } from "./_faults.ts";
import { soundInstance } from "./_sound_instance.ts";

async function run(args: readonly string[], env: Record<string, string>) {
  const { io, printed, errors } = createTestIo({ env });
  const code = await doctor.run(args, io);
  return { code, printed: printed(), errors: errors() };
}

Deno.test("doctor --live reports the cause before what it broke", async () => {
  await using it = await soundInstance();
  partsOf(it).target.signingKey = "newKey";
  const args = ["--env-file", it.envFile, "--live", "--json"];
  const { code, printed } = await run(
    [...args, "--org", it.scratch.organization.id],
    { ZITADEL_ADMIN_TOKEN: it.sandbox.adminToken },
  );
  assert.equal(code, 2);
  const [cause, live] = JSON.parse(printed).findings;
  assert.deepEqual([cause.check, live.check], ["target", "live"]);
});

Deno.test("doctor --live needs an administrator's token, and one that is valid", async () => {
  await using it = await soundInstance();
  const args = ["--env-file", it.envFile, "--live", "--json"];
  const { code, errors } = await run(args, {});
  assert.equal(code, 64);
  assert.match(errors, /^error: ZITADEL_ADMIN_TOKEN is not set/);
  const { printed } = await run(args, { ZITADEL_ADMIN_TOKEN: "revoked" });
  assert.match(
    printed,
    /"not tried: the settings, the credential or the admin/,
  );
});

Deno.test("doctor --live leaves a private address that ZITADEL calls a note", async () => {
  await using it = await soundInstance();
  const env = { ZITADEL_ADMIN_TOKEN: it.sandbox.adminToken };
  const args = ["--env-file", it.envFile, "--live"];
  const { code, printed } = await run(
    [...args, "--org", it.scratch.organization.id],
    env,
  );
  assert.equal(code, 0, printed);
  assert.match(
    printed,
    /^ok +live: 6 tokens each held the permission of viewer/m,
  );
  assert.match(printed, /^note +address: /m);
});

Deno.test("doctor refuses an env file of another instance, in one sentence", async () => {
  await using it = await soundInstance();
  const { code, errors, printed } = await run(["--env-file", it.envFile], {
    ZITADEL_DOMAIN: "http://127.0.0.1:1",
  });
  assert.equal(code, 64);
  assert.match(errors, /^error: \S+ belongs to another instance: /);
  assert.equal(printed, "");
});

Deno.test("doctor diagnoses an instance that gives no token for ZITADEL_ADMIN_KEY_FILE", async () => {
  await using it = await soundInstance();
  const { scratch: { organization: { id: organization }, reader } } = it;
  const owner = { organization, user: reader.id };
  const key = { kind: "key", days: 1 } as const;
  const { value } = await createCredential(it.instance, owner, key);
  const path = await Deno.makeTempFile();
  it.stack.defer(() => Deno.remove(path));
  await Deno.writeTextFile(path, value);
  const args = ["--env-file", "/dev/null"];
  const env = {
    ZITADEL_DOMAIN: "http://127.0.0.1:1",
    ZITADEL_ADMIN_KEY_FILE: path,
  };
  const { code, printed, errors } = await run(args, env);
  assert.equal(code, 2);
  assert.match(errors, /^ZITADEL_ADMIN_KEY_FILE: .*cannot be reached/);
  assert.match(printed, /^broken +reachable: /m);
  const live = await run([...args, "--live"], env);
  assert.equal(live.code, 2);
  assert.match(live.errors, /^error: .*cannot be reached/);
});
