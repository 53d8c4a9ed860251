import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ListOrgMetadataResponseSchema } from "@zitadel/proto/zitadel/management_pb";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../../harness/fixtures/upstream.ts";
import { FunctionError } from "../../../lib/errors.ts";
import {
  type Connection,
  isOrganizationReadable,
  isUnauthenticated,
  isUnimplemented,
  listMetadata,
  MAX_ANSWER_BYTES,
  METADATA_APIS,
  missingPermission,
  PAGE_SIZE,
  upstreamError,
} from "../../../lib/zitadel/metadata_api.ts";
import { grpcWebAnswer, silentFetch } from "../_frames.ts";

const ID = "400930455974579238";
const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
const page = { organization: ID, offset: 0 };

function connection(
  fetch: typeof globalThis.fetch,
  signal = new AbortController().signal,
): Connection {
  return { origin: UPSTREAM_ORIGIN, token: UPSTREAM_TOKEN, fetch, signal };
}

function answering(response: () => Response): Connection {
  return connection(() => Promise.resolve(response()));
}

function hasCode(code: Code) {
  return (error: unknown) => {
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(Code[error.code], Code[code]);
    return true;
  };
}

Deno.test("listMetadata() asks for one page, by each API", async (t) => {
  const count = PAGE_SIZE + 5;
  const metadata = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`role-${i}`, "/wA="]),
  );
  for (const api of METADATA_APIS) {
    await t.step(api, async () => {
      const organizations = { [ID]: { readable: true, metadata } };
      const { fetch } = createUpstream({ organizations, api });
      const first = await listMetadata(api, connection(fetch), page);
      assert.equal(first.total, count);
      assert.equal(first.entries.length, PAGE_SIZE);
      assert.deepEqual(first.entries[0]?.value, Uint8Array.of(0xff, 0));
      const rest = await listMetadata(api, connection(fetch), {
        organization: ID,
        offset: PAGE_SIZE,
      });
      assert.deepEqual(
        rest.entries.map(({ key }) => key),
        Object.keys(metadata).slice(PAGE_SIZE),
      );
    });
  }
});

Deno.test("listMetadata() sends the token, to the instance and nowhere else", async (t) => {
  for (const api of METADATA_APIS) {
    await t.step(api, async () => {
      const seen: Request[] = [];
      const upstream = createUpstream({ organizations: {} });
      await listMetadata(
        api,
        connection((input, init) => {
          const request = new Request(input, init);
          seen.push(request.clone());
          return upstream.fetch(request);
        }),
        page,
      ).catch(() => {});
      assert.equal(seen.length, 1);
      assert.equal(new URL(seen[0]!.url).origin, UPSTREAM_ORIGIN);
      assert.equal(
        seen[0]!.headers.get("authorization"),
        `Bearer ${UPSTREAM_TOKEN}`,
      );
    });
  }
});

Deno.test("listMetadata() does not follow a redirect, which would carry the token along", async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    await t.step(String(status), async () => {
      let calls = 0;
      let redirect: string | undefined;
      await assert.rejects(listMetadata(
        "v2",
        connection((input, init) => {
          calls++;
          redirect = new Request(input, init).redirect;
          return Promise.resolve(
            new Response(null, {
              status,
              headers: { location: "https://elsewhere.example/" },
            }),
          );
        }),
        page,
      ));
      assert.equal(calls, 1);
      assert.notEqual(redirect, "follow");
    });
  }
});

Deno.test("listMetadata() refuses an entry of another organization", async (t) => {
  const answer = (...owners: (string | undefined)[]) =>
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
    );
  const list = (connection: Connection) =>
    listMetadata("management_v1", connection, page);
  assert.equal((await list(answer(ID, ID))).entries.length, 2);
  for (const owner of ["1", "", undefined]) {
    await t.step(String(owner), async () => {
      await assert.rejects(list(answer(ID, owner)), hasCode(Code.DataLoss));
    });
  }
});

Deno.test("listMetadata() stops reading an answer that is too long", async () => {
  const mebibyte = new Uint8Array(1024 * 1024);
  const state = { mebibytes: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (state.mebibytes === 0) {
        // The head of a message of 4 GiB.
        controller.enqueue(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff));
      }
      state.mebibytes++;
      controller.enqueue(mebibyte);
    },
    cancel: () => void (state.cancelled = true),
  }, { highWaterMark: 0 });
  await assert.rejects(
    listMetadata(
      "v2",
      answering(() => new Response(body, { headers: GRPC_WEB })),
      page,
    ),
    hasCode(Code.DataLoss),
  );
  assert.ok(state.mebibytes <= MAX_ANSWER_BYTES / mebibyte.length + 4);
  assert.equal(state.cancelled, true);
});

