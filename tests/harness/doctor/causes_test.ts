/** What is reached in place of ZITADEL is told, in the function's words. */
import assert from "node:assert/strict";
import { serve } from "../_serve.ts";
import { examine, soundInstance } from "./_sound_instance.ts";

const blocked = (status: number) =>
  new Response("<html>Request blocked</html>", {
    status,
    headers: { "content-type": "text/html" },
  });

/** Blocks what the path begins with. */
const proxy = (origin: string, prefix: string) => ({ url }: Request) => {
  const { pathname } = new URL(url);
  return pathname.startsWith(prefix) ? blocked(403) : fetch(origin + pathname);
};

Deno.test("doctor names what is reached in place of ZITADEL's API", async (t) => {
  await using it = await soundInstance();
  const { origin } = it.sandbox;
  const names = async (ZITADEL_DOMAIN: string, seen: RegExp, fix: RegExp) => {
    const { reader } = it.scratch;
    const findings = await examine(it, {
      settings: {
        ZITADEL_DOMAIN,
        AUTHORIZATION_SIGNING_KEY: "key",
        ACCESS_TOKEN: reader.token,
        ZITADEL_ADMIN_TOKEN: "admin",
      },
    });
    const [found, ...rest] = findings.filter((it) => it.level === "broken");
    assert.deepEqual(rest, []);
    assert.equal(found!.check, "reachable");
    assert.match(found!.seen, seen);
    assert.match(found!.fix!, fix);
  };
  const servers: Record<string, Parameters<typeof serve>[0]> = {
    "a proxy that stops gRPC-web": proxy(origin, "/zitadel."),
  };
  for (const status of [200, 401, 403, 404, 500]) {
    servers[`a firewall that answers ${status}`] = () => blocked(status);
  }
  for (const [name, answer] of Object.entries(servers)) {
    await t.step(name, async () => {
      await using server = serve(answer);
      await names(
        server.origin,
        /the answer is \d+ text\/html/,
        /let gRPC-web POSTs/,
      );
    });
  }
  await t.step("a host that is no domain", () =>
    names(
      `http://localhost:${new URL(origin).port}`,
      /Instance not found/,
      /ZITADEL_INTERNAL_URL/,
    ));
  await t.step("a host that speaks http only", async () => {
    await using server = serve(() => new Response("ok"));
    await names(
      server.origin.replace("http:", "https:"),
      /speaks http, not https/,
      /write http:\/\/ before the host in ZITADEL_DOMAIN/,
    );
  });
});

Deno.test("doctor tells whether ZITADEL_INTERNAL_URL is broken, or far", async () => {
  await using it = await soundInstance();
  await using firewall = serve(() => blocked(403));
  for (
    const [url, level] of [
      [it.sandbox.origin, "ok"],
      [firewall.origin, "broken"],
      ["http://127.0.0.1:9", "note"],
    ] as const
  ) {
    const settings = { ...it.settings, ZITADEL_INTERNAL_URL: url };
    const found = (await examine(it, { settings }))
      .find(({ check }) => check === "internal");
    assert.equal(found?.level, level, url);
  }
});
