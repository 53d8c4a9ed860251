import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ListOrganizationMetadataResponseSchema } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
  type UpstreamWorld,
} from "../../harness/upstream.ts";
import { type ErrorCode, FunctionError } from "../../lib/errors.ts";
import {
  API_MEMORY_MS,
  createMetadataReader,
  type ReadMetadata,
} from "../../lib/metadata.ts";
import type { ServiceToken } from "../../lib/service_token.ts";
import { grpcWebAnswer, grpcWebError, silentFetch } from "./_frames.ts";

const ID = "400930455974579238";
const NOW = 1_795_469_197_000;

const V2 = "v2.ListOrganizationMetadata";
const V2BETA = "v2beta.ListOrganizationMetadata";
const V1 = "v1.ListOrgMetadata";
const READABLE = "v2.ListOrganizations";

/** Metadata of so many entries. */
function entries(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`role-${i}`, btoa(`["p-${i}"]`)]),
  );
}

function world(
  metadata: Record<string, string> = entries(2),
  api: UpstreamWorld["api"] = "v2",
): UpstreamWorld {
  return { organizations: { [ID]: { readable: true, metadata } }, api };
}

/** A token that is what it is. */
const fixedToken: ServiceToken = {
  settings: "ACCESS_TOKEN",
  get: () => Promise.resolve(UPSTREAM_TOKEN),
  discard: () => false,
};

interface Options {
  readonly fetch?: typeof fetch;
  readonly token?: ServiceToken;
  readonly timeoutMs?: number;
}

/** A reader of an upstream, the methods that it called and a clock. */
function reader(
  upstreamWorld: UpstreamWorld,
  { fetch = createUpstream(upstreamWorld).fetch, ...options }: Options = {},
) {
  const calls: string[] = [];
  const clock = { now: NOW };
  const read: ReadMetadata = createMetadataReader({
    origin: UPSTREAM_ORIGIN,
    token: fixedToken,
    timeoutMs: 5_000,
    now: () => clock.now,
    ...options,
    fetch: (input, init) => {
      const url = String(input instanceof Request ? input.url : input);
      const [, version, method] = /(v\w+)\.\w+\/(\w+)$/.exec(url)!;
      calls.push(`${version}.${method}`);
      return fetch(input, init);
    },
  });
  return { read, calls, clock };
}

function fails(code: ErrorCode, reason: string) {
  return (error: unknown) => {
    assert.ok(error instanceof FunctionError);
    assert.equal(error.code, code);
    assert.equal(error.details.reason, reason);
    assert.equal(error.details.organization, ID);
    assert.ok(error.details.remedy);
    return true;
  };
}

Deno.test("createMetadataReader() asks by each API only when the one before is not implemented", async (t) => {
  const expected = {
    v2: [V2],
    v2beta: [V2, V2BETA],
    management_v1: [V2, V2BETA, V1],
  };
  for (const [api, order] of Object.entries(expected)) {
    await t.step(api, async () => {
      const { read, calls } = reader(
        world(undefined, api as UpstreamWorld["api"]),
      );
      const found = await read(ID);
      assert.deepEqual(found.map(({ key }) => key), ["role-0", "role-1"]);
      assert.equal(new TextDecoder().decode(found[1]?.value), '["p-1"]');
      assert.deepEqual(calls, order);
    });
  }
});

Deno.test("createMetadataReader() begins with what worked, for an hour", async () => {
  const old = world(undefined, "v2beta");
  const { read, calls, clock } = reader(old);
  const callsOf = async () => {
    await read(ID);
    return calls.splice(0);
  };
  assert.deepEqual(await callsOf(), [V2, V2BETA]);
  assert.deepEqual(await callsOf(), [V2BETA]);
  clock.now += API_MEMORY_MS - 1;
  assert.deepEqual(await callsOf(), [V2BETA]);
  clock.now += 1;
  assert.deepEqual(await callsOf(), [V2, V2BETA]);
});

Deno.test("createMetadataReader() finds the better API within an hour after an upgrade", async () => {
  let upstream = createUpstream(world(undefined, "management_v1"));
  const { read, calls, clock } = reader(world(), {
    fetch: (input, init) => upstream.fetch(input, init),
  });
  await read(ID);
  upstream = createUpstream(world());
  clock.now += API_MEMORY_MS;
  calls.length = 0;
  await read(ID);
  await read(ID);
  assert.deepEqual(calls, [V2, V2]);
});

Deno.test("createMetadataReader() asks by the others again when what worked is gone", async () => {
  let upstream = createUpstream(world());
  const { read, calls } = reader(world(), {
    fetch: (input, init) => upstream.fetch(input, init),
  });
  await read(ID);
  upstream = createUpstream(world(undefined, "management_v1"));
  calls.length = 0;
  assert.equal((await read(ID)).length, 2);
  assert.deepEqual(calls, [V2, V2, V2BETA, V1]);
});

