import assert from "node:assert/strict";
import {
  createUpstream,
  type UpstreamData,
} from "../../harness/sandbox/upstream.ts";
import { FunctionError } from "../../lib/errors.ts";
import { lookUp } from "../../lib/look_up.ts";
import { MAX_MAPPING_BYTES } from "../../lib/mapping/role_mapping.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { Deadline } from "../../lib/util/deadline.ts";
import { createTestFunction, loginPayload } from "./_function.ts";

const encoder = new TextEncoder();

/** More permissions than a mapping may have. */
const HUGE = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => [
    `role-${index}`,
    encoder.encode("x".repeat(MAX_MAPPING_BYTES / 40)).toBase64(),
  ]),
);

/** A world in which the role `admin` grants one permission; the mappings of some organizations are too large. */
function world(readable: string[], huge: string[]): UpstreamData {
  return {
    organizations: Object.fromEntries([
      ...readable.map((id) => [id, {
        readable: true,
        metadata: { admin: encoder.encode(`of-${id}`).toBase64() },
      }]),
      ...huge.map((id) => [id, { readable: true, metadata: HUGE }]),
    ]),
  };
}

/** A call for a user of an organization who has the role `admin` from some. */
function payloadOf(user: string, ...owners: string[]) {
  const payload = loginPayload();
  payload.org.id = payload.user.resource_owner = user;
  payload.user_grants = owners.map((resource_owner) => ({
    ...payload.user_grants[0],
    resource_owner,
    roles: ["admin"],
  }));
  return payload;
}

const settings = { METADATA_ORGANIZATION: "grant" };

Deno.test("createHandler() answers without the grants of a foreign organization whose metadata cannot be used, and names it", async (t) => {
  const cases: Record<
    string,
    { owners: string[]; permissions: string[]; failed: string[] }
  > = {
    "beside the user's own": {
      owners: ["1", "2", "1"],
      permissions: ["of-1"],
      failed: ["2"],
    },
    "alone": { owners: ["2"], permissions: [], failed: ["2"] },
    "every one": { owners: ["2", "3"], permissions: [], failed: ["2", "3"] },
    "beside another foreign one": {
      owners: ["2", "4"],
      permissions: ["of-4"],
      failed: ["2"],
    },
  };
  for (const [name, { owners, permissions, failed }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { call, log } = await createTestFunction({
        settings: { ...settings, ROLES_CLAIM: "groups" },
        fetch: createUpstream(world(["1", "4"], ["2", "3"])).fetch,
      });
      const response = await call(payloadOf("1", ...owners));
      assert.equal(response.status, 200);
      const { append_claims } = await response.json();
      assert.deepEqual(append_claims, [
        { key: "permissions", value: permissions },
        // The roles of the same grants, and no others.
        { key: "groups", value: permissions.length > 0 ? ["admin"] : [] },
      ]);
      const warnings = log.filter(({ level }) => level !== "info");
      assert.deepEqual(
        warnings.map(({ level, organization, reason, cause }) =>
          `${level} ${organization} ${reason} ${cause}`
        ).sort(),
        failed.map((id) => `warn ${id} foreign_grants unreadable_answer`),
      );
      const answered = log.find(({ message }) => message === "Answered");
      assert.equal(answered?.organization, [...new Set(owners)].join(","));
      assert.equal(answered?.outcome, "permissions");
    });
  }
});

Deno.test("createHandler() fails when the metadata of the user's own or of the fixed organization cannot be used", async (t) => {
  const cases: Record<string, [settings: Record<string, string>, string[]]> = {
    "grant, the user's own": [settings, ["1", "2"]],
    "user": [{}, ["1"]],
    "fixed": [{ METADATA_ORGANIZATION: "2" }, ["1"]],
  };
  for (const [name, [settings, owners]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { call, log } = await createTestFunction({
        settings,
        fetch: createUpstream(world(["1"], ["2"])).fetch,
      });
      assert.equal((await call(payloadOf("2", ...owners))).status, 502);
      assert.deepEqual(
        log.map(({ level, organization }) => [level, organization]),
        [["error", "2"]],
      );
    });
  }
});

