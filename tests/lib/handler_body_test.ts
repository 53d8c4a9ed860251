import assert from "node:assert/strict";
import { createFunction } from "../../harness/function/create_function.ts";
import { UPSTREAM_ORIGIN } from "../../harness/sandbox/upstream.ts";
import { readConfig } from "../../lib/config/settings.ts";
import { Clock } from "./_clock.ts";
import { assertRefused, request } from "./_requests.ts";

const MIB = 1024 * 1024;
const DEADLINE_MS = 10_000;

/** A function, and calls of it whose bodies have a signature by no key. */
async function createFunctionFor(clock: Clock) {
  const handle = await createFunction(
    readConfig({
      ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
      AUTHORIZATION_SIGNING_KEY: "key",
      ACCESS_TOKEN: "token",
    }),
    {
      fetch: () => Promise.reject(new TypeError("nothing may be asked")),
      now: clock.now,
      timeout: clock.timeout,
      log: () => {},
    },
  );
  const seconds = Math.floor(clock.now() / 1_000);
  return (length: number, { missing }: { readonly missing: number }) => {
    const stream = new ReadableStream({
      type: "bytes",
      start(controller) {
        if (length > missing) {
          controller.enqueue(new Uint8Array(length - missing));
        }
        if (missing === 0) controller.close();
      },
    });
    return handle(request(stream, {
      "content-length": String(length),
      "zitadel-signature": `t=${seconds},v1=${"0".repeat(64)}`,
    }));
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("createHandler() drops the oldest unfinished body when there is no room, and closes its connection", async () => {
  const send = await createFunctionFor(new Clock());
  const oldest = send(10 * MIB, { missing: 1 });
  await settle();
  const other = await send(10 * MIB, { missing: 0 });
  await assertRefused(other, "invalid_signature");
  assert.equal(other.headers.get("connection"), null);
  const dropped = await oldest;
  // The rest of the body would keep arriving on it.
  assert.equal(dropped.headers.get("connection"), "close");
  await assertRefused(dropped, "overloaded");
});

Deno.test("createHandler() answers short forged bodies while large ones fill their lane", async () => {
  const clock = new Clock();
  const send = await createFunctionFor(clock);
  const large = [1, 2].map(() => send(10 * MIB, { missing: 1 }));
  await settle();
  await assertRefused(
    await send(256 * 1024, { missing: 0 }),
    "invalid_signature",
  );
  clock.advance(DEADLINE_MS);
  const [first, second] = await Promise.all(large);
  await assertRefused(first!, "overloaded");
  await assertRefused(second!, "invalid_payload");
});

Deno.test("createHandler() waits 10 s for a body, and no longer", async () => {
  for (const length of [10, 100_000]) {
    const clock = new Clock();
    const send = await createFunctionFor(clock);
    let isOver = false;
    const response = send(length, { missing: 1 })
      .finally(() => isOver = true);
    clock.advance(DEADLINE_MS - 1);
    await settle();
    assert.equal(isOver, false);
    clock.advance(1);
    await assertRefused(await response, "invalid_payload");
  }
});
