import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
  type UpstreamData,
} from "../../../harness/sandbox/upstream.ts";
import { FunctionError } from "../../../lib/errors.ts";
import { abortable } from "../../../lib/util/abortable.ts";
import { preload } from "../../../lib/zitadel/metadata_reader.ts";
import { grpcWebError, silentFetch } from "../_frames.ts";
import { rejection } from "./_rejection.ts";
import { entries, fails, ID, reader, valuesOf, world } from "./_metadata.ts";

const API_MEMORY_MS = 60 * 60 * 1000;

const REFUSED = "Errors.Token.Invalid (AUTH-7fs1e)";
const V2 = "v2.ListOrganizationMetadata";
const V2BETA = "v2beta.ListOrganizationMetadata";
const V1 = "v1.ListOrgMetadata";
const READABLE = "v2.ListOrganizations";
const MY_ORGANIZATION = "v1.GetMyOrg";
const DISCOVERY = "GET./.well-known/openid-configuration";

Deno.test("createMetadataReader() asks by each API only when the one before is not implemented", async (t) => {
  const expected = {
    v2: [V2],
    v2beta: [V2, V2BETA],
    management_v1: [V2, V2BETA, V1],
  };
  for (const [api, order] of Object.entries(expected)) {
    await t.step(api, async () => {
      const { read, calls } = reader(
        world(undefined, api as UpstreamData["api"]),
      );
      const found = await read(ID);
      assert.deepEqual(found.map(({ key }) => key), ["role-0", "role-1"]);
      assert.equal(new TextDecoder().decode(found[1]?.value), '["p-1"]');
      assert.deepEqual(calls, order);
    });
  }
});

