import assert from "node:assert/strict";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import { serve } from "../../harness/_serve.ts";
import { bearer, type Case, testAnswers } from "./_answers.ts";
import { copyExample, type ExampleApi, hasNode } from "./_example.ts";
import {
  API_CLIENT,
  type Issuer,
  PROJECT,
  ROBOT,
  SHOP,
  startIssuer,
} from "./_issuer.ts";
import { jwtCases, recordedCases } from "./_jwt_cases.ts";
import { SHAPES } from "./_shapes.ts";

type Start = ExampleApi["start"];

for (const name of ["hono.ts", "express.mjs"]) {
  Deno.test({
    name: `${name} accepts and refuses JWTs as RFC 6750 asks`,
    ignore: name.endsWith(".mjs") && !hasNode(),
    fn: async (t) => {
      await using issuer = await startIssuer();
      const { origin, alice, robot, sign } = issuer;
      const always = { ISSUER: origin, AUDIENCE: PROJECT };
      await using example = await copyExample(name, always);
      const { start } = example;
      await testAnswers(t, await start(), await jwtCases(issuer));
      if (name === "hono.ts") {
        await testAnswers(t, await start(), await recordedCases(issuer));
      }
      await testAnswers(t, await start({ APPLICATIONS: `${SHOP}, ${ROBOT}` }), {
        "a listed application": [bearer(alice.accessToken), 200],
        "a listed service user": [bearer(robot), 200],
        "an unlisted application": [
          bearer(await sign({ client_id: "390000000000000099" })),
          401,
          /Not listed: client_id/,
        ],
        "an application whose id begins like a listed one": [
          bearer(await sign({ client_id: `${SHOP}0` })),
          401,
          /Not listed: client_id/,
        ],
      });
      await testIssuers(t, start, issuer);
      await testShared(t, start, {
        token: alice.accessToken,
        carry: (name, value) => sign({ permissions: undefined, [name]: value }),
        required: "AUDIENCE",
      });
    },
  });
}

Deno.test({
  name: "introspect.mjs accepts and refuses by ZITADEL's answer, on Node",
  ignore: !hasNode(),
  fn: async (t) => {
    await using issuer = await startIssuer();
    const { alice, opaque, personal, robot, elsewhere, append } = issuer;
    const ISSUER = `${issuer.origin}/`;
    const always = { ISSUER, AUDIENCE: PROJECT, ...API_CLIENT };
    await using example = await copyExample("introspect.mjs", always);
    const { start } = example;
    const inactive = /Not an active access token for this API/;
    const given: Case = [bearer(opaque), 200];
    const api = await start();
    await testAnswers(t, api, {
      "an opaque token": given,
      "a personal access token": [bearer(personal), 200],
      "a JWT": [bearer(alice.accessToken), 200],
      "a service user": [bearer(robot), 200],
      "an ID token": [bearer(alice.idToken), 401, inactive],
      "another audience": [bearer(elsewhere), 401, inactive],
      "a changed token": [bearer(`${alice.accessToken}x`), 401, inactive],
      nonsense: ["Bearer nonsense", 401, inactive],
      "no token": [undefined, 401],
    });
    append("permissions", []);
    await testAnswers(t, api, {
      "a removed permission": [given[0], 403, /Missing permission: posts:read/],
    });
    append("permissions", ["posts:read"]);
    await testAnswers(t, api, { "a permission that was given again": given });
    await testAnswers(t, await start({ AUDIENCE: "390000000000000012" }), {
      "a token without the audience": [given[0], 401, /Not for this API: aud/],
    });
    await testAnswers(t, await start({ CLIENT_SECRET: "wrong" }), {
      "a token if ZITADEL refuses the API's secret": [given[0], 503],
    });
    await testAnswers(t, await start({ APPLICATIONS: `${SHOP}, ${ROBOT}` }), {
      "a listed application": [bearer(alice.accessToken), 200],
      "a listed service user": [bearer(robot), 200],
      "its personal access token": [bearer(personal), 200],
      "an unlisted application": [given[0], 401, /Not listed: client_id/],
    });
    issuer.revoke(personal);
    await testAnswers(t, api, { "a revoked token": [bearer(personal), 401] });
    await testShared(t, start, {
      token: opaque,
      carry(name, value) {
        append(name, value);
        return opaque;
      },
      required: "CLIENT_ID",
    });
  },
});

