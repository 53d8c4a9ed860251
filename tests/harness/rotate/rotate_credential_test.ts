import assert from "node:assert/strict";
import { parseEnv, readEnvFile } from "../../../harness/cli/env_file.ts";
import {
  addCredential,
  deleteReplaced,
  planCredentialRotation,
} from "../../../harness/rotate/rotate_credential.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  createCredential,
  listCredentials,
  writeCredential,
} from "../../../harness/zitadel/credential.ts";
import { createScratchOrganization } from "../../../harness/zitadel/scratch_organization.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";
import { startFunction } from "../_function_server.ts";

const CHECK = { endpoints: [], processes: undefined };

/** A function that uses a key or a token of its service user. */
async function connected(kind: "key" | "pat") {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const scratch = stack.use(await createScratchOrganization(instance));
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  stack.defer(() => Deno.remove(envFile));
  const server = stack.use(startFunction(envFile, sandbox.origin));
  const { signingKey } = await createTarget(instance, {
    name: "ours",
    endpoint: server.endpoint,
    timeoutSeconds: 10,
    interruptOnError: false,
  });
  const user = {
    organization: scratch.organization.id,
    user: scratch.reader.id,
  };
  await Deno.writeTextFile(
    envFile,
    `# mine\nZITADEL_DOMAIN=${sandbox.origin}\nAUTHORIZATION_SIGNING_KEY=${signingKey}\n`,
  );
  const first = await createCredential(instance, user, { kind, days: 10 });
  await writeCredential(envFile, first);
  await server.reload();
  return { stack, place: { instance, envFile }, user, server, first };
}

Deno.test("rotate --credential replaces a key once the function uses the new one", async () => {
  const { stack, place, user, server, first } = await connected("key");
  await using _ = stack;
  const plan = await planCredentialRotation(place);
  assert.equal(plan.kind, "add");
  assert.equal(plan.replaced.id, first.id);
  await addCredential(place, plan.replaced, { days: 20 });

  const then = await planCredentialRotation(place);
  assert.deepEqual(then, { kind: "delete", replaced: plan.replaced });
  const before = await listCredentials(place.instance, user);
  await assert.rejects(
    deleteReplaced(place, then.replaced, CHECK),
    /The old credential is kept: .* uses another credential/,
  );
  assert.deepEqual(await listCredentials(place.instance, user), before);

  await server.reload();
  assert.equal(await deleteReplaced(place, then.replaced, CHECK), 1);
  const text = await readEnvFile(place.envFile);
  const { keyId } = JSON.parse(parseEnv(text).SERVICE_ACCOUNT_KEY!);
  const keys = (await listCredentials(place.instance, user))
    .filter(({ kind }) => kind === "key");
  assert.deepEqual(keys.map(({ id }) => id), [keyId]);
  assert.match(text, /^# mine\n/);
  assert.doesNotMatch(text, /Replaced/);
  assert.equal((await planCredentialRotation(place)).kind, "add");
});

Deno.test("rotate --credential goes on after an interruption before the new key was written", async () => {
  const { stack, place, first } = await connected("key");
  await using _ = stack;
  const { replaced } = await planCredentialRotation(place);
  const refusing = {
    ...place,
    instance: connect(place.instance.origin, "revoked"),
  };
  await assert.rejects(addCredential(refusing, replaced, { days: 20 }));
  const again = await planCredentialRotation(place);
  assert.equal(again.kind, "add");
  assert.equal(again.replaced.id, first.id);
});

Deno.test("rotate --credential does not guess which of several tokens is the old one", async () => {
  const { stack, place } = await connected("pat");
  await using _ = stack;
  // The reader has a token of its own beside the one that was written.
  const { replaced } = await planCredentialRotation(place);
  assert.equal(replaced.kind, "pat");
  assert.equal(replaced.id, undefined);
});

Deno.test("rotate --credential refuses a client secret, which has no successor", async () => {
  const { stack, place } = await connected("pat");
  await using _ = stack;
  const text = await readEnvFile(place.envFile);
  await Deno.writeTextFile(
    place.envFile,
    text.replace(/ACCESS_TOKEN=.*/, "CLIENT_ID=a\nCLIENT_SECRET=b"),
  );
  await assert.rejects(planCredentialRotation(place), {
    name: "SettingsError",
    message: /one client secret/,
  });
});
