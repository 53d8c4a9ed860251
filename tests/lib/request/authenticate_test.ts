import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { createAuthenticator } from "../../../lib/request/authenticate.ts";
import { signPayload } from "../../../harness/util/sign_payload.ts";
import { Clock } from "../_clock.ts";
import { HmacWatch } from "./_hmacs.ts";

const KEYS = ["first-key", "second-key"];

/** Two forged and two signed requests with bodies of a length. */
async function requests(length: number, clock: Clock): Promise<Request[]> {
  const seconds = Math.floor(clock.now() / 1_000);
  const body = "a".repeat(length);
  const secrets = ["forged", KEYS[0]!, "forged", KEYS[1]!];
  return await Promise.all(
    secrets.map(async (secret) =>
      new Request("http://localhost/", {
        method: "POST",
        body,
        headers: {
          "content-length": String(length),
          "zitadel-signature": await signPayload(secret, seconds, body),
        },
      })
    ),
  );
}

Deno.test("createAuthenticator() verifies one large body at a time, and small ones meanwhile", async (t) => {
  for (
    const [name, { length, atOnce }] of Object.entries({
      "large": { length: 256 * 1024 + 1, atOnce: 1 },
      "small": { length: 256 * 1024, atOnce: 4 },
    })
  ) {
    await t.step(name, async () => {
      const clock = new Clock();
      const authenticate = await createAuthenticator(KEYS, clock);
      const calls = await requests(length, clock);
      using watch = new HmacWatch();
      const { promise, resolve: start } = Promise.withResolvers<void>();
      watch.start = promise;
      const outcomes = Promise.all(
        calls.map((call) =>
          authenticate(call).then(
            ({ signingKey }) => signingKey,
            (error) => error instanceof FunctionError && error.code,
          )
        ),
      );
      for (
        let turn = 0;
        turn < 1_000 && watch.messages.length < atOnce;
        turn++
      ) {
        await new Promise((resolve) => setTimeout(resolve));
      }
      start();
      assert.deepEqual(await outcomes, [
        "invalid_signature",
        0,
        "invalid_signature",
        1,
      ]);
      assert.equal(watch.mostAtOnce, atOnce);
    });
  }
});

Deno.test("createAuthenticator() releases the bodies that it accepts and those that it refuses", async () => {
  const clock = new Clock();
  const authenticate = await createAuthenticator(KEYS, clock);
  // Two do not fit at once.
  for (const call of await requests(7 * 1024 * 1024, clock)) {
    const { code } = await authenticate(call).catch((error) => error);
    assert.notEqual(code, "overloaded");
  }
});
