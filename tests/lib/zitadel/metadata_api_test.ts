import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../../harness/sandbox/upstream.ts";
import {
  type ApiCall,
  isOrganizationReadable,
  listMetadata,
} from "../../../lib/zitadel/metadata_api.ts";
import {
  METADATA_APIS,
  type MetadataApi,
} from "../../../lib/zitadel/metadata_listing.ts";
import type { FaultKind } from "../../../lib/zitadel/upstream_fault.ts";
import { testEach } from "../../_test_each.ts";
import { refusal } from "../../../harness/sandbox/api.ts";
import { connectionBy } from "./_connection.ts";
import { hasKind } from "./_fault.ts";

const ID = "400930455974579238";
const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
const PAGE_SIZE = 1_000;
const FIRST_PAGE = { offset: 0, limit: PAGE_SIZE };
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const APIS = Object.fromEntries(
  METADATA_APIS.map((api) => [api, api]),
) as Record<MetadataApi, MetadataApi>;

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

/** Lists the first page of a ZITADEL with this metadata. */
function listing(
  metadata: Record<string, string>,
  api: MetadataApi,
  { maxValueBytes = 100_000, range = FIRST_PAGE } = {},
) {
  const organizations = { [ID]: { readable: true, metadata } };
  const { fetch } = createUpstream({ organizations, api });
  return listMetadata(callTo(fetch, { maxValueBytes }), api, range);
}

/** Lists the first page of what always answers like this. */
function listBy(respond: () => Response, api: MetadataApi = "v2") {
  return listMetadata(
    callTo(() => Promise.resolve(respond())),
    api,
    FIRST_PAGE,
  );
}

testEach("listMetadata() reads one page, by each API", APIS, async (api) => {
  const count = PAGE_SIZE + 5;
  const metadata = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`role-${i}`, "/wA="]),
  );
  const first = await listing(metadata, api);
  assert.equal(first.total, count);
  assert.equal(first.bytes, 9_890);
  assert.equal(first.entries.length, PAGE_SIZE);
  assert.deepEqual(first.entries[0]?.value, Uint8Array.of(0xff, 0));
  const range = { offset: PAGE_SIZE, limit: 2 };
  const { entries } = await listing(metadata, api, { range });
  const keys = entries.map(({ key }) => key);
  assert.deepEqual(keys, ["role-1000", "role-1001"]);
});

testEach(
  "listMetadata() drops long values and copies the others out of the page",
  APIS,
  async (api) => {
    const metadata = {
      long: btoa("x".repeat(1_001)),
      longest: btoa("x".repeat(1_000)),
      short: btoa("y"),
    };
    const maxValueBytes = 1_000;
    const { entries, bytes } = await listing(metadata, api, { maxValueBytes });
    assert.equal(bytes, "longlongestshort".length + 2_002);
    const [long, longest, short] = entries;
    assert.equal(long?.value, undefined);
    assert.equal(longest?.value?.length, 1_000);
    assert.equal(short?.value?.buffer.byteLength, 1);
  },
);

/** A call whose header names the organization `own` instead, as if a proxy dropped it: ZITADEL then answers for the service user's. */
const withoutHeader = () =>
  callTo((input, init) => {
    const request = new Request(input, init);
    request.headers.set("x-zitadel-orgid", "own");
    return world(request);
  });

Deno.test("listMetadata() refuses an entry of another organization", async () => {
  await assert.rejects(
    listMetadata(withoutHeader(), "management_v1", FIRST_PAGE),
    hasKind("unreadable_answer", /another organization/),
  );
});

testEach<[announced: number, most: number]>(
  "listMetadata() stops reading an answer that is too long",
  {
    "as soon as it is announced": [31_000_000, 5],
    "at the bound if less was announced": [
      MAX_ANSWER_BYTES,
      MAX_ANSWER_BYTES + 2 * 1024 * 1024,
    ],
  },
  async ([announced, most]) => {
    let bytes = 0;
    let isCancelled = false;
    const header = new Uint8Array(5);
    new DataView(header.buffer).setUint32(1, announced);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = bytes === 0 ? header : new Uint8Array(1024 * 1024);
        bytes += next.length;
        controller.enqueue(next);
      },
      cancel: () => void (isCancelled = true),
    }, { highWaterMark: 0 });
    await assert.rejects(
      listBy(() => new Response(body, { headers: GRPC_WEB })),
      hasKind("oversized"),
    );
    assert.ok(bytes <= most, `${bytes} bytes`);
    assert.equal(isCancelled, true);
  },
);

