import assert from "node:assert/strict";
import { runDeno } from "../../../harness/mutate/run_deno.ts";

const OPTIONS = {
  root: Deno.cwd(),
  timeoutMs: 60_000,
  signal: new AbortController().signal,
};

/** A process that is left behind reports itself after this time. */
const LINGER_MS = 5_000;

Deno.test("runDeno() reports how a run ended", async () => {
  const [passed, failed, timeout] = await Promise.all([
    runDeno(["eval", "0"], OPTIONS),
    runDeno(["eval", "throw 1"], OPTIONS),
    runDeno(["eval", "for (;;);"], { ...OPTIONS, timeoutMs: 1 }),
  ]);
  assert.equal(passed, "passed");
  assert.equal(failed, "failed");
  assert.equal(timeout, "timeout");
});

Deno.test("runDeno() leaves no process behind when it is aborted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connect = `const connection = await Deno.connect({ port: ${
    (listener.addr as Deno.NetAddr).port
  } }); setTimeout(() => connection.write(new Uint8Array(1)), ${LINGER_MS}); await connection.read(new Uint8Array(1));`;
  const start = `await new Deno.Command(Deno.execPath(), {
    args: ["eval", ${JSON.stringify(connect)}],
  }).output();`;
  const controller = new AbortController();
  const { signal } = controller;
  const ended = assert.rejects(
    runDeno(["eval", start], { ...OPTIONS, signal }),
    {
      message: "enough",
    },
  );
  using connection = await listener.accept();
  controller.abort(new Error("enough"));
  await ended;
  // The connection of a process that was killed is closed, without a byte.
  const read = connection.read(new Uint8Array(1));
  assert.equal(await read.catch(() => null), null);
});
