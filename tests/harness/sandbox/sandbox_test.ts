import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { WorldFile } from "../../../harness/sandbox/world_file.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  findSigningKey,
  importSigningKeys,
  parseSignatureHeader,
} from "../../../lib/request/signature.ts";
import {
  ACME,
  actionsOf,
  bindTarget,
  call,
  createTarget,
  type Json,
  tokenFor,
} from "./_call.ts";

const MAPPING = `/_sandbox/organizations/${ACME}/metadata`;
const REDIRECT_URI = "http://localhost:9000/callback";

async function recorded(name: string): Promise<{ rows: Json }> {
  const file = new URL(`recorded/behaviour/${name}.json`, FIXTURES_URL);
  return JSON.parse(await Deno.readTextFile(file));
}

Deno.test("startSandbox() keeps its calls of targets, each signed with the key of then", async () => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox();
  const { id, signingKey } = await bindTarget(sandbox, target.origin);
  const { answer: { access_token: token } } = await tokenFor(sandbox);
  const actions = actionsOf(sandbox);
  const rotated = await actions.updateTarget({ id, expirationSigningKey: {} });
  await tokenFor(sandbox);
  const keys = await importSigningKeys([signingKey, rotated.signingKey!]);
  const used = target.calls.map(({ headers, body }) =>
    findSigningKey(
      keys,
      parseSignatureHeader(headers.get("zitadel-signature"))!,
      new TextEncoder().encode(body),
    )
  );
  assert.deepEqual(await Promise.all(used), [0, 1]);

  sandbox.world.targets.get(id)!.endpoint = "http://127.0.0.1:1/";
  await tokenFor(sandbox);
  const seen = sandbox.exchanges.map(({ condition, request, reply, error }) => [
    ...[condition, request.body, reply?.status, error !== undefined],
  ]);
  const [first, second] = target.calls.map(({ body }) => body);
  assert.deepEqual(seen, [
    ["function/preaccesstoken", first, 200, false],
    ["function/preaccesstoken", second, 200, false],
    ["function/preaccesstoken", second, undefined, true],
  ]);
  const listed = (await call(sandbox, "GET /_sandbox/exchanges")).json();
  assert.deepEqual(listed, JSON.parse(JSON.stringify(sandbox.exchanges)));
  const path = "GET /_sandbox/tokens";
  const bearer = (it: string) => ({ authorization: `Bearer ${it}` });
  const told = await call(sandbox, path, undefined, bearer(token));
  assert.deepEqual(told.json(), {
    clientId: "ci-runner",
    scope: "openid",
    exchanges: [listed[0]],
  });
  const unknown = await call(sandbox, path, undefined, bearer("nothing"));
  assert.equal(unknown.json(), null);
});

Deno.test("startSandbox() issues a service user's token without its secret, and no person's", async () => {
  await using sandbox = await startSandbox();
  const issue = (user: string) =>
    call(sandbox, "POST /_sandbox/tokens", { user, scope: "openid" });
  const issued = await issue("390000000000000044");
  assert.equal(decodeJwt(issued.json().access_token).sub, "390000000000000044");
  assert.equal((await issue("390000000000000041")).status, 404);
});

Deno.test("startSandbox() lets the mapping be edited, and sends events of changes only", async (t) => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox();
  const { metadata } = sandbox.world.organizations.get(ACME)!;
  const stored = (key: string) => metadata.get(key)?.value.toBase64() ?? null;
  await bindTarget(sandbox, target.origin, "event/group/org.metadata");
  const events = () =>
    target.calls.splice(0).map(({ body }) => JSON.parse(body))
      .map((it) => `${it.aggregateID} ${it.event_type} ${it.event_payload.key}`)
      .sort();

  await t.step("as their author saw them", async () => {
    const answer = await call(sandbox, `PATCH ${MAPPING}`, [
      { key: "editor", value: "x", before: stored("editor") },
      { key: "viewer", value: null, before: stored("viewer") },
      { key: "__proto__", value: '["y"]', before: null },
      { key: "picker", value: '["stock:pick"]', before: stored("picker") },
    ]);
    assert.deepEqual(answer.json(), { saved: true, told: true });
    assert.deepEqual(
      ["editor", "viewer", "__proto__"].map(stored),
      [btoa("x"), null, btoa('["y"]')],
    );
    await sandbox.settled();
    assert.deepEqual(events(), [
      `${ACME} org.metadata.removed viewer`,
      `${ACME} org.metadata.set __proto__`,
      `${ACME} org.metadata.set editor`,
    ]);
  });
  await t.step("not at all if one was changed meanwhile", async () => {
    const answer = await call(sandbox, `PATCH ${MAPPING}`, [
      { key: "editor", value: "new", before: stored("editor") },
      { key: "admin", value: "new", before: btoa("something else") },
    ]);
    assert.deepEqual(answer.json(), { saved: false, told: false });
    assert.equal(stored("editor"), btoa("x"));
  });
  await t.step("refuses anything else", async () => {
    const long = { key: "x".repeat(201), value: "a", before: null };
    for (const body of [{}, [{ key: "" }], [long]]) {
      const { status } = await call(sandbox, `PATCH ${MAPPING}`, body);
      assert.equal(status, 400, JSON.stringify(body));
    }
    const other = MAPPING.replace(ACME, "1");
    assert.equal((await call(sandbox, `PATCH ${other}`, [])).status, 404);
  });
});