Deno.test("createMetadataReader() asks the API that worked first, for an hour", async () => {
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

Deno.test("createMetadataReader() asks by the others when what worked is gone", async () => {
  let upstream = createUpstream(world());
  const { read, calls } = reader(world(), {
    fetch: (input, init) => upstream.fetch(input, init),
  });
  await read(ID);
  upstream = createUpstream(world(undefined, "management_v1"));
  calls.length = 0;
  assert.equal((await read(ID)).length, 2);
  assert.deepEqual(calls, [V2, V2BETA, V1]);
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

Deno.test("createMetadataReader() reports not_found and permission_denied as a missing permission", async (t) => {
  for (const code of [Code.NotFound, Code.PermissionDenied]) {
    await t.step(Code[code], async () => {
      const { read, calls } = reader(world(), {
        fetch: () =>
          Promise.resolve(
            grpcWebError(code, "membership not found (AUTHZ-cdgFk)"),
          ),
      });
      await assert.rejects(
        read(ID),
        fails("upstream_failed", "missing_permission"),
      );
      assert.deepEqual(calls, [V2]);
    });
  }
});

Deno.test("createMetadataReader() takes an empty list only if the organization is readable", async (t) => {
  for (const api of ["v2", "v2beta"] as const) {
    await t.step(`${api}, readable`, async () => {
      const { read, calls } = reader(world({}, api));
      assert.deepEqual(await read(ID), []);
      const listed = api === "v2" ? V2 : V2BETA;
      assert.deepEqual(calls.slice(-3), [listed, READABLE, listed]);
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
  await t.step("management_v1, readable", async () => {
    const { read, calls } = reader(world({}, "management_v1"));
    assert.deepEqual(await read(ID), []);
    assert.deepEqual(calls.slice(-3), [V1, MY_ORGANIZATION, V1]);
  });
  await t.step(
    "management_v1, the organization's header lost on the way",
    async () => {
      const upstream = createUpstream({
        organizations: { own: { readable: true, metadata: {} } },
        api: "management_v1",
      });
      const { read } = reader(world(), {
        fetch: (input, init) => {
          const request = new Request(input, init);
          request.headers.set("x-zitadel-orgid", "own");
          return upstream.fetch(request);
        },
      });
      await assert.rejects(
        read(ID),
        fails("upstream_failed", "unreadable_answer"),
      );
    },
  );
  await t.step("and still empty after the check", async () => {
    const organization = { readable: false, metadata: entries(1) };
    const upstream = createUpstream({ organizations: { [ID]: organization } });
    const { read } = reader(world(), {
      fetch: (input, init) => {
        // The right to read is granted between the list and the check.
        if (String(input).endsWith("/ListOrganizations")) {
          organization.readable = true;
        }
        return upstream.fetch(input, init);
      },
    });
    assert.deepEqual((await read(ID)).map(({ key }) => key), ["role-0"]);
  });
});

Deno.test("createMetadataReader() fails if it cannot check that an empty list is right", async () => {
  const upstream = createUpstream(world({}));
  const { read } = reader(world(), {
    fetch: (input, init) =>
      String(input).endsWith("/ListOrganizations")
        ? Promise.reject(new TypeError("refused"))
        : upstream.fetch(input, init),
  });
  await assert.rejects(read(ID), fails("upstream_failed", "unreachable"));
});

Deno.test("createMetadataReader() ends at the deadline of a reading", async (t) => {
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
  await t.step("at the first token", async () => {
    const { read, calls } = reader(world(), {
      token: {
        settings: "CLIENT_ID and CLIENT_SECRET",
        get: (signal) => abortable(new Promise(() => {}), signal!),
        discard: () => true,
      },
      timeoutMs: 20,
    });
    await assert.rejects(read(ID), late);
    assert.deepEqual(calls, []);
  });
  await t.step(
    "at the token that takes the place of a refused one",
    async () => {
      let asked = 0;
      const { read } = reader(world(), {
        fetch: () =>
          Promise.resolve(grpcWebError(Code.Unauthenticated, REFUSED)),
        token: {
          settings: "ACCESS_TOKEN" as const,
          get: (signal) =>
            asked++ === 0
              ? Promise.resolve("old")
              : abortable(new Promise(() => {}), signal!),
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
      settings: "ACCESS_TOKEN" as const,
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
    assert.deepEqual(token.discarded, ["old", "older"]);
    assert.equal(calls.length, 2);
  });
  await t.step("not if there is no other", async () => {
    const { read, calls } = reader(world(), {
      token: {
        settings: "ACCESS_TOKEN" as const,
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

Deno.test("createMetadataReader() passes on why there is no token", async () => {
  const error = new FunctionError("upstream_failed", "No token");
  const { read, calls } = reader(world(), {
    token: {
      settings: "ACCESS_TOKEN" as const,
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
  const found = await Promise.all(ids.map((id) => read(id)));
  assert.deepEqual(found.map(([entry]) => entry?.key), ids);
});

Deno.test("createMetadataReader() asks who answered when every API is missing", async (t) => {
  const missing = () => new Response("404 page not found\n", { status: 404 });
  const discovery = await readFixtureResponse("oidc/discovery");
  const cases: [string, () => Response, string][] = [
    ["a ZITADEL without them", discovery, "no_metadata_api"],
    ["another server", missing, "intercepted"],
    ["JSON without an issuer", () => Response.json({}), "intercepted"],
    [
      "a ZITADEL that does not know the host",
      () =>
        new Response("ID=QUERY-1kIjX Message=Instance not found.", {
          status: 404,
        }),
      "unknown_instance",
    ],
  ];
  for (const [name, respond, reason] of cases) {
    await t.step(name, async () => {
      const { read, calls } = reader(world(), {
        fetch: (input) =>
          Promise.resolve(
            String(input).includes("/.well-known/") ? respond() : missing(),
          ),
      });
      await assert.rejects(read(ID), fails("upstream_failed", reason));
      assert.deepEqual(calls, [V2, V2BETA, V1, DISCOVERY]);
    });
  }
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

Deno.test("createMetadataReader() refuses too much metadata at the first page over a bound", async (t) => {
  const tooMuch = (bytes: number) => (error: unknown) => {
    fails("upstream_failed", "unreadable_answer")(error);
    assert.match((error as Error).message, RegExp(`more than ${bytes} bytes`));
    return true;
  };
  await t.step("of values that are kept", async () => {
    const { read, calls } = reader(world(valuesOf(4_000, 1_800)), {
      timeoutMs: 30_000,
    });
    await assert.rejects(read(ID), tooMuch(2_097_152));
    assert.equal(calls.length, 2);
  });
  await t.step("of values that are dropped", async () => {
    const { read, calls } = reader(world(valuesOf(100, 400_000)), {
      timeoutMs: 30_000,
    });
    await assert.rejects(read(ID), tooMuch(33_554_432));
    assert.ok(calls.length < 20, `${calls.length} calls`);
  });
});

Deno.test("createMetadataReader() reads a bounded number of organizations at once", async (t) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const upstream = createUpstream({
    organizations: new Proxy({}, {
      get: () => ({ readable: true, metadata: entries(1) }),
    }),
  });
  const { read, calls } = reader(world(), {
    timeoutMs: 60_000,
    async fetch(input, init) {
      await released;
      return upstream.fetch(input, init);
    },
  });
  const started = Array.from({ length: 100 }, (_, i) => read(String(i)));
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
  await t.step("and the others have their turn", async () => {
    release();
    const found = await Promise.all(started);
    assert.ok(found.every((entries) => entries.length === 1));
  });
});

Deno.test("preload() loads what the first look-up needs", async () => {
  await preload();
  const { read } = reader(world());
  assert.equal((await read(ID)).length, 2);
});

async function readFixtureResponse(name: string): Promise<() => Response> {
  const file = new URL(`recorded/${name}.json`, FIXTURES_URL);
  const { response } = JSON.parse(await Deno.readTextFile(file));
  const { body, status, headers } = response;
  return () => new Response(body, { status, headers });
}
