import assert from "node:assert/strict";
import type { ApiProcess } from "../../../harness/demo/api_process.ts";
import type { Start } from "./_apis.ts";
import { getPosts } from "./_tokens.ts";

/** Answers that say nothing about a token. */
const BROKEN = {
  "the issuer answers 503": () => new Response("", { status: 503 }),
  "a proxy answers a page": () => new Response("<h1>Hello</h1>"),
  "the issuer answers other JSON": () => Response.json({ keys: 1 }),
  "the issuer answers null": () => Response.json(null),
};

/** Serves one answer on loopback. */
export function serve(
  answer: () => Response,
): AsyncDisposable & { origin: string } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    answer,
  );
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Tests that an API that cannot ask its issuer says so, without a stack. */
export async function testOutages(
  t: Deno.TestContext,
  start: Start,
  token: string,
): Promise<void> {
  let answer: () => Response = () => new Response();
  const issuer = serve(() => answer());
  const api = await start({ ISSUER: issuer.origin });
  const ask = async () => {
    const response = await fetch(`${api.origin}/posts`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { status, headers } = response;
    assert.deepEqual(await response.json(), {
      message: "Cannot check tokens now",
    });
    assert.equal(status, 503);
    assert.match(headers.get("retry-after") ?? "", /^\d+$/);
    assert.equal(headers.get("www-authenticate"), null);
  };
  for (const [name, broken] of Object.entries(BROKEN)) {
    answer = broken;
    await t.step(`503 if ${name}`, ask);
  }
  await issuer[Symbol.asyncDispose]();
  await t.step("503 if the issuer is not reachable", ask);
}

/** Tests that only listed applications' tokens are accepted, by id or by name. */
export async function testApplications(
  t: Deno.TestContext,
  start: Start,
  { listed, unlisted }: Record<
    "listed" | "unlisted",
    Record<string, { client: string; token: string }>
  >,
): Promise<void> {
  const APPLICATIONS = Object.values(listed).map(({ client }) => client)
    .join(", ");
  const api = await start({ APPLICATIONS });
  for (const [name, { token }] of Object.entries(listed)) {
    await t.step(`200 to ${name}, which is listed`, async () => {
      const { status } = await getPosts(api, `Bearer ${token}`);
      assert.equal(status, 200);
    });
  }
  for (const [name, { token }] of Object.entries(unlisted)) {
    await t.step(`401 to ${name}, which is not listed`, async () => {
      const answer = await getPosts(api, `Bearer ${token}`);
      assert.equal(answer.status, 401);
      assert.equal(answer.challenge, 'Bearer error="invalid_token"');
      assert.match(answer.message, /Not listed: client_id/);
    });
  }
}

/** Tests the answers to a browser's preflight request. */
export async function testCors(
  t: Deno.TestContext,
  start: Start,
): Promise<void> {
  const ORIGIN = "https://shop.example";
  const preflight = async ({ origin }: ApiProcess, page: string) => {
    const response = await fetch(`${origin}/posts`, {
      method: "OPTIONS",
      headers: {
        origin: page,
        "access-control-request-method": "DELETE",
        "access-control-request-headers": "authorization",
      },
    });
    await response.body?.cancel();
    return response.headers;
  };
  const allowed = "access-control-allow-origin";
  await t.step("a preflight of a listed origin is allowed", async () => {
    const api = await start({ CORS_ORIGIN: `https://a.example, ${ORIGIN}` });
    const headers = await preflight(api, ORIGIN);
    assert.equal(headers.get(allowed), ORIGIN);
    assert.match(headers.get("access-control-allow-methods")!, /DELETE/);
    assert.match(
      headers.get("access-control-allow-headers")!,
      /authorization/i,
    );
    const other = await preflight(api, "https://other.example");
    assert.equal(other.get(allowed), null);
    const refused = await fetch(`${api.origin}/posts`, {
      headers: { origin: ORIGIN },
    });
    await refused.body?.cancel();
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get(allowed), ORIGIN);
  });
  await t.step("without CORS_ORIGIN none is allowed", async () => {
    const headers = await preflight(await start(), ORIGIN);
    assert.equal(headers.get(allowed), null);
  });
}
