import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
  type UpstreamData,
} from "../../../harness/sandbox/upstream.ts";
import {
  MAX_MAPPING_BYTES,
  MAX_VALUE_BYTES,
} from "../../../lib/mapping/role_mapping.ts";
import { abortable } from "../../../lib/util/abortable.ts";
import type { AccessTokenSource } from "../../../lib/zitadel/access_token.ts";
import { createMetadataReader } from "../../../lib/zitadel/metadata_reader.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { NOW, ORGANIZATION as ID } from "../_function.ts";
import { refusal } from "../../../harness/sandbox/api.ts";
import { silentFetch } from "../_silent_fetch.ts";
import { connectionBy } from "./_connection.ts";
import { rejection } from "./_rejection.ts";

const API_MEMORY_MS = 60 * 60 * 1000;

const V2 = "v2.ListOrganizationMetadata";
const V2BETA = "v2beta.ListOrganizationMetadata";
const V1 = "v1.ListOrgMetadata";
const DISCOVERY = "GET./.well-known/openid-configuration";

/** Metadata of so many entries with values of so many bytes. */
function valuesOf(count: number, bytes = 8): Record<string, string> {
  const value = btoa("x".repeat(bytes));
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`role-${i}`, value]),
  );
}

/** A world of that organization. */
function world(
  metadata: Record<string, string> = valuesOf(2),
  api: UpstreamData["api"] = "v2",
): UpstreamData {
  return { organizations: { [ID]: { readable: true, metadata } }, api };
}

/** A token that never changes. */
const fixedToken: AccessTokenSource = {
  settings: "ACCESS_TOKEN",
  get: () => Promise.resolve(UPSTREAM_TOKEN),
  discard: () => false,
};

interface ReaderOptions {
  readonly fetch?: typeof fetch;
  readonly token?: AccessTokenSource;
  readonly timeoutMs?: number;
}

/** A reader of an upstream, the methods that it called and a clock. */
function reader(
  upstreamData: UpstreamData,
  {
    fetch = createUpstream(upstreamData).fetch,
    token = fixedToken,
    timeoutMs = 5_000,
  }: ReaderOptions = {},
) {
  const calls: string[] = [];
  const clock = { now: NOW };
  const connection = connectionBy((input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    const [, version, method] = /(v\w+)\.\w+\/(\w+)$/.exec(url) ??
      [, "GET", url.replace(UPSTREAM_ORIGIN, "")];
    calls.push(`${version}.${method}`);
    return fetch(input, init);
  }, { timeoutMs, now: () => clock.now });
  const readMetadata = createMetadataReader({
    connection,
    token,
    maxValueBytes: MAX_VALUE_BYTES,
    maxKeptBytes: MAX_MAPPING_BYTES,
  });
  const read = (organization: string, signal = connection.startDeadline()) =>
    readMetadata(organization, signal);
  return { read, calls, clock };
}

const isDenied = fails("upstream_failed", "missing_permission", {
  organization: ID,
});
const isRefused = fails("upstream_failed", "credential_rejected");

/** A ZITADEL that is replaced by another release. */
function upgradable(api: UpstreamData["api"]) {
  let upstream = createUpstream(world(undefined, api));
  return {
    ...reader(world(), {
      fetch: (input, init) => upstream.fetch(input, init),
    }),
    upgrade(api: UpstreamData["api"]) {
      upstream = createUpstream(world(undefined, api));
    },
  };
}

Deno.test("createMetadataReader() asks the API that worked first, for an hour or until it is gone", async () => {
  const { read, calls, clock, upgrade } = upgradable("v2beta");
  const callsOf = async () => {
    await read(ID);
    return calls.splice(0);
  };
  assert.deepEqual(await callsOf(), [V2, V2BETA]);
  upgrade("v2");
  clock.now += API_MEMORY_MS - 1;
  assert.deepEqual(await callsOf(), [V2BETA]);
  clock.now += 1;
  assert.deepEqual(await callsOf(), [V2]);
  upgrade("management_v1");
  assert.deepEqual(await callsOf(), [V2, V2BETA, V1]);
});

/** A source of tokens, of which the ones given are taken one after the other. */
function tokens(...tokens: string[]) {
  const discarded: string[] = [];
  return {
    discarded,
    settings: "ACCESS_TOKEN" as const,
    get: (signal?: AbortSignal) =>
      tokens[discarded.length] === "late"
        ? abortable(new Promise<never>(() => {}), signal!)
        : Promise.resolve(tokens[discarded.length] ?? "none"),
    discard: (token: string) => discarded.push(token) > 0,
  };
}

const refuse = () =>
  Promise.resolve(
    refusal(Code.Unauthenticated, "Errors.Token.Invalid (AUTH-7fs1e)"),
  );
const long = createUpstream(world(valuesOf(1_500)));
let pages = 0;

