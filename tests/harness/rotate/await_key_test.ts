import assert from "node:assert/strict";
import {
  awaitKey,
  type AwaitKeyOptions,
  KeyNotAccepted,
} from "../../../harness/rotate/await_key.ts";
import { signPayload } from "../../../harness/util/sign_payload.ts";
import { serve } from "../_serve.ts";

const KEY = "the-new-key-of-the-successor";
const RETRY_MS = 2;

/** Processes behind a balancer that chooses one for each connection, in turn. */
function startProcesses(
  processes: readonly {
    readonly id: string;
    readonly keys: readonly string[];
  }[],
) {
  const byConnection = new Map<string, typeof processes[number]>();
  const server = serve(async (request, { remoteAddr }) => {
    const connection = String(remoteAddr.port);
    const process = byConnection.get(connection) ??
      processes[byConnection.size % processes.length]!;
    byConnection.set(connection, process);
    const isOurs = await verifySignature(request, process.keys);
    return isOurs
      ? Response.json({
        canary: { process: process.id, version: "1", credential: "c0ffee00" },
      })
      : Response.json({ error: "invalid_signature" }, { status: 401 });
  });
  return { ...server, connections: byConnection };
}

/** Reports whether a request is signed with one of the keys. */
async function verifySignature(
  request: Request,
  keys: readonly string[],
): Promise<boolean> {
  const header = request.headers.get("ZITADEL-Signature") ?? "";
  const timestamp = Number(/t=(\d+)/.exec(header)?.[1]);
  const body = await request.text();
  for (const key of keys) {
    if (await signPayload(key, timestamp, body) === header) return true;
  }
  return false;
}

const wait = (
  endpoints: readonly string[],
  options: Partial<AwaitKeyOptions> = {},
) =>
  awaitKey({
    ...{ endpoints, signingKey: KEY, retryMs: RETRY_MS },
    ...{ processes: undefined, waitSeconds: 0, ...options },
  });

Deno.test("awaitKey() finds a single old process behind a balancer", async () => {
  await using it = startProcesses([
    { id: "a", keys: ["old", KEY] },
    { id: "b", keys: ["old"] },
    { id: "c", keys: ["old", KEY] },
  ]);
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
  await using it = startProcesses(ids.map((id) => ({ id, keys: [KEY] })));
  const options = { processes: 7, waitSeconds: 5 };
  const accepted = await wait([it.endpoint], options);
  assert.deepEqual([...accepted].sort(), ids);
});

Deno.test("awaitKey() refuses fewer processes than expected, one endpoint of several, and another credential", async () => {
  await using it = startProcesses([{ id: "a", keys: [KEY] }]);
  await using old = startProcesses([{ id: "b", keys: ["old"] }]);
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