/** Tests what all examples do alike. */
async function testShared(
  t: Deno.TestContext,
  start: Start,
  { token, carry, required }: {
    readonly token: string;
    /** Returns a token with a claim. */
    readonly carry: (name: string, value: unknown) => string | Promise<string>;
    /** One of the settings that it needs. */
    readonly required: string;
  },
): Promise<void> {
  await Promise.all(Object.values(SHAPES).map((it) => start(it.settings)));
  for (
    const [shape, { settings, accepted, refused }] of Object.entries(SHAPES)
  ) {
    for (const [status, values] of [[200, accepted], [403, refused]] as const) {
      for (const value of values) {
        const token = await carry(settings.CLAIM ?? "permissions", value);
        const name = `${shape}: ${JSON.stringify(value)}`;
        const cases = { [name]: [bearer(token), status] as const };
        await testAnswers(t, await start(settings), cases);
      }
    }
  }
  await t.step(
    `does not start without ${required}`,
    () =>
      assert.rejects(start({ [required]: "" }), /Set ISSUER(,| and) AUDIENCE/),
  );
  await testOutages(t, start, token);
  await testCors(t, start);
}

/** Tests the ways to write the issuer, and that its key must be of the expected algorithm. */
async function testIssuers(
  t: Deno.TestContext,
  start: Start,
  { origin, alice, sign }: Issuer,
): Promise<void> {
  const other = "https://login.example";
  await testAnswers(t, await start({ ISSUER: `${origin}/, ${other}/` }), {
    "a token of the first of two domains": [bearer(alice.accessToken), 200],
    "a token of the second": [bearer(await sign({ iss: other })), 200],
    "a token of a third": [bearer(await sign({ iss: "https://third" })), 401],
  });
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...await exportJWK(publicKey), kid: "1", alg: "ES256" };
  await using issuer = serve(() => Response.json({ keys: [jwk] }));
  const claims = { ...decodeJwt(alice.accessToken), iss: issuer.origin };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: "1", typ: "JWT" })
    .sign(privateKey);
  await testAnswers(t, await start({ ISSUER: issuer.origin }), {
    "the issuer's key of another algorithm": [bearer(token), 401, /"alg/],
  });
}

/** Answers of an issuer that say nothing about a token. */
const BROKEN = {
  "status 503": () => new Response("", { status: 503 }),
  "a proxy's page": () => new Response("<h1>Hello</h1>"),
  "other JSON": () => Response.json({ keys: 1 }),
  null: () => Response.json(null),
};

/** Tests that an API that cannot ask its issuer says so, without a stack. */
async function testOutages(
  t: Deno.TestContext,
  start: Start,
  token: string,
): Promise<void> {
  let answer: () => Response = () => new Response();
  const issuer = serve(() => answer());
  const api = await start({ ISSUER: issuer.origin });
  const outage: Case = [
    bearer(token),
    503,
    /^\{"message":"Cannot check tokens now"\}$/,
  ];
  for (const [name, broken] of Object.entries(BROKEN)) {
    answer = broken;
    await testAnswers(t, api, {
      [`any token if the issuer answers ${name}`]: outage,
    });
  }
  await issuer[Symbol.asyncDispose]();
  await testAnswers(t, api, { "any token without an issuer": outage });
}

/** Tests the answers to a browser's preflight request. */
async function testCors(t: Deno.TestContext, start: Start): Promise<void> {
  const page = "https://shop.example";
  const ask = async (
    api: { origin: string },
    origin: string,
    method = "OPTIONS",
  ) => {
    const response = await fetch(`${api.origin}/posts`, {
      method,
      headers: {
        origin,
        "access-control-request-method": "DELETE",
        "access-control-request-headers": "authorization",
      },
    });
    await response.body?.cancel();
    const [allowed, methods, headers] = ["origin", "methods", "headers"]
      .map((it) => response.headers.get(`access-control-allow-${it}`));
    return { status: response.status, allowed, methods, headers };
  };
  await t.step("CORS_ORIGIN lists the origins that may read", async () => {
    const api = await start({ CORS_ORIGIN: `https://a.example, ${page}` });
    const { allowed, methods, headers } = await ask(api, page);
    assert.equal(allowed, page);
    assert.match(methods!, /DELETE/);
    assert.match(headers!, /authorization/i);
    const other = await ask(api, "https://other.example");
    assert.equal(other.allowed, null);
    const refused = await ask(api, page, "GET");
    assert.deepEqual([refused.status, refused.allowed], [401, page]);
  });
  await t.step("without CORS_ORIGIN none may", async () => {
    assert.equal((await ask(await start(), page)).allowed, null);
  });
}
