import assert from "node:assert/strict";
import {
  awaitKey,
  type AwaitKeyOptions,
  KeyNotAccepted,
} from "../../../harness/rotate/await_key.ts";
import { serve } from "../_serve.ts";

const RETRY_MS = 2;

/** Processes behind a balancer that chooses one for each connection, in turn; one whose name ends with "old" lacks the key. */
function startProcesses(...processes: readonly string[]) {
  const byConnection = new Map<number, string>();
  const server = serve((_, { remoteAddr: { port } }) => {
    const process = byConnection.getOrInsertComputed(
      port,
      () => processes[byConnection.size % processes.length]!,
    );
    return process.endsWith("old")
      ? Response.json({ error: "invalid_signature" }, { status: 401 })
      : Response.json({
        canary: { process, version: "1", credential: "c0ffee00" },
      });
  });
  return { ...server, connections: byConnection };
}

const wait = (
  endpoints: readonly string[],
  options: Partial<AwaitKeyOptions> = {},
) =>
  awaitKey({
    endpoints,
    signingKey: "key",
    retryMs: RETRY_MS,
    processes: undefined,
    waitSeconds: 0,
    ...options,
  });

Deno.test("awaitKey() finds a single old process behind a balancer", async () => {
  await using it = startProcesses("a", "b is old", "c");
  await assert.rejects(
    wait([it.endpoint]),
    (error) =>
      error instanceof KeyNotAccepted &&
      /does not accept the target's key yet/.test(error.message),
  );
  assert.ok(it.connections.size > 1, "canaries shared a connection");
});

Deno.test("awaitKey() counts processes until there are as many as expected", async () => {
  const ids = ["a", "b", "c", "d", "e", "f", "g"];
  await using it = startProcesses(...ids);
  const options = { processes: 7, waitSeconds: 5 };
  const accepted = await wait([it.endpoint], options);
  assert.deepEqual([...accepted].sort(), ids);
});

Deno.test("awaitKey() refuses fewer processes than expected, one endpoint of several, and another credential", async () => {
  await using it = startProcesses("a");
  await using old = startProcesses("b is old");
  const { endpoint } = it;
  await assert.rejects(
    wait([endpoint], { processes: 2 }),
    /Only 1 of 2 processes accepted the key/,
  );
  await assert.rejects(
    wait([endpoint, old.endpoint]),
    ({ message }: Error) => message.includes(old.endpoint),
  );
  await assert.rejects(
    wait([endpoint], { credential: "decade00" }),
    /uses another credential/,
  );
  const accepted = await wait([endpoint], { credential: "c0ffee00" });
  assert.deepEqual(accepted, new Set("a"));
});
