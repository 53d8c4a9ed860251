import assert from "node:assert/strict";
import {
  type CanaryVerdict,
  checkEndpoint,
  sendCanary,
} from "../../../harness/function/canary.ts";
import { serve } from "../_serve.ts";

const KEY = "theTargetsKey";
const IDENTITY = { process: "0123abcd", version: "1.0.0", credential: "ef" };
const CANARY = { canary: IDENTITY };

/** Answers the first call in one way, and later ones as the function does. */
function once(first: () => Response) {
  let calls = 0;
  return () => calls++ === 0 ? first() : refusal();
}

const refusal = () =>
  Response.json({ error: "invalid_signature" }, { status: 401 });

const status = (status: number, location = "") => () =>
  new Response("Log in", { status, headers: location ? { location } : {} });

const endless = function* () {
  for (let i = 0; i < 10_000; i++) yield new Uint8Array(1_000);
};

const ANSWERS: Record<string, [() => Response, CanaryVerdict, RegExp]> = {
  "the function": [once(() => Response.json(CANARY)), "accepted", /accepted/],
  "an older version": [once(() => Response.json({})), "older", /older version/],
  "the function without the key": [refusal, "refused", /does not accept/],
  "any key": [() => Response.json(CANARY), "foreign", /instead of 401/],
  "a stub": [() => Response.json({}), "foreign", /instead of 401/],
  "a gateway's 401": [status(401), "foreign", /401; it is not the function/],
  "a canary of another shape": [
    once(() => Response.json({ canary: true })),
    "foreign",
    /is not the function/,
  ],
  "an endless page": [
    () => new Response(ReadableStream.from(endless())),
    "foreign",
    /is not the function/,
  ],
  "a wrong path": [status(404), "foreign", /404; the function serves only `/],
  "a redirect": [status(302, "/x"), "foreign", /a redirect to \/x/],
  "a starting server": [status(503), "failing", /answered 503/],
};

Deno.test("checkEndpoint() recognizes the function with the key, and nothing else", async (t) => {
  for (const [name, [answer, verdict, seen]] of Object.entries(ANSWERS)) {
    await t.step(name, async () => {
      await using server = serve(answer);
      const result = await checkEndpoint(server.endpoint, KEY);
      assert.equal(result.verdict, verdict);
      assert.equal(result.accepted, verdict === "accepted");
      assert.match(result.seen, seen);
      assert.deepEqual(
        result.identity,
        verdict === "accepted" ? IDENTITY : undefined,
      );
    });
  }
  await t.step("nothing", async () => {
    const result = await checkEndpoint("http://127.0.0.1:9/", KEY);
    assert.equal(result.verdict, "unreachable");
    assert.equal(result.status, undefined);
  });
});

Deno.test("sendCanary() has a connection of its own each time, and keeps none", async () => {
  const ports: number[] = [];
  {
    await using server = serve((_, { remoteAddr }) => {
      ports.push(remoteAddr.port);
      return Response.json(CANARY);
    });
    for (let i = 0; i < 3; i++) await sendCanary(server.endpoint, KEY);
  }
  assert.equal(new Set(ports).size, 3);
});