Deno.test("createMetadataReader() remembers nothing of a reading that failed", async () => {
  const old = world(undefined, "v2beta");
  const { read, calls } = reader({
    ...old,
    organizations: { [ID]: { readable: false, metadata: {} } },
  });
  await assert.rejects(read(ID));
  await assert.rejects(read(ID));
  assert.deepEqual(calls, [V2, V2BETA, READABLE, V2, V2BETA, READABLE]);
});

Deno.test("createMetadataReader() takes not_found and permission_denied for a missing permission", async (t) => {
  for (const code of [Code.NotFound, Code.PermissionDenied]) {
    await t.step(Code[code], async () => {
      const { read, calls } = reader(world(), {
        fetch: () =>
          Promise.resolve(grpcWebError(code, "membership not found")),
      });
      await assert.rejects(
        read(ID),
        fails("upstream_failed", "missing_permission"),
      );
      assert.deepEqual(calls, [V2]);
    });
  }
});

Deno.test("createMetadataReader() believes an empty list only when the organization is readable", async (t) => {
  for (const api of ["v2", "v2beta"] as const) {
    await t.step(`${api}, readable`, async () => {
      const { read, calls } = reader(world({}, api));
      assert.deepEqual(await read(ID), []);
      assert.equal(calls.at(-1), READABLE);
    });
    for (
      const [name, organizations] of [
        ["forbidden", { [ID]: { readable: false, metadata: {} } }],
        ["unknown", {}],
        ["another readable", { "1": { readable: true, metadata: {} } }],
      ] as const
    ) {
      await t.step(`${api}, ${name}`, async () => {
        const { read } = reader({ organizations, api });
        await assert.rejects(
          read(ID),
          fails("upstream_failed", "missing_permission"),
        );
      });
    }
  }
  await t.step("management_v1 tells by itself", async () => {
    const { read, calls } = reader(world({}, "management_v1"));
    assert.deepEqual(await read(ID), []);
    assert.ok(!calls.includes(READABLE));
  });
});

Deno.test("createMetadataReader() fails when it cannot be seen whether an empty list is right", async () => {
  const upstream = createUpstream(world({}));
  const { read } = reader(world(), {
    fetch: (input, init) =>
      String(input).endsWith("/ListOrganizations")
        ? Promise.reject(new TypeError("refused"))
        : upstream.fetch(input, init),
  });
  await assert.rejects(read(ID), fails("upstream_failed", "unreachable"));
});

Deno.test("createMetadataReader() reads pages of 1,000 until everything is read", async (t) => {
  for (const api of ["v2", "v2beta", "management_v1"] as const) {
    for (
      const [count, pages] of [[1, 1], [1_000, 1], [1_001, 2], [
        2_500,
        3,
      ]] as const
    ) {
      await t.step(`${api}, ${count}`, async () => {
        const metadata = entries(count);
        const { read, calls } = reader(world(metadata, api));
        await read(ID);
        calls.length = 0;
        const found = await read(ID);
        assert.deepEqual(
          found.map(({ key }) => key),
          Object.keys(metadata),
        );
        assert.equal(calls.length, pages);
      });
    }
  }
});

/** A reader of an organization that changes before each page but the first. */
function unsteady(
  change: (metadata: Record<string, string>, page: number) => void,
) {
  const metadata = entries(1_500);
  const upstreamWorld = world(metadata);
  const upstream = createUpstream(upstreamWorld);
  let page = 0;
  return reader(upstreamWorld, {
    fetch: (input, init) => {
      if (page++ > 0) change(metadata, page);
      return upstream.fetch(input, init);
    },
  });
}

Deno.test("createMetadataReader() begins anew when the list changes while it is read", async (t) => {
  await t.step("grown", async () => {
    const { read, calls } = unsteady((metadata, page) => {
      if (page === 2) metadata["role-new"] = btoa("a");
    });
    const found = await read(ID);
    assert.equal(found.length, 1_501);
    assert.equal(calls.length, 4);
  });
  await t.step("shrunk", async () => {
    const { read } = unsteady((metadata, page) => {
      if (page === 2) delete metadata["role-3"];
    });
    const keys = (await read(ID)).map(({ key }) => key);
    assert.equal(keys.length, 1_499);
    assert.ok(!keys.includes("role-3"));
    assert.ok(keys.includes("role-1000"));
  });
  await t.step("emptied", async () => {
    const { read } = unsteady((metadata, page) => {
      if (page !== 2) return;
      for (const key of Object.keys(metadata)) delete metadata[key];
    });
    assert.deepEqual(await read(ID), []);
  });
});

