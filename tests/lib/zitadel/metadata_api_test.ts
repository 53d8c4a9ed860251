import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ListOrgMetadataResponseSchema } from "@zitadel/proto/zitadel/management_pb";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../../harness/sandbox/upstream.ts";
import {
  type ApiCall,
  isOrganizationReadable,
  listMetadata,
} from "../../../lib/zitadel/metadata_api.ts";
import { METADATA_APIS } from "../../../lib/zitadel/metadata_listing.ts";
import type { FaultKind } from "../../../lib/zitadel/upstream_fault.ts";
import { grpcWebAnswer, grpcWebError, silentFetch } from "../_frames.ts";
import { connectionBy } from "./_connection.ts";
import { hasKind } from "./_fault.ts";

const ID = "400930455974579238";
const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
const PAGE_SIZE = 1_000;
const FIRST_PAGE = { offset: 0, limit: PAGE_SIZE };
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** A call about one organization. */
function callTo(
  fetch: typeof globalThis.fetch,
  change: Partial<ApiCall> & { internalOrigin?: string } = {},
): ApiCall {
  return {
    connection: connectionBy(fetch, { internalOrigin: change.internalOrigin }),
    token: UPSTREAM_TOKEN,
    organization: ID,
    signal: new AbortController().signal,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    maxValueBytes: 100_000,
    ...change,
  };
}

function answering(respond: () => Response, change?: Partial<ApiCall>) {
  return callTo(() => Promise.resolve(respond()), change);
}

Deno.test("listMetadata() reads one page, by each API", async (t) => {
  const count = PAGE_SIZE + 5;
  const metadata = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`role-${i}`, "/wA="]),
  );
  for (const api of METADATA_APIS) {
    await t.step(api, async () => {
      const organizations = { [ID]: { readable: true, metadata } };
      const call = callTo(createUpstream({ organizations, api }).fetch);
      const first = await listMetadata(call, api, FIRST_PAGE);
      assert.equal(first.total, count);
      assert.equal(first.bytes, 9_890);
      assert.equal(first.entries.length, PAGE_SIZE);
      assert.deepEqual(first.entries[0]?.value, Uint8Array.of(0xff, 0));
      const some = { ...FIRST_PAGE, offset: PAGE_SIZE, limit: 2 };
      const rest = await listMetadata(call, api, some);
      assert.deepEqual(rest.entries.map(({ key }) => key), [
        "role-1000",
        "role-1001",
      ]);
    });
  }
});

Deno.test("listMetadata() drops long values and copies the others out of the page", async (t) => {
  const metadata = {
    long: btoa("x".repeat(1_001)),
    longest: btoa("x".repeat(1_000)),
    short: btoa("y"),
  };
  for (const api of METADATA_APIS) {
    await t.step(api, async () => {
      const organizations = { [ID]: { readable: true, metadata } };
      const call = callTo(createUpstream({ organizations, api }).fetch, {
        maxValueBytes: 1_000,
      });
      const { entries, bytes } = await listMetadata(call, api, FIRST_PAGE);
      assert.equal(bytes, "longlongestshort".length + 2_002);
      const [long, longest, short] = entries;
      assert.equal(long?.value, undefined);
      assert.equal(longest?.value?.length, 1_000);
      assert.equal(short?.value?.buffer.byteLength, 1);
    });
  }
});

Deno.test("listMetadata() sends the token to the instance, at the address in use", async (t) => {
  for (const api of METADATA_APIS) {
    await t.step(api, async () => {
      const seen: Request[] = [];
      const upstream = createUpstream({ organizations: {} });
      const call = callTo((input, init) => {
        const request = new Request(input, init);
        seen.push(request.clone());
        return upstream.fetch(request);
      }, { internalOrigin: "http://zitadel:8080" });
      await listMetadata(call, api, FIRST_PAGE).catch(() => {});
      assert.equal(seen.length, 1);
      const [{ url, headers }] = seen as [Request];
      assert.equal(new URL(url).origin, "http://zitadel:8080");
      assert.equal(headers.get("authorization"), `Bearer ${UPSTREAM_TOKEN}`);
      assert.equal(
        headers.get("x-zitadel-instance-host"),
        new URL(UPSTREAM_ORIGIN).host,
      );
    });
  }
});

