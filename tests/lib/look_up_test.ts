import assert from "node:assert/strict";
import {
  createUpstream,
  type UpstreamData,
} from "../../harness/sandbox/upstream.ts";
import { FunctionError } from "../../lib/errors.ts";
import { lookUp } from "../../lib/look_up.ts";
import { MAX_MAPPING_BYTES } from "../../lib/mapping/role_mapping.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { testEach } from "../_test_each.ts";
import { fails } from "./_fails.ts";
import { createTestFunction, loginPayload } from "./_function.ts";

/** More permissions than a mapping may have. */
const HUGE = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => [
    `role-${index}`,
    btoa("x".repeat(MAX_MAPPING_BYTES / 40)),
  ]),
);

/** A world in which the role `admin` grants one permission; the mappings of some organizations are too large. */
function world(readable: string[], huge: string[]): UpstreamData {
  return {
    organizations: Object.fromEntries([
      ...readable.map((id) => [id, {
        readable: true,
        metadata: { admin: btoa(`of-${id}`) },
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

const BY_GRANT = { METADATA_ORGANIZATION: "grant" };

testEach<[owners: string[], permissions: string[], failed: string[]]>(
  "createHandler() answers without the grants of a foreign organization whose metadata cannot be used, and names it",
  {
    "beside the user's own": [["1", "2", "1"], ["of-1"], ["2"]],
    "alone": [["2"], [], ["2"]],
    "every one": [["2", "3"], [], ["2", "3"]],
    "beside another foreign one": [["2", "4"], ["of-4"], ["2"]],
  },
  async ([owners, permissions, failed]) => {
    const { call, log } = await createTestFunction({
      settings: { ...BY_GRANT, ROLES_CLAIM: "groups" },
      fetch: createUpstream(world(["1", "4"], ["2", "3"])).fetch,
    });
    const response = await call(payloadOf("1", ...owners));
    assert.equal(response.status, 200);
    assert.deepEqual((await response.json()).append_claims, [
      { key: "permissions", value: permissions },
      // The roles of the same grants, and no others.
      { key: "groups", value: permissions.length > 0 ? ["admin"] : [] },
    ]);
    const warnings = log.filter(({ level }) => level !== "info")
      .map((it) => `${it.level} ${it.organization} ${it.reason} ${it.cause}`);
    assert.deepEqual(
      warnings.sort(),
      failed.map((id) => `warn ${id} foreign_grants unreadable_answer`),
    );
    const answered = log.find(({ message }) => message === "Answered");
    assert.equal(answered?.organization, [...new Set(owners)].join(","));
    assert.equal(answered?.outcome, "permissions");
  },
);

testEach<[settings: Record<string, string>, owners: string[]]>(
  "createHandler() fails when the metadata of the user's own or of the fixed organization cannot be used",
  {
    "grant, the user's own": [BY_GRANT, ["1", "2"]],
    "user": [{}, ["1"]],
    "fixed": [{ METADATA_ORGANIZATION: "2" }, ["1"]],
  },
  async ([settings, owners]) => {
    const { fetch } = createUpstream(world(["1"], ["2"]));
    const { call, log } = await createTestFunction({ settings, fetch });
    assert.equal((await call(payloadOf("2", ...owners))).status, 502);
    const failures = log.map((
      { level, organization },
    ) => [level, organization]);
    assert.deepEqual(failures, [["error", "2"]]);
  },
);

/** What looking up organizations needs, of which 1 is the user's own, and the timers that it sets. */
function lookUpWith(lookups: Record<string, Promise<unknown>>) {
  const log: LogEntry[] = [];
  const asked: string[] = [];
  const timers = new Map<number, () => void>();
  const timeout = (ms: number) => {
    const controller = new AbortController();
    const late = new DOMException("late", "TimeoutError");
    timers.set(ms, () => controller.abort(late));
    return controller.signal;
  };
  const options = {
    services: {
      cache: { get: (id: string) => (asked.push(id), lookups[id]) },
      telemetry: { lookup() {} },
      timeout,
      config: { upstreamTimeoutMs: 2_000 },
    } as unknown as Parameters<typeof lookUp>[1]["services"],
    deadline: () => timeout(2_000),
    isForeign: (organization: string) => organization !== "1",
    logForeign: (_: string, entry: LogEntry) => void log.push(entry),
  };
  // The user's own comes last.
  const result = lookUp(Object.keys(lookups).reverse(), options);
  const logged = () => log.map((it) => [it.reason, it.organization, it.cause]);
  return { result, logged, asked, end: (ms: number) => timers.get(ms)!() };
}

const found = Promise.resolve({ mapping: { marker: 1 }, source: "kv" });
const silent = new Promise<never>(() => {});

testEach<Error>(
  "lookUp() passes over whatever fails of a foreign organization",
  {
    unreachable: new FunctionError("upstream_failed", "No", {
      reason: "unreachable",
    }),
    timeout: new FunctionError("upstream_timeout", "No", { reason: "timeout" }),
    internal_error: new TypeError("bug"),
  },
  async (failure) => {
    const failed = Promise.reject(failure);
    const { result, logged } = lookUpWith({ "1": found, "2": failed });
    assert.deepEqual([...(await result).keys()], ["1"]);
    const lines = logged().map((line) => line.slice(0, 2));
    assert.deepEqual(lines, [["foreign_grants", "2"]]);
  },
);

Deno.test("lookUp() waits half the deadline for foreign organizations, and all of it for the user's own", async () => {
  const own = Promise.withResolvers<unknown>();
  const lookups = { "1": own.promise, "2": silent, "3": found };
  const { result, logged, end } = lookUpWith(lookups);
  // What is found already is not waited for.
  await found;
  await Promise.resolve();
  end(1_000);
  own.resolve({ mapping: {}, source: "zitadel" });
  assert.deepEqual([...(await result).keys()].sort(), ["1", "3"]);
  assert.deepEqual(logged(), [["foreign_grants", "2", "timeout"]]);
});

Deno.test("lookUp() gives up on foreign organizations with the call's deadline, if that ends first", async () => {
  const { result, end } = lookUpWith({ "2": silent });
  end(2_000);
  assert.equal((await result).size, 0);
});

Deno.test("lookUp() names the organization that did not answer in time", async () => {
  const { result, end } = lookUpWith({ "1": silent, "2": found });
  end(2_000);
  await assert.rejects(
    result,
    fails("upstream_timeout", "timeout", { organization: "1" }),
  );
});

Deno.test("lookUp() asks for the user's own organization first, since readings take turns", async () => {
  const { result, asked } = lookUpWith({ "1": found, "2": found, "3": found });
  await result;
  assert.equal(asked[0], "1");
});