Deno.test("createMetadataReader() gives up when the list changes all the time", async () => {
  const { read, calls } = unsteady((metadata, page) => {
    metadata[`role-new-${page}`] = btoa("a");
  });
  await assert.rejects(read(ID), fails("upstream_failed", "unstable_listing"));
  assert.equal(calls.length, 6);
});

Deno.test("createMetadataReader() gives up when ZITADEL tells of more than it gives", async (t) => {
  const keys = { "nothing": [], "the same again": ["a", "b"] };
  for (const [name, given] of Object.entries(keys)) {
    await t.step(name, async () => {
      const schema = ListOrganizationMetadataResponseSchema;
      const { read } = reader(world(), {
        fetch: () =>
          Promise.resolve(grpcWebAnswer(
            schema,
            create(schema, {
              pagination: { totalResult: 3n },
              metadata: given.map((key) => ({ key })),
            }),
          )),
      });
      await assert.rejects(
        read(ID),
        fails("upstream_failed", "unstable_listing"),
      );
    });
  }
});

Deno.test("createMetadataReader() ends with the time for one reading", async (t) => {
  const late = (error: unknown) => fails("upstream_timeout", "timeout")(error);
  await t.step("at the first page", async () => {
    const { read } = reader(world(), { fetch: silentFetch(), timeoutMs: 20 });
    await assert.rejects(read(ID), late);
  });
  await t.step("at a later page", async () => {
    const upstream = createUpstream(world(entries(1_500)));
    let page = 0;
    const { read, calls } = reader(world(), {
      fetch: (...args) =>
        page++ === 0 ? upstream.fetch(...args) : silentFetch()(...args),
      timeoutMs: 200,
    });
    await assert.rejects(read(ID), late);
    assert.equal(calls.length, 2);
  });
  await t.step(
    "at the token that takes the place of a refused one",
    async () => {
      let asked = 0;
      const { read } = reader(world(), {
        fetch: () => Promise.resolve(grpcWebError(Code.Unauthenticated, "")),
        token: {
          settings: "ACCESS_TOKEN",
          get: () =>
            asked++ === 0 ? Promise.resolve("old") : new Promise(() => {}),
          discard: () => true,
        },
        timeoutMs: 20,
      });
      await assert.rejects(read(ID), late);
    },
  );
});

Deno.test("createMetadataReader() has a refused token renewed once", async (t) => {
  /** A source of tokens, of which the ones given are taken one after the other. */
  const source = (...tokens: string[]) => {
    const discarded: string[] = [];
    return {
      discarded,
      settings: "ACCESS_TOKEN",
      get: () => Promise.resolve(tokens[discarded.length] ?? "none"),
      discard: (token: string) => discarded.push(token) > 0,
    };
  };
  await t.step("and reads with the new one", async () => {
    const token = source("old", UPSTREAM_TOKEN);
    const { read } = reader(world(), { token });
    assert.equal((await read(ID)).length, 2);
    assert.deepEqual(token.discarded, ["old"]);
  });
  await t.step("and gives up when that is refused too", async () => {
    const token = source("old", "older");
    const { read, calls } = reader(world(), { token });
    await assert.rejects(
      read(ID),
      fails("upstream_failed", "credential_rejected"),
    );
    assert.deepEqual(token.discarded, ["old"]);
    assert.equal(calls.length, 2);
  });
  await t.step("not where there is no other", async () => {
    const { read, calls } = reader(world(), {
      token: {
        settings: "ACCESS_TOKEN",
        get: () => Promise.resolve("old"),
        discard: () => false,
      },
    });
    await assert.rejects(
      read(ID),
      fails("upstream_failed", "credential_rejected"),
    );
    assert.equal(calls.length, 1);
  });
  await t.step("not for another failure", async () => {
    const token = source(UPSTREAM_TOKEN);
    const { read } = reader({ organizations: {} }, { token });
    await assert.rejects(read(ID));
    assert.deepEqual(token.discarded, []);
  });
});

Deno.test("createMetadataReader() hands on why there is no token", async () => {
  const error = new FunctionError("upstream_failed", "No token");
  const { read, calls } = reader(world(), {
    token: {
      settings: "ACCESS_TOKEN",
      get: () => Promise.reject(error),
      discard: () => true,
    },
  });
  await assert.rejects(read(ID), (caught) => caught === error);
  assert.deepEqual(calls, []);
});

Deno.test("createMetadataReader() reads several organizations at once", async () => {
  const ids = ["1", "2", "3"];
  const { read } = reader({
    organizations: Object.fromEntries(
      ids.map((id) => [id, { readable: true, metadata: { [id]: "YQ==" } }]),
    ),
    api: "v2beta",
  });
  const found = await Promise.all(ids.map(read));
  assert.deepEqual(found.map(([entry]) => entry?.key), ids);
});