Deno.test("listMetadata() refuses an entry of another organization", async (t) => {
  const list = (...owners: (string | undefined)[]) =>
    listMetadata(
      answering(() =>
        grpcWebAnswer(
          ListOrgMetadataResponseSchema,
          create(ListOrgMetadataResponseSchema, {
            details: { totalResult: BigInt(owners.length) },
            result: owners.map((resourceOwner, i) => ({
              key: `role-${i}`,
              ...resourceOwner && { details: { resourceOwner } },
            })),
          }),
        )
      ),
      "management_v1",
      FIRST_PAGE,
    );
  assert.equal((await list(ID, ID)).entries.length, 2);
  for (const owner of ["1", "", undefined]) {
    await t.step(String(owner), async () => {
      await assert.rejects(
        list(ID, owner),
        hasKind("unreadable_answer", /another organization/),
      );
    });
  }
});

Deno.test("listMetadata() stops reading an answer that is too long", async (t) => {
  /** A body of so many bytes that announces its length, truly or not. */
  const stream = (announced: number) => {
    const state = { bytes: 0, cancelled: false };
    const chunk = new Uint8Array(1024 * 1024);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const header = new Uint8Array(5);
        new DataView(header.buffer).setUint32(1, announced);
        const next = state.bytes === 0 ? header : chunk;
        state.bytes += next.length;
        controller.enqueue(next);
      },
      cancel: () => void (state.cancelled = true),
    }, { highWaterMark: 0 });
    return { state, body };
  };
  const list = (body: ReadableStream) =>
    listMetadata(
      answering(() => new Response(body, { headers: GRPC_WEB })),
      "v2",
      FIRST_PAGE,
    );
  await t.step("as soon as it is announced", async () => {
    const { state, body } = stream(31_000_000);
    await assert.rejects(list(body), hasKind("oversized"));
    assert.equal(state.bytes, 5);
    assert.equal(state.cancelled, true);
  });
  await t.step("at the bound if less was announced", async () => {
    const { state, body } = stream(MAX_ANSWER_BYTES);
    await assert.rejects(list(body), hasKind("oversized"));
    assert.ok(state.bytes <= MAX_ANSWER_BYTES + 2 * 1024 * 1024);
    assert.equal(state.cancelled, true);
  });
});

Deno.test("listMetadata() tells an answer that cannot be read from one that breaks off", async (t) => {
  const list = (respond: () => Response) =>
    listMetadata(answering(respond), "v2", FIRST_PAGE);
  await t.step("a truncated frame", async () => {
    const body = Uint8Array.of(0, 0, 0, 1, 0, 0x0a);
    await assert.rejects(
      list(() => new Response(body, { headers: GRPC_WEB })),
      hasKind("unreadable_answer"),
    );
  });
  await t.step("nothing at all", async () => {
    await assert.rejects(
      list(() => new Response(null, { headers: GRPC_WEB })),
      hasKind("unreadable_answer"),
    );
  });
  await t.step("a connection that is reset", async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.error(new TypeError("reset")),
    }, { highWaterMark: 0 });
    await assert.rejects(
      list(() => new Response(body, { headers: GRPC_WEB })),
      hasKind("unreachable", /breaks off/),
    );
  });
});

Deno.test("listMetadata() takes nothing but ZITADEL's two answers for a missing API", async (t) => {
  const list = (respond: () => Response) =>
    listMetadata(answering(respond), "v2", FIRST_PAGE);
  const notFound = (text: string) => () => new Response(text, { status: 404 });
  await t.step("404 page not found", async () => {
    await assert.rejects(
      list(notFound("404 page not found\n")),
      hasKind("unimplemented"),
    );
  });
  await t.step("a gRPC status", async () => {
    await assert.rejects(
      list(() => grpcWebError(Code.Unimplemented, "unknown method")),
      hasKind("unimplemented"),
    );
  });
  for (const text of ["", "404 Not Found", "x 404 page not found"]) {
    await t.step(`404 with "${text}"`, async () => {
      await assert.rejects(list(notFound(text)), hasKind("intercepted"));
    });
  }
});

