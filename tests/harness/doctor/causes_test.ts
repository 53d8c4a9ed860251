/** The cause that was seen is the one that is told, in the function's words. */
import assert from "node:assert/strict";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import type { Finding } from "../../../harness/doctor/finding.ts";
import { gatherFacts } from "../../../harness/doctor/gather.ts";
import { partsOf } from "./_faults.ts";
import { examine, find, soundInstance } from "./_sound_instance.ts";

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

const blocked = (status: number) =>
  new Response("<html>Request blocked</html>", {
    status,
    headers: { "content-type": "text/html" },
  });

Deno.test("doctor names what is reached in place of ZITADEL's API", async (t) => {
  await using it = await soundInstance();
  const { origin } = it.sandbox;
  const settings = { ...SETTINGS, ACCESS_TOKEN: it.scratch.reader.token };
  const names = async (domain: string, seen: RegExp, fix: RegExp) => {
    const [found, ...rest] = broken(await examineAt(domain, settings));
    assert.deepEqual(rest, []);
    assert.equal(found!.check, "reachable");
    assert.match(found!.seen, seen);
    assert.match(found!.fix!, fix);
  };
  for (const status of [200, 401, 403, 404, 500]) {
    await t.step(`a firewall that answers ${status}`, async () => {
      await using server = serve(() => blocked(status));
      const seen = new RegExp(`the answer is ${status} text/html`);
      await names(domainOf(server), seen, /let gRPC-web POSTs/);
    });
  }
  await t.step("a proxy that stops gRPC-web", async () => {
    await using proxy = serve(({ url }) => {
      const { pathname } = new URL(url);
      return pathname.startsWith("/zitadel.")
        ? blocked(403)
        : fetch(origin + pathname);
    });
    const seen = /the answer is 403 text\/html/;
    await names(domainOf(proxy), seen, /let gRPC-web POSTs/);
  });
  await t.step("a host that is no domain", () =>
    names(
      `http://localhost:${new URL(origin).port}`,
      /Instance not found/,
      /ZITADEL_INTERNAL_URL/,
    ));
  await t.step("a host that speaks http only", async () => {
    await using server = serve(() => new Response("ok"));
    await names(
      domainOf(server).replace("http:", "https:"),
      /speaks http, not https/,
      /write http:\/\/ before the host in ZITADEL_DOMAIN/,
    );
  });
});

Deno.test("doctor names a token without rights, not the release", async () => {
  await using it = await soundInstance();
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
  await using it = await soundInstance();
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
  await using it = await soundInstance();
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
  const { level, items } = find(findings, "settings");
  assert.equal(level, "broken");
  assert.deepEqual(items.map((item) => item.split(" ")[0]), [
    "AUTHORIZATION_SIGNING_KEY",
    "ACCESS_TOKEN",
  ]);
});

Deno.test("doctor shows what a value is and what it should be", async (t) => {
  await using it = await soundInstance();
  const { admin } = partsOf(it);
  const values = {
    "cmVhZDphbGwsd3JpdGU6YWxs": '["read:all","write:all"]',
    '"[\\"read:all\\"]"': '["read:all"]',
    "V3lKeVpXRmtPbUZzYkNKZA==": '["read:all"]',
  };
  for (const [value, expected] of Object.entries(values)) {
    await t.step(value, async () => {
      admin.value = new TextEncoder().encode(value);
      const { level, items } = find(await examine(it), "unreadable_value");
      assert.equal(level, "broken");
      const shown = `It is ${value} and should be ${expected}`;
      assert.ok(items[0]!.endsWith(shown), items[0]);
    });
  }
  await t.step("Latin-1", async () => {
    const bytes = [...'["über:alles"]'].map((char) => char.charCodeAt(0));
    admin.value = Uint8Array.from(bytes);
    const { items, fix } = find(await examine(it), "unreadable_value");
    assert.match(items[0]!, /should be \["über:alles"\]/);
    assert.match(fix!, /save the value again/);
  });
});

Deno.test("doctor does not call a key broken that a rotation has not put to use", async () => {
  await using it = await soundInstance();
  partsOf(it).addTarget("ours (successor)");
  const { AUTHORIZATION_SIGNING_KEY: key } = it.settings;
  const findings = await examine(it, {
    settings: { ...it.settings, AUTHORIZATION_SIGNING_KEY: `${key},otherKey` },
  });
  assert.deepEqual(broken(findings), []);
  const { seen, fix } = find(findings, "rotation");
  assert.match(seen, /both keys are in the settings/);
  assert.match(fix!, /^deno task rotate --name 'ours'\n/);
});