Deno.test("listMetadata() gives failures the code that says what to do", async (t) => {
  const html = { "content-type": "text/html" };
  const failures: [string, () => Response, Code][] = [
    ["401", () => new Response(null, { status: 401 }), Code.Unauthenticated],
    ["403", () => new Response(null, { status: 403 }), Code.PermissionDenied],
    ["404", () => new Response(null, { status: 404 }), Code.Unimplemented],
    [
      "429",
      () => new Response("wait", { status: 429 }),
      Code.ResourceExhausted,
    ],
    ["500", () => new Response(null, { status: 500 }), Code.Unknown],
    ["503", () => new Response(null, { status: 503 }), Code.Unavailable],
    [
      "a page",
      () => new Response("<html>", { headers: html }),
      Code.InvalidArgument,
    ],
    [
      "a truncated frame",
      () => new Response(Uint8Array.of(0, 0, 0, 1), { headers: GRPC_WEB }),
      Code.InvalidArgument,
    ],
  ];
  for (const [name, response, code] of failures) {
    await t.step(name, async () => {
      await assert.rejects(
        listMetadata("v2", answering(response), page),
        hasCode(code),
      );
    });
  }
});

Deno.test("listMetadata() ends when it is told to", async () => {
  const abort = new AbortController();
  const listing = listMetadata(
    "v2",
    connection(silentFetch(), abort.signal),
    page,
  );
  abort.abort();
  await assert.rejects(listing, hasCode(Code.Canceled));
});

Deno.test("isOrganizationReadable() says whether the organization is listed", async () => {
  const { fetch } = createUpstream({
    organizations: {
      [ID]: { readable: true, metadata: {} },
      "2": { readable: false, metadata: {} },
    },
  });
  const isReadable = (id: string) =>
    isOrganizationReadable(connection(fetch), id);
  assert.equal(await isReadable(ID), true);
  assert.equal(await isReadable("2"), false);
  assert.equal(await isReadable("3"), false);
});

Deno.test("isUnimplemented() and isUnauthenticated() know their codes and no others", () => {
  const codes = Object.values(Code).filter((code) => typeof code === "number");
  const known = (test: (error: unknown) => boolean) =>
    codes.filter((code) => test(new ConnectError("", code)));
  assert.deepEqual(known(isUnimplemented), [Code.Unimplemented]);
  assert.deepEqual(known(isUnauthenticated), [Code.Unauthenticated]);
  for (const other of [new Error(), { code: 12 }, { code: 16 }, undefined]) {
    assert.equal(isUnimplemented(other), false);
    assert.equal(isUnauthenticated(other), false);
  }
});

Deno.test("upstreamError() tells apart what an operator does about it", async (t) => {
  const reasons: Record<string, string> = {
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
    Unimplemented: "no_metadata_api",
    Internal: "unreadable_answer",
    Unavailable: "unreachable",
    DataLoss: "unreadable_answer",
    Unauthenticated: "credential_rejected",
  };
  const { signal } = new AbortController();
  const about = {
    origin: UPSTREAM_ORIGIN,
    signal,
    organization: ID,
    credential: "ACCESS_TOKEN",
  };
  for (const [name, reason] of Object.entries(reasons)) {
    await t.step(name, () => {
      const cause = new ConnectError("canary", Code[name as keyof typeof Code]);
      const error = upstreamError(cause, about);
      assert.equal(error.code, "upstream_failed");
      assert.equal(error.details.reason, reason);
      assert.equal(error.details.organization, ID);
      assert.ok(error.details.remedy);
      assert.equal(error.cause, cause);
      assert.ok(error.message.includes(ID));
      assert.doesNotMatch(error.message + error.details.remedy, /canary/);
    });
  }
  await t.step("the time is over", () => {
    const error = upstreamError(
      new ConnectError("canceled", Code.Canceled),
      { ...about, signal: AbortSignal.abort() },
    );
    assert.equal(error.code, "upstream_timeout");
    assert.equal(error.details.reason, "timeout");
  });
  await t.step("known already", () => {
    const known = new FunctionError("upstream_failed", "known");
    assert.equal(upstreamError(known, about), known);
  });
});

Deno.test("missingPermission() says what to grant, on what", () => {
  const { message, details } = missingPermission(ID);
  assert.ok(
    message.includes(`organization ${ID}: the service user lacks org.read`),
  );
  assert.match(details.remedy!, new RegExp(`${ID} .*ORG_OWNER_VIEWER`));
});
