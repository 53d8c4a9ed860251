import assert from "node:assert/strict";
import {
  createUpstream,
  type UpstreamData,
} from "../../harness/fixtures/upstream.ts";
import { type FailureDetails, FunctionError } from "../../lib/errors.ts";
import { lookUp, type LookUpOptions } from "../../lib/look_up.ts";
import { MAX_MAPPING_BYTES } from "../../lib/mapping/role_mapping.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { Deadline } from "../../lib/util/deadline.ts";
import {
  createTestFunction,
  loginPayload,
  permissionsIn,
} from "./_function.ts";

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

Deno.test("createHandler() answers without the grants of an organization whose metadata is too large, and names it", async () => {
  const { call, log } = await createTestFunction({
    settings,
    fetch: createUpstream(world(["1"], ["2"])).fetch,
  });
  const response = await call(payloadOf("1", "1", "2"));
  assert.equal(response.status, 200);
  assert.deepEqual(await permissionsIn(response), ["of-1"]);
  const errors = log.filter(({ level }) => level === "error");
  assert.deepEqual(
    errors.map(({ organization, reason }) => [organization, reason]),
    [["2", "unreadable_answer"]],
  );
  assert.match(errors[0]!.message, /grants of this organization give nothing$/);
  const answered = log.find(({ message }) => message === "Answered");
  assert.equal(answered?.organization, "1,2");
  assert.equal(answered?.source, "zitadel,failed");
});

Deno.test("createHandler() fails when the metadata of the user's own or of every organization is too large", async (t) => {
  const cases: Record<string, { user: string; owners: string[] }> = {
    "the user's own": { user: "2", owners: ["1", "2"] },
    "the only one": { user: "1", owners: ["2"] },
    "all": { user: "1", owners: ["2", "3"] },
  };
  for (const [name, { user, owners }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { call, log } = await createTestFunction({
        settings,
        fetch: createUpstream(world(["1"], ["2", "3"])).fetch,
      });
      assert.equal((await call(payloadOf(user, ...owners))).status, 502);
      assert.equal(log.length, 1);
      assert.equal(log[0]?.organization, "2");
    });
  }
});

/** Looks organizations 1, of the user, and 2 up; what 2's look-up does is given. */
function lookUpTwo(second: Promise<never>, signal: AbortSignal) {
  const log: LogEntry[] = [];
  const found = { mapping: { marker: 1 }, source: "kv" };
  const services = {
    cache: {
      get: (id: string) => id === "1" ? Promise.resolve(found) : second,
    },
    telemetry: { lookup() {} },
    log: (entry: LogEntry) => void log.push(entry),
  } as unknown as LookUpOptions["services"];
  const lookups = lookUp(["1", "2"], {
    services,
    deadline: new Deadline(() => signal),
    userOrganization: "1",
  });
  return { lookups, log };
}

function failure(details: FailureDetails): Promise<never> {
  return Promise.reject(new FunctionError("upstream_failed", "No", details));
}

Deno.test("lookUp() passes over what lies in another organization's content, and nothing else", async () => {
  const { signal } = new AbortController();
  const details = { organization: "2", reason: "unreadable_answer" } as const;
  const content = lookUpTwo(
    failure({ ...details, liesInContent: true }),
    signal,
  );
  const sources = (await content.lookups).map(({ source }) => source);
  assert.deepEqual(sources, ["kv", "failed"]);
  assert.equal(content.log.length, 1);

  const upstream = lookUpTwo(failure(details), signal);
  await assert.rejects(upstream.lookups, { message: "No" });
  assert.deepEqual(upstream.log, []);
  const bug = lookUpTwo(Promise.reject(new TypeError("bug")), signal);
  await assert.rejects(bug.lookups, TypeError);
});

Deno.test("lookUp() names the organizations that did not answer in time, and no others", async () => {
  const controller = new AbortController();
  const { lookups } = lookUpTwo(new Promise(() => {}), controller.signal);
  // The first organization's answer arrives before the time is over.
  await new Promise((resolve) => setTimeout(resolve));
  controller.abort(new DOMException("late", "TimeoutError"));
  await assert.rejects(lookups, (error) => {
    assert.ok(error instanceof FunctionError);
    assert.equal(error.code, "upstream_timeout");
    assert.equal(error.details.organization, "2");
    return true;
  });
});

Deno.test("lookUp() names each of several organizations that did not answer in time", async () => {
  const controller = new AbortController();
  const silent = new Promise<never>(() => {});
  const lookups = lookUp(["1", "2"], {
    services: {
      cache: { get: () => silent },
      log: () => {},
      telemetry: { lookup: () => {} },
    } as unknown as LookUpOptions["services"],
    deadline: new Deadline(() => controller.signal),
    userOrganization: "1",
  });
  controller.abort(new DOMException("late", "TimeoutError"));
  await assert.rejects(lookups, (error) => {
    assert.ok(error instanceof FunctionError);
    assert.equal(error.details.organization, "1,2");
    return true;
  });
});
