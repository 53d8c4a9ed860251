import assert from "node:assert/strict";
import { SettingsError } from "../../../harness/cli/errors.ts";
import { connectAsAdmin } from "../../../harness/zitadel/connect_as_admin.ts";
import { createCredential } from "../../../harness/zitadel/credential.ts";
import { withAdminToken } from "../../../harness/zitadel/key_file.ts";
import { whoAmI } from "../../../harness/zitadel/user.ts";
import { startScratch } from "../_scratch.ts";

async function withFile(text: string) {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

Deno.test("connectAsAdmin() connects as the service user of ZITADEL_ADMIN_KEY_FILE", async () => {
  await using scene = await startScratch();
  const { sandbox, instance, scratch } = scene;
  const { value } = await createCredential(instance, {
    organization: scratch.organization.id,
    user: scratch.reader.id,
  }, { kind: "key", days: 1 });
  await using file = await withFile(value);
  const env = {
    ZITADEL_DOMAIN: sandbox.origin,
    ZITADEL_ADMIN_KEY_FILE: file.path,
  };
  const connection = await connectAsAdmin("/none/.env", { env });
  assert.equal((await whoAmI(connection.instance)).id, scratch.reader.id);
});

Deno.test("withAdminToken() refuses two administrators, a file that is no key, and a token that is none, without showing it", async () => {
  await using file = await withFile(
    '{"type": "serviceaccount", "key": "canary"}',
  );
  const env = {
    ZITADEL_DOMAIN: "http://127.0.0.1:1",
    ZITADEL_ADMIN_KEY_FILE: file.path,
  };
  const none = { ...env, ZITADEL_ADMIN_KEY_FILE: "/none" };
  const token = (ZITADEL_ADMIN_TOKEN: string) => ({ ZITADEL_ADMIN_TOKEN });
  const spoiled = [" ", "\u200b", "\n", "é"].map((it) => `can${it}ary`);
  const cases: [Record<string, string>, RegExp][] = [
    [{ ...env, ...token("token") }, /are both set/],
    [env, /is not a service user's JSON key file/],
    [none, /^Cannot read ZITADEL_ADMIN_KEY_FILE/],
    [token("Bearer canary"), /^ZITADEL_ADMIN_TOKEN begins with Bearer/],
    [
      token('{"type": "serviceaccount", "key": "canary"}'),
      /^ZITADEL_ADMIN_TOKEN is a key file: set ZITADEL_ADMIN_KEY_FILE/,
    ],
    [token("/home/canary.json"), /set ZITADEL_ADMIN_KEY_FILE to its path/],
    ...spoiled.map((it): [Record<string, string>, RegExp] => [
      token(it),
      /^ZITADEL_ADMIN_TOKEN has white space/,
    ]),
  ];
  for (const [settings, expected] of cases) {
    await assert.rejects(withAdminToken(settings), (error) => {
      assert.ok(error instanceof SettingsError);
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /canary|ary$/);
      return true;
    });
  }
  const settings = token("token");
  assert.equal(await withAdminToken(settings), settings);
});
