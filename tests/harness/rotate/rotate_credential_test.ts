import assert from "node:assert/strict";
import { parseEnv, readEnvFile } from "../../../harness/cli/env_file.ts";
import type { Place } from "../../../harness/plan/change.ts";
import { planCredentialRotation } from "../../../harness/rotate/rotate_credential.ts";
import {
  createCredential,
  listCredentials,
} from "../../../harness/zitadel/credential.ts";
import { issueCredential } from "../../../harness/zitadel/issue_credential.ts";
import { createTestIo } from "../_test_io.ts";
import { connected } from "./_connected.ts";

const OPTIONS = { credentialDays: 20, probe: [], processes: undefined };

/** Does what is left of a rotation; returns what it was and what is printed then. */
async function rotate(place: Place) {
  const { steps: [step], report } = await planCredentialRotation(
    place,
    OPTIONS,
  );
  await step!.make();
  const { io, printed, errors } = createTestIo();
  const outcome = report(io);
  return { step: step!.step, outcome, text: printed() + errors() };
}

/** A function that uses a key or a token of its service user. */
async function withCredential(kind: "key" | "pat") {
  const { stack, place, scratch, server } = await connected();
  const user = {
    organization: scratch.organization.id,
    user: scratch.reader.id,
  };
  await issueCredential(place.instance, place.envFile, {
    ...user,
    kind,
    days: 10,
  });
  await server.reload();
  return { stack, place, user, server };
}

Deno.test("rotate --credential replaces a key once the function uses the new one", async () => {
  const { stack, place, user, server } = await withCredential("key");
  await using _ = stack;
  const first = parseEnv(await readEnvFile(place.envFile)).SERVICE_ACCOUNT_KEY;
  assert.equal((await rotate(place)).step, "add");
  assert.doesNotMatch(await readEnvFile(place.envFile), /\n\n/);

  const before = await listCredentials(place.instance, user);
  await assert.rejects(
    rotate(place),
    /The old credential is kept: .* uses another credential/,
  );
  assert.deepEqual(await listCredentials(place.instance, user), before);

  await server.reload();
  const deleted = await rotate(place);
  assert.deepEqual([deleted.step, deleted.outcome], ["delete", "done"]);
  assert.match(deleted.text, /used by 1 process, all that were seen/);
  const text = await readEnvFile(place.envFile);
  const { keyId } = JSON.parse(parseEnv(text).SERVICE_ACCOUNT_KEY!);
  const keys = (await listCredentials(place.instance, user))
    .filter(({ kind }) => kind === "key");
  assert.deepEqual(keys.map(({ id }) => id), [keyId]);
  assert.ok(!first!.includes(keyId));
  assert.match(text, /^# mine\n/);
  assert.doesNotMatch(text, /Replaced/);
  const { steps } = await planCredentialRotation(place, OPTIONS);
  assert.equal(steps[0]!.step, "add");
});

Deno.test("a credential that was created when the command was killed is deleted by the next run, and no other", async (t) => {
  for (const kind of ["key", "pat"] as const) {
    await t.step(kind, async () => {
      const { stack, place, user, server } = await withCredential(kind);
      await using _ = stack;
      const { instance, envFile } = place;
      const before = await listCredentials(instance, user);
      const text = await readEnvFile(envFile);
      await rotate(place);
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

      assert.equal((await rotate(place)).step, "add");
      const after = await listCredentials(instance, user);
      assert.equal(after.length, before.length + 2);
      assert.ok(after.every(({ id }) => id !== lost!.id));
      assert.doesNotMatch(await readEnvFile(envFile), /is being created/);
      await server.reload();
    });
  }
});

Deno.test("rotate --credential does not guess which of several tokens is the old one", async () => {
  const { stack, place, user, server } = await withCredential("pat");
  await using _ = stack;
  // The reader has a token of its own beside the one that was written.
  const before = await listCredentials(place.instance, user);
  await rotate(place);
  await server.reload();
  const { outcome, text } = await rotate(place);
  assert.equal(outcome, "warnings");
  assert.match(text, /which of the service user's tokens .* cannot be seen/);
  const after = await listCredentials(place.instance, user);
  assert.equal(after.length, before.length + 1);
});

Deno.test("rotate --credential refuses a client secret, which has no successor", async () => {
  const { stack, place } = await withCredential("pat");
  await using _ = stack;
  const text = await readEnvFile(place.envFile);
  await Deno.writeTextFile(
    place.envFile,
    text.replace(/ACCESS_TOKEN=.*/, "CLIENT_ID=a\nCLIENT_SECRET=b"),
  );
  await assert.rejects(rotate(place), {
    name: "SettingsError",
    message: /one client secret/,
  });
});
