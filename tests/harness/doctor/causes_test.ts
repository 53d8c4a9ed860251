/** The cause that was seen is the one that is told, in the function's words. */
import assert from "node:assert/strict";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import type { Finding } from "../../../harness/doctor/finding.ts";
import { gatherFacts } from "../../../harness/doctor/gather.ts";
import { examine, soundInstance } from "./_sound_instance.ts";

const broken = (findings: readonly Finding[]) =>
  findings.filter(({ level }) => level === "broken")
    .map(({ check, seen, fix }) => ({ check, seen, fix }));

/** A server in front of the instance, or in place of it. */
function serve(answer: (request: Request) => Response | Promise<Response>) {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    answer,
  );
}

const domainOf = (server: ReturnType<typeof serve>) =>
  `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}`;

async function examineAt(domain: string, settings: Record<string, string>) {
  const facts = await gatherFacts({
    settings: { ...settings, ZITADEL_DOMAIN: domain },
    organizations: [],
    resolve: () => Promise.resolve([]),
  });
  return diagnose(facts);
}

const SETTINGS = {
  AUTHORIZATION_SIGNING_KEY: "key",
  ACCESS_TOKEN: "token",
  ZITADEL_ADMIN_TOKEN: "admin",
};

Deno.test("doctor names a firewall that answers in place of ZITADEL", async (t) => {
  for (const status of [200, 401, 403, 404, 500]) {
    await t.step(String(status), async () => {
      await using server = serve(() =>
        new Response("<html>Request blocked</html>", {
          status,
          headers: { "content-type": "text/html" },
        })
      );
      const findings = await examineAt(domainOf(server), SETTINGS);
      const [found, ...rest] = broken(findings);
      assert.deepEqual(rest, []);
      assert.equal(found!.check, "reachable");
      assert.match(
        found!.seen,
        new RegExp(`the answer is ${status} text/html`),
      );
      assert.match(found!.fix!, /let gRPC-web POSTs/);
    });
  }
});

Deno.test("doctor names a proxy that stops gRPC-web", async () => {
  const it = await soundInstance();
  await using _ = it.stack;
  await using proxy = serve((request) => {
    const { pathname } = new URL(request.url);
    return pathname.startsWith("/zitadel.")
      ? new Response("<html>", {
        status: 403,
        headers: { "content-type": "text/html" },
      })
      : fetch(it.sandbox.origin + pathname);
  });
  const findings = await examineAt(domainOf(proxy), {
    ...SETTINGS,
    ACCESS_TOKEN: it.scratch.reader.token,
  });
  assert.deepEqual(broken(findings).map(({ check }) => check), ["reachable"]);
  assert.match(broken(findings)[0]!.seen, /the answer is 403 text\/html/);
});

Deno.test("doctor names a host that is no domain", async () => {
  const it = await soundInstance();
  await using _ = it.stack;
  const { port } = new URL(it.sandbox.origin);
  const findings = await examineAt(`http://localhost:${port}`, {
    ...SETTINGS,
    ACCESS_TOKEN: it.scratch.reader.token,
  });
  assert.deepEqual(broken(findings).map(({ check }) => check), ["reachable"]);
  assert.match(broken(findings)[0]!.seen, /Instance not found/);
  assert.match(broken(findings)[0]!.fix!, /ZITADEL_INTERNAL_URL/);
});

Deno.test("doctor names a token without rights, not the release", async () => {
  const it = await soundInstance();
  await using _ = it.stack;
  const { members } = it.sandbox.world;
  const saved = members.splice(0, Infinity);
  const findings = await examine(it);
  members.push(...saved);
  const checks = broken(findings).map(({ check }) => check);
  assert.ok(checks.includes("admin"), JSON.stringify(checks));
  assert.ok(checks.includes("org_read"), JSON.stringify(checks));
  assert.ok(!checks.includes("release"));
  assert.ok(
    findings.some(({ check }) => check === "not_checked"),
    "what was not looked at is not told",
  );
  assert.ok(!findings.some(({ seen }) => /none of which/.test(seen)));
});