const answer = (body: BodyInit | null) => () =>
  new Response(body, { headers: GRPC_WEB });
const notFound = (text: string) => () => new Response(text, { status: 404 });

testEach<[FaultKind, respond: () => Response, seen?: RegExp]>(
  "listMetadata() judges an answer without a gRPC status",
  {
    "a truncated frame": [
      "unreadable_answer",
      answer(Uint8Array.of(0, 0, 0, 1, 0, 0x0a)),
    ],
    "nothing at all": ["unreadable_answer", answer(null)],
    "a connection that is reset": [
      "unreachable",
      answer(
        new ReadableStream({
          pull: (controller) => controller.error(new TypeError("reset")),
        }, { highWaterMark: 0 }),
      ),
      /breaks off/,
    ],
    "ZITADEL's 404": ["unimplemented", notFound("404 page not found\n")],
    "a 404 without a text": ["intercepted", notFound("")],
    "another 404": ["intercepted", notFound("404 Not Found")],
    "a 404 that holds ZITADEL's": [
      "intercepted",
      notFound("x 404 page not found"),
    ],
  },
  ([kind, respond, seen]) =>
    assert.rejects(listBy(respond), hasKind(kind, seen)),
);

/** What a status means; any other is an answer that cannot be used. */
const KINDS: Partial<Record<Code, FaultKind>> = {
  [Code.Unknown]: "unreachable",
  [Code.DeadlineExceeded]: "unreachable",
  [Code.NotFound]: "missing_permission",
  [Code.PermissionDenied]: "missing_permission",
  [Code.ResourceExhausted]: "rate_limited",
  [Code.Unimplemented]: "unimplemented",
  [Code.Internal]: "unreachable",
  [Code.Unavailable]: "unreachable",
  [Code.Unauthenticated]: "credential_rejected",
};

Deno.test("listMetadata() judges each gRPC status of ZITADEL, and quotes none", async () => {
  for (let code: Code = Code.Canceled; code <= Code.Unauthenticated; code++) {
    await assert.rejects(
      listBy(() => refusal(code, "canary (AUTHZ-cdgFk)")),
      hasKind(KINDS[code] ?? "unreadable_answer", /^(?!.*canary)/),
    );
  }
});

testEach("listMetadata() takes a refusal without an error id for a proxy's", {
  "RBAC: access denied": Code.PermissionDenied,
  "Jwt is missing": Code.Unauthenticated,
  "no healthy upstream": Code.NotFound,
}, (code, text) =>
  assert.rejects(
    listBy(() => refusal(code, text)),
    hasKind("intercepted", /without an error id/),
  ));

const { fetch: world } = createUpstream({
  organizations: {
    [ID]: { readable: true, metadata: {} },
    own: { readable: true, metadata: { admin: "" } },
    "2": { readable: false, metadata: {} },
    "3": { readable: true, metadata: {} },
  },
});

Deno.test("isOrganizationReadable() asks management v1 the way the metadata was listed", async () => {
  const isReadable = (call: ApiCall) =>
    isOrganizationReadable(call, "management_v1");
  assert.equal(await isReadable(callTo(world)), true);
  await assert.rejects(
    isReadable(callTo(world, { organization: "2" })),
    hasKind("missing_permission"),
  );
  await assert.rejects(
    isReadable(withoutHeader()),
    hasKind("unreadable_answer", /another organization.* x-zitadel-orgid/),
  );
});

Deno.test("isOrganizationReadable() asks v2 for the organization, and takes no other for it", async () => {
  const organization = "3";
  const right = callTo(world, { organization });
  assert.equal(await isOrganizationReadable(right, "v2"), true);
  const other = callTo(async (input, init) => {
    const { url, headers, body } = new Request(input, init);
    const bytes = (await new Response(body).bytes())
      .map((byte) => byte === 0x32 ? 0x33 : byte);
    return await world(url, { method: "POST", headers, body: bytes });
  }, { organization: "2" });
  assert.equal(await isOrganizationReadable(other, "v2"), false);
});
