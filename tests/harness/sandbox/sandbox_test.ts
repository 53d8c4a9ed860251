import assert from "node:assert/strict";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { actionsOf, bindTarget } from "./_call.ts";
import {
  type Sandbox,
  startSandbox,
} from "../../../harness/sandbox/sandbox.ts";
import {
  findSigningKey,
  importSigningKeys,
  parseSignatureHeader,
} from "../../../lib/request/signature.ts";

const ACME = "390000000000000001";
const MAPPING = `/_sandbox/organizations/${ACME}/metadata`;

function call(
  { origin, adminToken }: Sandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return fetch(origin + path, {
    method,
    headers: {
      authorization: `Bearer ${adminToken}`,
      "content-type": "application/json",
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

async function json(response: Response | Promise<Response>) {
  const { ok, status, json } = await response;
  assert.ok(ok, `status ${status}`);
  return await json.call(await response);
}

async function token({ origin }: Sandbox): Promise<string> {
  const answer = await json(fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "ci-runner",
      client_secret: "sandbox-ci-runner",
      scope: "openid",
    }),
  }));
  return answer.access_token;
}

Deno.test("startSandbox() signs with the new key after a rotation", async () => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox();
  const { id, signingKey } = await bindTarget(sandbox, `${target.origin}/`);
  await token(sandbox);
  const rotated = await actionsOf(sandbox).updateTarget({
    id,
    expirationSigningKey: {},
  });
  await token(sandbox);
  const keys = await importSigningKeys([signingKey, rotated.signingKey!]);
  const used = await Promise.all(
    target.calls.map(({ headers, body }) =>
      findSigningKey(
        keys,
        parseSignatureHeader(headers.get("zitadel-signature"))!,
        new TextEncoder().encode(body),
      )
    ),
  );
  assert.deepEqual(used, [0, 1]);
});

Deno.test("startSandbox() keeps exchanges", async () => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox();
  await bindTarget(sandbox, `${target.origin}/`);
  target.replyWith(() =>
    Response.json({ append_claims: [{ key: "permissions", value: ["a"] }] })
  );
  await token(sandbox);

  assert.equal(sandbox.exchanges.length, 1);
  const [exchange] = sandbox.exchanges;
  assert.equal(exchange?.condition, "function/preaccesstoken");
  assert.equal(exchange?.reply?.status, 200);
  assert.equal(exchange?.request.body, target.calls[0]?.body);
  const listed = await json(call(sandbox, "GET", "/_sandbox/exchanges"));
  assert.deepEqual(listed, JSON.parse(JSON.stringify(sandbox.exchanges)));
});

Deno.test("startSandbox() keeps why a target could not be called", async () => {
  await using sandbox = await startSandbox();
  await bindTarget(sandbox, "http://127.0.0.1:1/");
  await token(sandbox);
  assert.equal(sandbox.exchanges[0]?.reply, undefined);
  assert.ok(sandbox.exchanges[0]?.error);
});

Deno.test("startSandbox() sends events when the mapping is edited", async (t) => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox();
  await bindTarget(
    sandbox,
    `${target.origin}/`,
    "event/group/org.metadata",
  );
  const before = await json(call(sandbox, "GET", MAPPING));

  await t.step("the mapping is role to permissions", () => {
    assert.deepEqual(before.viewer, ["posts:read"]);
  });
  await t.step("only changes send events", async () => {
    const { picker: _, ...mapping } = before;
    const after = { ...mapping, viewer: ["posts:read", "posts:like"] };
    const answer = await json(call(sandbox, "PUT", MAPPING, after));
    assert.deepEqual(answer, after);
    await sandbox.settled();
    const told = target.calls.map(({ body }) => JSON.parse(body));
    // ZITADEL delivers events in no order.
    assert.deepEqual(
      told.map((event) => [event.event_type, event.event_payload.key]).sort(),
      [["org.metadata.removed", "picker"], ["org.metadata.set", "viewer"]],
    );
    assert.equal(told[0].aggregateID, ACME);
  });
  await t.step("anything but a mapping is refused", async () => {
    for (const wrong of [null, [], { viewer: 1 }, { viewer: [1] }]) {
      const response = await call(sandbox, "PUT", MAPPING, wrong);
      assert.equal(response.status, 400);
      assert.match(
        (await response.json()).error,
        /expected record|must be a list/,
      );
    }
  });
  await t.step("an unknown organization is not found", async () => {
    const path = MAPPING.replace(ACME, "1");
    const response = await call(sandbox, "GET", path);
    await response.body?.cancel();
    assert.equal(response.status, 404);
  });
});

Deno.test("startSandbox() shows its world without secrets", async () => {
  await using sandbox = await startSandbox();
  const text = await (await call(sandbox, "GET", "/_sandbox/world")).text();
  const world = JSON.parse(text);
  const alice = world.users.find((user: { userName: string }) =>
    user.userName === "alice"
  );
  assert.equal(alice.organization, "Acme");
  assert.deepEqual(alice.grants[0].roles, ["admin", "viewer"]);
  assert.equal(world.issuer, sandbox.origin);
  assert.doesNotMatch(text, /sandbox-/);
  assert.ok(!text.includes(sandbox.adminToken));
});

Deno.test("startSandbox() answers local pages only", async (t) => {
  await using sandbox = await startSandbox();
  const url = `${sandbox.origin}/.well-known/openid-configuration`;
  await t.step("a page of another local port is allowed", async () => {
    const origin = "http://localhost:5173";
    const response = await fetch(url, { headers: { origin } });
    await response.body?.cancel();
    assert.equal(response.headers.get("access-control-allow-origin"), origin);
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      },
    });
    assert.equal(preflight.status, 204);
    assert.equal(
      preflight.headers.get("access-control-allow-headers"),
      "authorization",
    );
  });
  await t.step("any other page is refused", async () => {
    for (
      const origin of ["https://evil.example", "http://localhost.evil.example"]
    ) {
      const response = await fetch(url, { headers: { origin } });
      assert.equal(response.status, 403);
      assert.match((await response.json()).error, /Only local pages may/);
    }
  });
  await t.step("a name that resolves to loopback is refused", async () => {
    const { port } = new URL(sandbox.origin);
    using connection = await Deno.connect({ port: Number(port) });
    const request =
      "GET /_sandbox/world HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const answer = await new Response(connection.readable).text();
    assert.match(answer, /^HTTP\/1\.1 421 /);
  });
});

Deno.test("startSandbox() listens on the given port, and throws if it is taken", async () => {
  await using first = await startSandbox();
  const port = Number(new URL(first.origin).port);
  await assert.rejects(startSandbox({ port }), /EADDRINUSE|in use/);
});
