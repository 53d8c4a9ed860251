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

/** All faults of ZITADEL, and the reason that is logged of each; `timeout` is answered with 504. */
export const UPSTREAM_FAULTS: Readonly<
  Record<string, readonly [FailureReason, FaultyFetch]>
> = {
  "refused": ["unreachable", () => Promise.reject(new TypeError("refused"))],
  "slow body": ["timeout", (_send, request) => slowBody(request)],
  "401 as a gRPC status": [
    "credential_rejected",
    status("16", "Errors.Token.Invalid (AUTH-7fs1e)"),
  ],
  "403": ["intercepted", answer({ status: 403 })],
  "404 of another server": [
    "intercepted",
    answer({ status: 404 }, "404 page not found\n"),
  ],
  "an unknown instance": [
    "unknown_instance",
    status("5", "ID=QUERY-1kIjX Message=Instance not found."),
  ],
  "429": ["rate_limited", answer({ status: 429 })],
  "503": ["unreachable", answer({ status: 503 }, "starting")],
  "truncated frame": [
    "unreadable_answer",
    answer({ headers: GRPC_WEB }, Uint8Array.of(0, 0, 0, 1, 0, 10)),
  ],
  "oversized body": [
    "unreadable_answer",
    answer({ headers: GRPC_WEB }, Uint8Array.of(0, 0x7f, 0xff, 0xff, 0xff)),
  ],
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
