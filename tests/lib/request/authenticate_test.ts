import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { createAuthenticator } from "../../../lib/request/authenticate.ts";
import { createBodyReader } from "../../../lib/request/body.ts";
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
      const authenticate = await createAuthenticator({
        signingKeys: KEYS,
        readBody: createBodyReader(clock),
        now: clock.now,
      });
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
  let held = 0;
  const readBody = createBodyReader(clock);
  const authenticate = await createAuthenticator({
    signingKeys: KEYS,
    async readBody(request) {
      const { bytes, release } = await readBody(request);
      held++;
      return { bytes, release: () => (held--, release()) };
    },
    now: clock.now,
  });
  for (const length of [10, 10_000, 300_000]) {
    for (const call of await requests(length, clock)) {
      await authenticate(call).catch(() => {});
      assert.equal(held, 0);
    }
  }
});
