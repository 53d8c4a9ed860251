import assert from "node:assert/strict";
import { SETTINGS } from "../../../lib/config/settings.ts";
import { FAULTS, partsOf } from "./_faults.ts";
import { examine, restore, soundInstance } from "./_sound_instance.ts";

/** Settings that must not be in what people paste into an issue. */
const SECRETS = [
  ...Object.entries(SETTINGS).filter(([, setting]) => "secret" in setting)
    .map(([name]) => name),
  "ZITADEL_ADMIN_TOKEN",
];

Deno.test("doctor's findings hold no secret, whatever is wrong", async (t) => {
  const it = await soundInstance();
  await using _ = it.stack;
  const saved = structuredClone(it.sandbox.world);
  for (const { name, make } of FAULTS) {
    await t.step(name, async () => {
      const options = make(it, partsOf(it)) ?? {};
      const settings: Record<string, string | undefined> = options.settings ??
        it.settings;
      const output = JSON.stringify(await examine(it, options));
      restore(it.sandbox.world, saved);
      const secrets = SECRETS.map((name) => settings[name])
        // A fault such as a broken value is short, and a part of other words.
        .filter((secret) => secret !== undefined && secret.length > 8);
      assert.ok(secrets.length > 0, "there are secrets to look for");
      for (const secret of secrets) {
        for (const form of [secret!, JSON.stringify(secret).slice(1, -1)]) {
          assert.ok(!output.includes(form), `a secret is in ${output}`);
        }
      }
    });
  }
});