Deno.test("listMetadata() ends when it is told to", async () => {
  const abort = new AbortController();
  const listing = listMetadata(
    callTo(silentFetch(), { signal: abort.signal }),
    "v2",
    FIRST_PAGE,
  );
  abort.abort();
  await assert.rejects(listing);
});

Deno.test("isOrganizationReadable() reports whether the organization is listed", async () => {
  const { fetch } = createUpstream({
    organizations: {
      [ID]: { readable: true, metadata: {} },
      "2": { readable: false, metadata: {} },
    },
  });
  const isReadable = (organization: string) =>
    isOrganizationReadable(callTo(fetch, { organization }), "v2");
  assert.equal(await isReadable(ID), true);
  assert.equal(await isReadable("2"), false);
  assert.equal(await isReadable("3"), false);
});

Deno.test("isOrganizationReadable() asks management v1 the way the metadata was listed", async (t) => {
  const { fetch } = createUpstream({
    organizations: {
      [ID]: { readable: true, metadata: {} },
      own: { readable: true, metadata: {} },
      "2": { readable: false, metadata: {} },
    },
  });
  await t.step("readable", async () => {
    assert.equal(
      await isOrganizationReadable(callTo(fetch), "management_v1"),
      true,
    );
  });
  await t.step("not readable", async () => {
    const call = callTo(fetch, { organization: "2" });
    await assert.rejects(
      isOrganizationReadable(call, "management_v1"),
      hasKind("missing_permission"),
    );
  });
  await t.step("the organization's header lost on the way", async () => {
    const call = callTo((input, init) => {
      const request = new Request(input, init);
      // ZITADEL then answers for the service user's own organization.
      request.headers.set("x-zitadel-orgid", "own");
      return fetch(request);
    });
    await assert.rejects(
      isOrganizationReadable(call, "management_v1"),
      hasKind("unreadable_answer", /another organization.* x-zitadel-orgid/),
    );
  });
});

Deno.test("listMetadata() judges each gRPC status of ZITADEL", async (t) => {
  const kinds: Record<string, FaultKind> = {
    Canceled: "unreadable_answer",
    Unknown: "unreachable",
    InvalidArgument: "unreadable_answer",
    DeadlineExceeded: "unreachable",
    NotFound: "missing_permission",
    AlreadyExists: "unreadable_answer",
    PermissionDenied: "missing_permission",
    ResourceExhausted: "rate_limited",
    FailedPrecondition: "unreadable_answer",
    Aborted: "unreadable_answer",
    OutOfRange: "unreadable_answer",
    Unimplemented: "unimplemented",
    Internal: "unreachable",
    Unavailable: "unreachable",
    DataLoss: "unreadable_answer",
    Unauthenticated: "credential_rejected",
  };
  const names = Object.values(Code).filter((code) => typeof code === "string");
  assert.deepEqual(Object.keys(kinds).sort(), names.sort());
  for (const [name, kind] of Object.entries(kinds)) {
    await t.step(name, async () => {
      const code = Code[name as keyof typeof Code];
      await assert.rejects(
        listMetadata(
          answering(() => grpcWebError(code, "canary (AUTHZ-cdgFk)")),
          "v2",
          FIRST_PAGE,
        ),
        (error) => {
          assert.doesNotMatch((error as Error).message, /canary/);
          return hasKind(kind)(error);
        },
      );
    });
  }
});

Deno.test("listMetadata() takes a refusal without an error id for a proxy's", async (t) => {
  const texts = {
    [Code.PermissionDenied]: "RBAC: access denied",
    [Code.Unauthenticated]: "Jwt is missing",
    [Code.NotFound]: "no healthy upstream",
  };
  for (const [code, text] of Object.entries(texts)) {
    await t.step(text, async () => {
      await assert.rejects(
        listMetadata(
          answering(() => grpcWebError(Number(code), text)),
          "v2",
          FIRST_PAGE,
        ),
        hasKind("intercepted", /without an error id/),
      );
    });
  }
});
