import assert from "node:assert/strict";
import { parseEnv, readEnvFile } from "../../../harness/cli/env_file.ts";
import {
  addCredential,
  deleteReplaced,
  planCredentialRotation,
} from "../../../harness/rotate/rotate_credential.ts";
import {
  createCredential,
  listCredentials,
} from "../../../harness/zitadel/credential.ts";
import { issueCredential } from "../../../harness/zitadel/issue_credential.ts";
import { connected } from "./_connected.ts";

const CHECK = { endpoints: [], processes: undefined };

/** A function that uses a key or a token of its service user. */
async function withCredential(kind: "key" | "pat") {
  const { stack, instance, scratch, envFile, server } = await connected();
  const user = {
    organization: scratch.organization.id,
    user: scratch.reader.id,
  };
  await issueCredential(instance, envFile, { ...user, kind, days: 10 });
  await server.reload();
  const idOf = async () => {
    const { SERVICE_ACCOUNT_KEY } = parseEnv(await readEnvFile(envFile));
    return SERVICE_ACCOUNT_KEY && JSON.parse(SERVICE_ACCOUNT_KEY).keyId;
  };
  const first = { id: await idOf() };
  return { stack, place: { instance, envFile }, user, server, first, idOf };
}

Deno.test("rotate --credential replaces a key once the function uses the new one", async () => {
  const { stack, place, user, server, first, idOf } = await withCredential(
    "key",
  );
  await using _ = stack;
  const plan = await planCredentialRotation(place);
  assert.equal(plan.kind, "add");
  assert.equal(plan.replaced.id, first.id);
  await addCredential(place, plan.replaced, { days: 20 });
  assert.doesNotMatch(await readEnvFile(place.envFile), /\n\n/);

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
  const keys = (await listCredentials(place.instance, user))
    .filter(({ kind }) => kind === "key");
  assert.deepEqual(keys.map(({ id }) => id), [await idOf()]);
  assert.match(text, /^# mine\n/);
  assert.doesNotMatch(text, /Replaced/);
  assert.equal((await planCredentialRotation(place)).kind, "add");
});

Deno.test("a credential that was created when the command was killed is deleted by the next run, and no other", async (t) => {
  for (const kind of ["key", "pat"] as const) {
    await t.step(kind, async () => {
      const { stack, place, user, server } = await withCredential(kind);
      await using _ = stack;
      const { instance, envFile } = place;
      const { replaced } = await planCredentialRotation(place);
      const before = await listCredentials(instance, user);
      const text = await readEnvFile(envFile);
      await addCredential(place, replaced, { days: 20 });
      const [lost] = (await listCredentials(instance, user))
        .filter(({ id }) => before.every((it) => it.id !== id));
      // What a kill leaves: the credential exists, and the file has only the note.
      await Deno.writeTextFile(
        envFile,
        `${text}# A credential of user ${user.user} is being created; it ends at ${
          new Date(lost!.expiresAt!).toISOString()
        }\n`,
      );
      // By a colleague, with another env file.
      await createCredential(instance, user, { kind, days: 21 });

      const again = await planCredentialRotation(place);
      assert.equal(again.kind, "add");
      await addCredential(place, again.replaced, { days: 20 });
      const after = await listCredentials(instance, user);
      assert.equal(after.length, before.length + 2);
      assert.ok(after.every(({ id }) => id !== lost!.id));
      assert.doesNotMatch(await readEnvFile(envFile), /is being created/);
      await server.reload();
    });
  }
});

Deno.test("rotate --credential does not guess which of several tokens is the old one", async () => {
  const { stack, place } = await withCredential("pat");
  await using _ = stack;
  // The reader has a token of its own beside the one that was written.
  const { replaced } = await planCredentialRotation(place);
  assert.equal(replaced.kind, "pat");
  assert.equal(replaced.id, undefined);
});

Deno.test("rotate --credential refuses a client secret, which has no successor", async () => {
  const { stack, place } = await withCredential("pat");
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
