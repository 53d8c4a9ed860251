/**
 * What can go wrong between the function and ZITADEL, each as a wrapper of the
 * `fetch` that works.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { ListOrganizationMetadataRequestSchema } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import type { FailureReason } from "../../lib/errors.ts";

/** A fault, and how the function must report it if it has nothing to serve. */
export interface UpstreamFault {
  /** What goes wrong. */
  readonly name: string;
  /** The status of the answer. */
  readonly status: 502 | 504;
  /** The reason in the log. */
  readonly reason: FailureReason;
  /** Sends a request, with the fault; `send` is the way that works. */
  readonly fetch: (send: typeof fetch, request: Request) => Promise<Response>;
}

/** More than the function may read of one answer. */
const ENDLESS_BYTES = 64 * 1024 * 1024;

/** How long the function gives a ZITADEL that is too slow, in milliseconds. */
export const SLOW_TIMEOUT_MS = 1_500;

/** How long it gives one that fails otherwise: more than the busiest machine needs. */
export const FAULT_TIMEOUT_MS = 30_000;

const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
/** A flag and a length come before a message. */
const GRPC_WEB_FRAME_BYTES = 5;
const LISTING = "/ListOrganizationMetadata";

/** A local address without a listener: taken, and given back. */
const refusedOrigin = (() => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return `http://127.0.0.1:${port}`;
})();

/** All faults of the upstream. */
export const UPSTREAM_FAULTS: readonly UpstreamFault[] = [
  {
    name: "refused",
    status: 502,
    reason: "unreachable",
    fetch: (_send, request) => fetch(refusedOrigin, { signal: request.signal }),
  },
  {
    name: "reset mid-body",
    status: 502,
    reason: "unreachable",
    fetch: (_send, request) => fetchBrokenOff(request.signal),
  },
  {
    name: "slow headers",
    status: 504,
    reason: "timeout",
    fetch: (_send, { signal }) => never(signal),
  },
  {
    name: "slow body",
    status: 504,
    reason: "timeout",
    fetch: (_send, { signal }) =>
      Promise.resolve(
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new Uint8Array(3));
              never(signal).catch((error) => controller.error(error));
            },
          }),
          { headers: GRPC_WEB },
        ),
      ),
  },
  answer("401", { status: 401 }, "intercepted"),
  answer("401 as a gRPC status", {
    headers: {
      ...GRPC_WEB,
      "grpc-status": "16",
      "grpc-message": "Errors.Token.Invalid (AUTH-7fs1e)",
    },
  }, "credential_rejected"),
  answer("403", { status: 403 }, "intercepted"),
  answer("404", { status: 404 }, "intercepted"),
  answer(
    "404 of another server",
    { status: 404, body: "404 page not found\n" },
    "intercepted",
  ),
  answer("an unknown instance", {
    headers: {
      ...GRPC_WEB,
      "grpc-status": "5",
      "grpc-message": "ID=QUERY-1kIjX Message=Instance not found.",
    },
  }, "unknown_instance"),
  answer("429", { status: 429 }, "rate_limited"),
  answer("429 as a gRPC status", {
    headers: { ...GRPC_WEB, "grpc-status": "8" },
  }, "rate_limited"),
  answer("500", { status: 500 }, "intercepted"),
  answer("502", { status: 502 }, "unreachable"),
  answer("503", { status: 503, body: "starting" }, "unreachable"),
  answer("wrong content type", {
    headers: { "content-type": "text/html" },
    body: "<!doctype html><title>Welcome</title>",
  }, "intercepted"),
  answer("empty answer", { headers: GRPC_WEB }, "unreadable_answer"),
  answer("truncated frame", {
    headers: GRPC_WEB,
    body: Uint8Array.of(0, 0, 0, 1, 0, 10),
  }, "unreadable_answer"),
  {
    name: "oversized body",
    status: 502,
    reason: "unreadable_answer",
    fetch: () =>
      Promise.resolve(new Response(endless(), { headers: GRPC_WEB })),
  },
  {
    name: "redirect",
    status: 502,
    reason: "intercepted",
    fetch: (_send, request) =>
      request.redirect === "manual"
        ? Promise.resolve(
          new Response(null, { status: 302, headers: { location: "/ui" } }),
        )
        : Promise.reject(
          new Error(`Followed a redirect (${request.redirect})`),
        ),
  },
  {
    name: "wrong organization in the answer",
    status: 502,
    reason: "missing_permission",
    // The listing is empty, as for a caller without permission, and the
    // organization that is listed as readable is another one.
    async fetch(send, request) {
      const isListing = request.url.endsWith(LISTING);
      const body = await request.arrayBuffer();
      return send(request.url, {
        method: "POST",
        headers: request.headers,
        body: isListing
          ? replaced(body, ORGANIZATION, FORBIDDEN_ORGANIZATION)
          : replaced(body, ORGANIZATION, OTHER_ORGANIZATION),
      });
    },
  },
  {
    name: "pages that change while being read",
    status: 502,
    reason: "unstable_listing",
    // The first page is of one organization, the next of a longer one.
    async fetch(send, request) {
      const body = await request.arrayBuffer();
      const { pagination } = fromBinary(
        ListOrganizationMetadataRequestSchema,
        new Uint8Array(body).subarray(GRPC_WEB_FRAME_BYTES),
      );
      const organization = LONG_ORGANIZATIONS[pagination?.offset ? 1 : 0];
      return send(request.url, {
        method: "POST",
        headers: request.headers,
        body: replaced(body, ORGANIZATION, organization),
      });
    },
  },
];

/** The organization whose mapping is asked for. */
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

function answer(
  name: string,
  { body, ...init }: ResponseInit & { body?: BodyInit },
  reason: FailureReason,
): UpstreamFault {
  return {
    name,
    status: 502,
    reason,
    fetch: () => Promise.resolve(new Response(body ?? null, init)),
  };
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
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

/** Replaces an id of one length in the bytes of a request. */
function replaced(
  body: ArrayBuffer,
  from: string,
  to: string,
): Uint8Array<ArrayBuffer> {
  const text = String.fromCharCode(...new Uint8Array(body)).replace(from, to);
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Asks a server that ends the connection in the middle of its answer. */
async function fetchBrokenOff(signal: AbortSignal): Promise<Response> {
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
