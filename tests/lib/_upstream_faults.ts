/**
 * What can go wrong between the function and ZITADEL, each as a wrapper of the
 * `fetch` that works.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { ListOrganizationMetadataRequestSchema } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import type { FailureReason } from "../../lib/errors.ts";
import { silentFetch } from "./_frames.ts";

/** Sends a request, with the fault; `send` is the way that works. */
type FaultyFetch = (
  send: typeof fetch,
  request: Request,
) => Response | Promise<Response>;

/** More than the function may read of one answer. */
const ENDLESS_BYTES = 64 * 1024 * 1024;

const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
/** A flag and a length come before a message. */
const GRPC_WEB_FRAME_BYTES = 5;
const LISTING = "/ListOrganizationMetadata";

/** The organization whose mapping is asked for: the recorded login's. */
export const ORGANIZATION = "400930455974579238";
/** Another organization that the service user may read. */
export const OTHER_ORGANIZATION = "400930455974579239";
/** An organization that the service user may not read. */
export const FORBIDDEN_ORGANIZATION = "400930455974579240";
/** Two organizations with more entries than a page holds, one with one more. */
export const LONG_ORGANIZATIONS = [
  "400930455974579241",
  "400930455974579242",
] as const;

/** A local address without a listener: taken, and given back. */
const refusedOrigin = (() => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return `http://127.0.0.1:${port}`;
})();

/** All faults of ZITADEL, and the reason that is logged of each; `timeout` is answered with 504. */
export const UPSTREAM_FAULTS: Readonly<
  Record<string, readonly [FailureReason, FaultyFetch]>
> = {
  "refused": [
    "unreachable",
    (_send, { signal }) => fetch(refusedOrigin, { signal }),
  ],
  "reset mid-body": ["unreachable", (_send, { signal }) => breakOff(signal)],
  "slow headers": ["timeout", (_send, request) => silentFetch()(request)],
  "slow body": ["timeout", (_send, request) => slowBody(request)],
  "401": ["intercepted", answer({ status: 401 })],
  "401 as a gRPC status": [
    "credential_rejected",
    status("16", "Errors.Token.Invalid (AUTH-7fs1e)"),
  ],
  "403": ["intercepted", answer({ status: 403 })],
  "404": ["intercepted", answer({ status: 404 })],
  "404 of another server": [
    "intercepted",
    answer({ status: 404 }, "404 page not found\n"),
  ],
  "an unknown instance": [
    "unknown_instance",
    status("5", "ID=QUERY-1kIjX Message=Instance not found."),
  ],
  "429": ["rate_limited", answer({ status: 429 })],
  "429 as a gRPC status": ["rate_limited", status("8")],
  "500": ["intercepted", answer({ status: 500 })],
  "502": ["unreachable", answer({ status: 502 })],
  "503": ["unreachable", answer({ status: 503 }, "starting")],
  "wrong content type": [
    "intercepted",
    answer({ headers: { "content-type": "text/html" } }, "<!doctype html>"),
  ],
  "empty answer": ["unreadable_answer", answer({ headers: GRPC_WEB })],
  "truncated frame": [
    "unreadable_answer",
    answer({ headers: GRPC_WEB }, Uint8Array.of(0, 0, 0, 1, 0, 10)),
  ],
  "oversized body": [
    "unreadable_answer",
    () => new Response(endless(), { headers: GRPC_WEB }),
  ],
  "redirect": ["intercepted", (_send, { redirect }) => {
    if (redirect !== "manual") throw new Error(`Followed it (${redirect})`);
    return new Response(null, { status: 302, headers: { location: "/ui" } });
  }],
  // The listing is empty, as for a caller without permission, and the
  // organization that is listed as readable is another one.
  "wrong organization in the answer": [
    "missing_permission",
    (send, request) =>
      request.url.endsWith(LISTING)
        ? sendFor(send, request, () => FORBIDDEN_ORGANIZATION)
        : sendFor(send, request, () => OTHER_ORGANIZATION),
  ],
  // The first page is of one organization, the next of a longer one.
  "pages that change while being read": [
    "unstable_listing",
    (send, request) =>
      sendFor(send, request, (body) => {
        const { pagination } = fromBinary(
          ListOrganizationMetadataRequestSchema,
          body.subarray(GRPC_WEB_FRAME_BYTES),
        );
        return LONG_ORGANIZATIONS[pagination?.offset ? 1 : 0];
      }),
  ],
};

function answer(init: ResponseInit, body: BodyInit | null = null): FaultyFetch {
  return () => new Response(body, init);
}

function status(code: string, message = ""): FaultyFetch {
  const headers = { "grpc-status": code, "grpc-message": message };
  return answer({ headers: { ...GRPC_WEB, ...headers } });
}

function slowBody(request: Request): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(3));
      silentFetch()(request).catch((error) => controller.error(error));
    },
  });
  return new Response(body, { headers: GRPC_WEB });
}

function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1024 * 1024);
  // A frame that announces 2 GiB.
  let next = Uint8Array.of(0, 0x7f, 0xff, 0xff, 0xff);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      sent += next.length;
      if (sent > ENDLESS_BYTES) {
        controller.error(new Error("Reading was not stopped"));
      } else controller.enqueue(next);
      next = chunk;
    },
  });
}

/** Sends a request for another organization, whose id has the same length. */
async function sendFor(
  send: typeof fetch,
  request: Request,
  organizationOf: (body: Uint8Array) => string,
): Promise<Response> {
  const body = await request.bytes();
  const text = String.fromCharCode(...body)
    .replace(ORGANIZATION, organizationOf(body));
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const { url, headers } = request;
  return await send(url, { method: "POST", headers, body: bytes });
}

/** Asks a server that ends the connection in the middle of its answer. */
async function breakOff(signal: AbortSignal): Promise<Response> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const pending = fetch(`http://127.0.0.1:${port}`, { signal });
  // It may fail before it is awaited.
  pending.catch(() => {});
  using connection = await listener.accept();
  await connection.read(new Uint8Array(4_096));
  await connection.write(
    new TextEncoder().encode(
      "HTTP/1.1 200 OK\r\ncontent-type: application/grpc-web+proto\r\n" +
        "content-length: 1000\r\n\r\n\0\0\0",
    ),
  );
  return await pending;
}