/** What looking up organizations needs, of which 1 is the user's own, and the timers that it sets. */
function lookUpWith(lookups: Record<string, Promise<unknown>>) {
  const log: LogEntry[] = [];
  const timers: { ms: number; end: () => void }[] = [];
  const timeout = (ms: number) => {
    const controller = new AbortController();
    const end = () =>
      controller.abort(new DOMException("late", "TimeoutError"));
    timers.push({ ms, end });
    return controller.signal;
  };
  const options = {
    services: {
      cache: { get: (id: string) => lookups[id] },
      telemetry: { lookup() {} },
      timeout,
      config: { upstreamTimeoutMs: 2_000 },
    } as unknown as Parameters<typeof lookUp>[1]["services"],
    deadline: new Deadline(() => timeout(2_000)),
    isForeign: (organization: string) => organization !== "1",
    logForeign: (_: string, entry: LogEntry) => void log.push(entry),
  };
  return { found: lookUp(Object.keys(lookups), options), log, timers };
}

const found = Promise.resolve({ mapping: { marker: 1 }, source: "kv" });
const silent = new Promise<never>(() => {});

Deno.test("lookUp() passes over whatever fails of a foreign organization", async () => {
  for (
    const failure of [
      new FunctionError("upstream_failed", "No", { reason: "unreachable" }),
      new FunctionError("upstream_timeout", "No", { reason: "timeout" }),
      new TypeError("bug"),
    ]
  ) {
    const { found: lookups, log } = lookUpWith({
      "1": found,
      "2": Promise.reject(failure),
    });
    assert.deepEqual([...(await lookups).keys()], ["1"]);
    assert.deepEqual(
      log.map(({ reason, organization }) => [reason, organization]),
      [["foreign_grants", "2"]],
    );
  }
});

Deno.test("lookUp() waits half the deadline for foreign organizations, and all of it for the user's own", async () => {
  const own = Promise.withResolvers<unknown>();
  const { found: lookups, log, timers } = lookUpWith({
    "1": own.promise,
    "2": silent,
    "3": found,
  });
  // What is found already is not waited for.
  await found;
  await Promise.resolve();
  timers.find(({ ms }) => ms === 1_000)!.end();
  own.resolve({ mapping: {}, source: "zitadel" });
  assert.deepEqual([...(await lookups).keys()].sort(), ["1", "3"]);
  assert.deepEqual(
    log.map(({ reason, organization, cause }) => [reason, organization, cause]),
    [["foreign_grants", "2", "timeout"]],
  );
});

Deno.test("lookUp() gives up on foreign organizations with the call's deadline, if that ends first", async () => {
  const { found: lookups, timers } = lookUpWith({ "2": silent });
  timers.find(({ ms }) => ms === 2_000)!.end();
  assert.equal((await lookups).size, 0);
});

Deno.test("lookUp() names the organization that did not answer in time", async () => {
  const { found: lookups, timers } = lookUpWith({ "1": silent, "2": found });
  timers.find(({ ms }) => ms === 2_000)!.end();
  await assert.rejects(lookups, (error) => {
    assert.ok(error instanceof FunctionError);
    assert.equal(error.code, "upstream_timeout");
    assert.equal(error.details.organization, "1");
    return true;
  });
});

Deno.test("lookUp() asks for the user's own organization first, since readings take turns", async () => {
  const asked: string[] = [];
  const { found: lookups } = lookUpWith(
    new Proxy({ "2": found, "3": found, "1": found }, {
      get(target, key) {
        if (typeof key === "string") asked.push(key);
        return Reflect.get(target, key);
      },
      ownKeys: () => ["2", "3", "1"],
    }),
  );
  await lookups;
  assert.equal(asked[0], "1");
});
