import assert from "node:assert/strict";
import { Clock } from "./_clock.ts";
import { assertRefused, createIdleFunction, request } from "./_requests.ts";

const MIB = 1024 * 1024;

Deno.test("createHandler() drops the oldest unfinished body when there is no room, closes its connection, and answers short ones", async () => {
  const clock = new Clock();
  const { handle } = await createIdleFunction({}, clock);
  /** Sends a forged body of which some bytes never come. */
  const send = (length: number, { missing }: { readonly missing: number }) => {
    const stream = new ReadableStream({
      type: "bytes",
      start(controller) {
        controller.enqueue(new Uint8Array(length - missing));
        if (missing === 0) controller.close();
      },
    });
    const seconds = Math.floor(clock.now() / 1_000);
    return handle(request(stream, {
      "content-length": String(length),
      "zitadel-signature": `t=${seconds},v1=${"0".repeat(64)}`,
    }));
  };
  const oldest = send(10 * MIB, { missing: 1 });
  await new Promise((resolve) => setTimeout(resolve));
  const short = await send(256 * 1024, { missing: 0 });
  await assertRefused(short, "invalid_signature");
  const other = await send(10 * MIB, { missing: 0 });
  assert.equal(other.headers.get("connection"), null);
  await assertRefused(other, "invalid_signature");
  const dropped = await oldest;
  // The rest of the body would keep arriving on it.
  assert.equal(dropped.headers.get("connection"), "close");
  await assertRefused(dropped, "overloaded");
});