Deno.test("doctor reports an administrator's token that is not valid once", async () => {
  const it = await soundInstance();
  await using _ = it.stack;
  const findings = await examine(it, {
    settings: { ...it.settings, ZITADEL_ADMIN_TOKEN: "revoked" },
  });
  assert.deepEqual(broken(findings).map(({ check }) => check), ["admin"]);
  assert.ok(
    !findings.some(({ level, seen }) =>
      level === "warning" && /token is not valid/.test(seen)
    ),
  );
});

Deno.test("doctor names an expired token by its setting", async () => {
  const it = await soundInstance();
  await using _ = it.stack;
  const { CLIENT_ID: _id, CLIENT_SECRET: _secret, ...others } = it.settings;
  const findings = await examine(it, {
    settings: { ...others, ACCESS_TOKEN: "expired" },
  });
  const [found] = broken(findings);
  assert.equal(found!.check, "credential");
  assert.match(found!.seen, /refused the service user's ACCESS_TOKEN/);
  assert.match(found!.fix!, /expired, revoked or of another instance/);
});

Deno.test("doctor lists every setting that is wrong", async () => {
  const findings = await examineAt("http://127.0.0.1:9", {});
  const settings = findings.find(({ check }) => check === "settings")!;
  assert.equal(settings.level, "broken");
  assert.deepEqual(settings.items.map((item) => item.split(" ")[0]), [
    "AUTHORIZATION_SIGNING_KEY",
    "ACCESS_TOKEN",
  ]);
});

Deno.test("doctor names a host that speaks http only", async () => {
  await using server = serve(() => new Response("ok"));
  const domain = domainOf(server).replace("http:", "https:");
  const [found] = broken(await examineAt(domain, SETTINGS));
  assert.match(found!.seen, /speaks http, not https/);
  assert.match(
    found!.fix!,
    /write http:\/\/ before the host in ZITADEL_DOMAIN/,
  );
});

Deno.test("doctor shows what a value is and what it should be", async (t) => {
  const it = await soundInstance();
  await using _ = it.stack;
  const organization = it.sandbox.world.organizations
    .get(it.scratch.organization.id)!;
  for (
    const [value, shown] of [
      [
        "cmVhZDphbGwsd3JpdGU6YWxs",
        'It is cmVhZDphbGwsd3JpdGU6YWxs and should be ["read:all","write:all"]',
      ],
      [
        '"[\\"read:all\\"]"',
        'It is "[\\"read:all\\"]" and should be ["read:all"]',
      ],
      [
        "V3lKeVpXRmtPbUZzYkNKZA==",
        'It is V3lKeVpXRmtPbUZzYkNKZA== and should be ["read:all"]',
      ],
    ] as const
  ) {
    await t.step(value, async () => {
      organization.metadata.get("admin")!.value = new TextEncoder()
        .encode(value);
      const found = (await examine(it)).find(({ check }) =>
        check === "unreadable_value"
      );
      assert.equal(found?.level, "broken");
      assert.ok(found!.items[0]!.endsWith(shown), found!.items[0]);
    });
  }
  await t.step("Latin-1", async () => {
    organization.metadata.get("admin")!.value = Uint8Array.from(
      '["über:alles"]',
      (char) => char.charCodeAt(0),
    );
    const found = (await examine(it)).find(({ check }) =>
      check === "unreadable_value"
    );
    assert.match(found!.items[0]!, /should be \["über:alles"\]/);
    assert.match(found!.fix!, /save the value again/);
  });
});

Deno.test("doctor does not call a key broken that a rotation has not put to use", async () => {
  const it = await soundInstance();
  await using _ = it.stack;
  const [target] = it.sandbox.world.targets.values();
  it.sandbox.world.targets.set("4711", {
    ...structuredClone(target!),
    id: "4711",
    name: "ours (successor)",
    signingKey: "newKey",
  });
  const findings = await examine(it, {
    settings: {
      ...it.settings,
      AUTHORIZATION_SIGNING_KEY:
        `${it.settings.AUTHORIZATION_SIGNING_KEY},newKey`,
    },
  });
  assert.deepEqual(broken(findings), []);
  const rotation = findings.find(({ check }) => check === "rotation");
  assert.match(rotation!.seen, /both keys are in the settings/);
  assert.match(rotation!.fix!, /^deno task rotate --name 'ours'\n/);
});
