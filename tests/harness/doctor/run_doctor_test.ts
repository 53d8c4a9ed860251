/** The command as a whole, where what it prints is more than what was found. */
import assert from "node:assert/strict";
import { createCredential } from "../../../harness/zitadel/credential.ts";
import { doctor } from "../../../tasks/doctor.ts";
import { run as runTask } from "../../tasks/_run.ts";
import { partsOf } from "./_faults.ts";
import { soundInstance } from "./_sound_instance.ts";

const run = (args: readonly string[], env: Record<string, string>) =>
  runTask(doctor, args, { env });

Deno.test("doctor --live reports the cause before what it broke", async () => {
  await using it = await soundInstance();
  partsOf(it).target.signingKey = "newKey";
  const args = ["--env-file", it.envFile, "--live", "--json"];
  const { code, stdout } = await run(
    [...args, "--org", it.scratch.organization.id],
    { ZITADEL_ADMIN_TOKEN: it.sandbox.adminToken },
  );
  assert.equal(code, 2);
  const [cause, live] = JSON.parse(stdout).findings;
  assert.deepEqual([cause.check, live.check], ["target", "live"]);
});

Deno.test("doctor --live needs an administrator's token, and one that is valid", async () => {
  await using it = await soundInstance();
  const args = ["--env-file", it.envFile, "--live", "--json"];
  const { code, stderr } = await run(args, {});
  assert.equal(code, 64);
  assert.match(stderr, /^error: ZITADEL_ADMIN_TOKEN is not set/);
  const { stdout } = await run(args, { ZITADEL_ADMIN_TOKEN: "revoked" });
  assert.match(
    stdout,
    /"not tried: the settings, the credential or the admin/,
  );
});

Deno.test("doctor --live leaves a private address that ZITADEL calls a note", async () => {
  await using it = await soundInstance();
  const env = { ZITADEL_ADMIN_TOKEN: it.sandbox.adminToken };
  const args = ["--env-file", it.envFile, "--live"];
  const { code, stdout } = await run(
    [...args, "--org", it.scratch.organization.id],
    env,
  );
  assert.equal(code, 0, stdout);
  assert.match(
    stdout,
    /^ok +live: 6 tokens each held the permission of viewer/m,
  );
  assert.match(stdout, /^note +address: /m);
});

Deno.test("doctor refuses an env file of another instance, in one sentence", async () => {
  await using it = await soundInstance();
  const { code, stderr, stdout } = await run(["--env-file", it.envFile], {
    ZITADEL_DOMAIN: "http://127.0.0.1:1",
  });
  assert.equal(code, 64);
  assert.match(stderr, /^error: \S+ belongs to another instance: /);
  assert.equal(stdout, "");
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
  const { code, stdout, stderr } = await run(args, env);
  assert.equal(code, 2);
  assert.match(stderr, /^ZITADEL_ADMIN_KEY_FILE: .*cannot be reached/);
  assert.match(stdout, /^broken +reachable: /m);
  const live = await run([...args, "--live"], env);
  assert.equal(live.code, 2);
  assert.match(live.stderr, /^error: .*cannot be reached/);
});