testEach<[calls: number, ReaderOptions]>(
  "createMetadataReader() ends at the deadline of a reading",
  {
    "at the first page": [1, { fetch: silentFetch() }],
    "at a later page": [2, {
      fetch: (...args) =>
        pages++ ? silentFetch()(...args) : long.fetch(...args),
      timeoutMs: 200,
    }],
    "at the first token": [0, { token: tokens("late") }],
    "at the token that takes the place of a refused one": [1, {
      fetch: refuse,
      token: tokens("old", "late"),
    }],
  },
  async ([count, options]) => {
    const { read, calls } = reader(world(), { timeoutMs: 20, ...options });
    await assert.rejects(read(ID), fails("upstream_timeout", "timeout"));
    assert.equal(calls.length, count);
  },
);

Deno.test("createMetadataReader() has a refused token renewed once", async (t) => {
  await t.step("and reads with the new one", async () => {
    const token = tokens("old", UPSTREAM_TOKEN);
    assert.equal((await reader(world(), { token }).read(ID)).length, 2);
    assert.deepEqual(token.discarded, ["old"]);
  });
  await t.step("and gives up when that is refused too", async () => {
    const token = tokens("old", "older");
    const { read, calls } = reader(world(), { token });
    await assert.rejects(read(ID), isRefused);
    assert.deepEqual(token.discarded, ["old", "older"]);
    assert.equal(calls.length, 2);
  });
  await t.step("not if there is no other", async () => {
    const token = { ...tokens("old"), discard: () => false };
    const { read, calls } = reader(world(), { token });
    await assert.rejects(read(ID), isRefused);
    assert.equal(calls.length, 1);
  });
  await t.step("not for another failure", async () => {
    const token = tokens(UPSTREAM_TOKEN);
    const { read } = reader({ organizations: {} }, { token });
    await assert.rejects(read(ID), isDenied);
    assert.deepEqual(token.discarded, []);
  });
});

Deno.test("createMetadataReader() asks who answered when every API is missing", async () => {
  const { read, calls } = reader(world(), {
    fetch: (input) =>
      Promise.resolve(
        String(input).includes("/.well-known/")
          ? Response.json({ issuer: "https://zitadel.example" })
          : new Response("404 page not found\n", { status: 404 }),
      ),
  });
  await assert.rejects(read(ID), fails("upstream_failed", "no_metadata_api"));
  assert.deepEqual(calls, [V2, V2BETA, V1, DISCOVERY]);
});

Deno.test("createMetadataReader() reads long values in small answers, and drops them", async () => {
  // 12 MB that cannot be roles, beside one that can.
  const metadata = { ...valuesOf(30, 400_000), viewer: "YQ==" };
  const { read, calls } = reader(world(metadata), { timeoutMs: 30_000 });
  const found = await read(ID);
  assert.equal(found.length, 31);
  assert.deepEqual(
    found.filter(({ value }) => value !== undefined).map(({ key }) => key),
    ["viewer"],
  );
  // A large page, then two listings of 7 small ones.
  assert.equal(calls.length, 15);
});

Deno.test("createMetadataReader() reads a mapping of the largest size in large pages", async () => {
  // Just below the bound: 2,097,152 bytes of keys and values.
  const { read, calls } = reader(world(valuesOf(1_000, 2_088)), {
    timeoutMs: 30_000,
  });
  assert.equal((await read(ID)).length, 1_000);
  assert.equal(calls.length, 1);
});

testEach<[values: Record<string, string>, bytes: number, calls: number]>(
  "createMetadataReader() refuses too much metadata at the first page over a bound",
  {
    "of values that are kept": [valuesOf(4_000, 1_800), 2_097_152, 2],
    "of values that are dropped": [valuesOf(100, 400_000), 33_554_432, 19],
  },
  async ([values, bytes, most]) => {
    const { read, calls } = reader(world(values), { timeoutMs: 30_000 });
    const message = RegExp(`more than ${bytes} bytes`);
    await assert.rejects(
      read(ID),
      fails("upstream_failed", "unreadable_answer", { message }),
    );
    assert.ok(calls.length <= most, `${calls.length} calls`);
  },
);

Deno.test("createMetadataReader() reads a bounded number of organizations at once", async (t) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const upstream = createUpstream({
    organizations: new Proxy({}, {
      get: (_, id: string) => ({ readable: true, metadata: { [id]: "YQ==" } }),
    }),
  });
  const { read, calls } = reader(world(), {
    timeoutMs: 60_000,
    async fetch(input, init) {
      await released;
      return upstream.fetch(input, init);
    },
  });
  const ids = Array.from({ length: 100 }, (_, i) => String(i));
  const started = ids.map((id) => read(id));
  await new Promise((resolve) => setTimeout(resolve, 0));
  const reading = calls.length;
  await t.step("so that memory is bounded", () => {
    assert.ok(reading >= 16 && reading <= 32, `${reading} at once`);
  });
  await t.step("and one that waits leaves at its deadline", async () => {
    const deadline = new AbortController();
    const waiting = read(ID, deadline.signal);
    deadline.abort();
    fails("upstream_timeout", "timeout")(await rejection(waiting));
    assert.equal(calls.length, reading);
  });
  await t.step("and each gets its own organization's metadata", async () => {
    release();
    const found = await Promise.all(started);
    assert.deepEqual(found.map(([entry]) => entry?.key), ids);
  });
});