Deno.test("startSandbox() shows its world without secrets", async () => {
  await using sandbox = await startSandbox();
  const { text, json } = await call(sandbox, "GET /_sandbox/world");
  const { issuer, users, organizations } = json();
  const alice = users.find((user: Json) => user.userName === "alice");
  assert.equal(alice.organization, "Acme");
  assert.deepEqual(alice.grants[0].roles, ["admin", "viewer"]);
  assert.equal(issuer, sandbox.origin);
  const acme = organizations.find((it: Json) => it.id === ACME);
  const editor = acme.entries.find((it: Json) => it.key === "editor");
  assert.equal(editor.value, btoa('["posts:read","posts:write"]'));
  assert.doesNotMatch(text, /sandbox-/);
  assert.ok(!text.includes(sandbox.adminToken));
});

Deno.test("startSandbox() answers local pages only, at its own address", async (t) => {
  await using sandbox = await startSandbox();
  const path = "/.well-known/openid-configuration";
  const get = (headers: Record<string, string>, at = sandbox.origin) =>
    call({ ...sandbox, origin: at }, `GET ${path}`, undefined, headers);
  await t.step("a page of another local port is allowed", async () => {
    const origin = "http://localhost:5173";
    const { headers } = await get({ origin });
    assert.equal(headers.get("access-control-allow-origin"), origin);
    const preflight = await call(sandbox, `OPTIONS ${path}`, undefined, {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    });
    assert.equal(preflight.status, 204);
    const allowed = preflight.headers.get("access-control-allow-headers");
    assert.equal(allowed, "authorization");
  });
  await t.step("any other page is refused", async () => {
    for (const host of ["evil.example", "localhost.evil.example"]) {
      const { status, text } = await get({ origin: `http://${host}` });
      assert.equal(status, 403);
      assert.match(text, /Only local pages may/);
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

Deno.test("the login page needs no click if the client names a person", async () => {
  await using sandbox = await startSandbox();
  const cases: [Record<string, string>, isAsked: boolean][] = [
    [{ login_hint: "bob" }, false],
    [{}, true],
    [{ login_hint: "unknown" }, true],
    [{ login_hint: "ci-runner" }, true],
    [{ prompt: "select_account" }, true],
  ];
  for (const [parameters, isAsked] of cases) {
    const url = new URL("/oauth/v2/authorize", sandbox.origin);
    url.search = new URLSearchParams({
      client_id: "390000000000000022",
      redirect_uri: REDIRECT_URI,
      response_type: "code",
      scope: "openid",
      ...parameters,
    }).toString();
    const begun = await fetch(url, { redirect: "manual" });
    await begun.body?.cancel();
    const login = new URL(begun.headers.get("location")!, sandbox.origin);
    const answer = await fetch(login, { redirect: "manual" });
    const text = await answer.text();
    assert.equal(/Who are you\?/.test(text), isAsked);
    const location = answer.headers.get("location") ?? "";
    assert.equal(location.startsWith(`${REDIRECT_URI}?code=`), !isAsked);
  }
});

Deno.test("startSandbox() updates interruptOnError as recorded", async () => {
  const { rows } = await recorded("interrupt_on_error_updates");
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  for (const interruptOnError of [false, true]) {
    const { id } = await createTarget(instance, { interruptOnError });
    const seen: boolean[] = [];
    for (const interruptOnError of [false, true, false, true]) {
      const value = { interruptOnError };
      const targetType = { case: "restCall" as const, value };
      await actionsOf(sandbox).updateTarget({ id, targetType });
      seen.push(sandbox.world.targets.get(id)!.interruptOnError);
    }
    assert.deepEqual(seen, rows[`created with ${interruptOnError}`]);
  }
});

Deno.test("startSandbox() asserts the roles of projects whose ids were chosen as recorded", async () => {
  const { rows } = await recorded("chosen_project_ids");
  const projects = Object.entries<Json>(rows)
    .map(([id, { roles }]) => ({ name: id, id, roles }));
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox({
    world: WorldFile.parse({
      organizations: [{
        name: "Acme",
        projects,
        users: projects.map(({ id: project, roles }) => ({
          userName: project,
          secret: `sandbox-${project}`,
          grants: [{ project, roles }],
        })),
      }],
    }),
  });
  await bindTarget(sandbox, target.origin);
  for (const { id } of projects) {
    const { answer } = await tokenFor(sandbox, {
      client: id,
      scope:
        `openid urn:zitadel:iam:org:projects:roles urn:zitadel:iam:org:project:id:${id}:aud`,
    });
    const claims = decodeJwt(answer.access_token);
    const { user_grants: grants } = JSON.parse(target.calls.at(-1)!.body);
    assert.deepEqual({
      aud: claims.aud,
      grants: grants.map((it: Json) => [it.project_id, it.roles]),
      claims: Object.entries(claims)
        .filter(([key]) => key.startsWith("urn:zitadel:iam:org:project:"))
        .map(([key, value]) => [key, Object.keys(value as object)]),
    }, rows[id].seen);
  }
});
