/**
 * The calls that read an organization's metadata, made by ZITADEL's own client
 * library over gRPC-web, which every release since v3 speaks. Loaded on first
 * use, because the library costs some 70 ms of start-up.
 *
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { createClientFor } from "@zitadel/client";
import { createClientTransport } from "@zitadel/client/web";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { isInstanceNotFound, unknownInstance } from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { grpcWebFetch } from "./grpc_web_fetch.ts";
import type {
  MetadataApi,
  MetadataEntry,
  MetadataPage,
} from "./metadata_listing.ts";
import { type FaultKind, UpstreamFault } from "./upstream_error.ts";

/** Every ZITADEL error ends with its id, such as "(AUTHZ-cdgFk)"; those of a gRPC proxy do not. */
const ERROR_ID = /\(\w+-\w+\)/;

/** What each gRPC status of ZITADEL means; any other is an answer that cannot be used. */
const KINDS: Readonly<Partial<Record<Code, FaultKind>>> = {
  [Code.Unimplemented]: "unimplemented",
  [Code.Unauthenticated]: "credential_rejected",
  [Code.PermissionDenied]: "missing_permission",
  [Code.NotFound]: "missing_permission",
  [Code.ResourceExhausted]: "rate_limited",
  [Code.Unavailable]: "unreachable",
  [Code.DeadlineExceeded]: "unreachable",
  [Code.Internal]: "unreachable",
  [Code.Unknown]: "unreachable",
};

/** What a call needs. */
export interface ApiCall {
  /** The connection to the instance. */
  readonly connection: ZitadelConnection;
  /** The service user's bearer token. */
  readonly token: string;
  /** The organization that the call is about. */
  readonly organization: string;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** The longest answer that is read, in bytes. */
  readonly maxAnswerBytes: number;
  /** Called with the length of each part that is received; may throw to end the call. */
  readonly onBytes?: (bytes: number) => void;
}

/** A part of an organization's metadata. */
export interface PageRequest {
  /** How many entries to skip. */
  readonly offset: number;
  /** How many entries to return at most. */
  readonly limit: number;
  /** Longer values are dropped, in bytes. */
  readonly maxValueBytes: number;
}

/**
 * Lists a part of an organization's metadata.
 *
 * @param call What the call needs.
 * @param api The API to use.
 * @param request Which part to list.
 * @returns The entries. From v2 and v2beta, an empty list may also mean that the caller may not read them.
 * @throws {UpstreamFault} If the call fails.
 */
export function listMetadata(
  call: ApiCall,
  api: MetadataApi,
  { offset, limit, maxValueBytes }: PageRequest,
): Promise<MetadataPage> {
  const { organization, signal } = call;
  return calling(async () => {
    const query = { offset: BigInt(offset), limit, asc: true };
    if (api === "management_v1") {
      const client = await managementClient(call);
      const { result, details } = await client.listOrgMetadata(
        { query },
        { signal, headers: organizationHeader(call) },
      );
      if (
        result.some(({ details }) => details?.resourceOwner !== organization)
      ) throw otherOrganization();
      return {
        entries: result.map((entry) => trim(entry, maxValueBytes)),
        total: Number(details?.totalResult ?? 0),
      };
    }
    const client = createClientFor(OrganizationService)(
      transport(call, api === "v2"),
    );
    const { metadata, pagination } = await client.listOrganizationMetadata(
      { organizationId: organization, pagination: query },
      { signal },
    );
    return {
      entries: metadata.map((entry) => trim(entry, maxValueBytes)),
      total: Number(pagination?.totalResult ?? 0),
    };
  });
}

/**
 * Reports whether the caller may read the organization, asked the way its
 * metadata was. ZITADEL lists an organization only for those who may read it;
 * `totalResult` is the same either way. Management v1 is asked for the
 * organization of the request's header: if a proxy drops the header, it answers
 * for the service user's own organization.
 *
 * @param call What the call needs.
 * @param api The API that listed the metadata.
 * @returns `true` if the caller may read it.
 * @throws {UpstreamFault} If the call fails, or the answer is about another organization.
 */
export function isOrganizationReadable(
  call: ApiCall,
  api: MetadataApi,
): Promise<boolean> {
  const { organization, signal } = call;
  return calling(async () => {
    if (api === "management_v1") {
      const client = await managementClient(call);
      const { org } = await client.getMyOrg({}, {
        signal,
        headers: organizationHeader(call),
      });
      if (org?.id !== organization) throw otherOrganization();
      return true;
    }
    // Takes 33 ms to load, and is needed for empty lists alone.
    const { OrganizationService } = await import(
      "@zitadel/proto/zitadel/org/v2/org_service_pb"
    );
    const client = createClientFor(OrganizationService)(transport(call));
    const query = { case: "idQuery", value: { id: organization } } as const;
    const { result } = await client.listOrganizations(
      { queries: [{ query }] },
      { signal },
    );
    return result.some(({ id }) => id === organization);
  });
}

/** By far the largest of the descriptors: 60 ms to load. */
async function managementClient(call: ApiCall) {
  const { ManagementService } = await import(
    "@zitadel/proto/zitadel/management_pb"
  );
  return createClientFor(ManagementService)(transport(call));
}

function organizationHeader({ organization }: ApiCall): HeadersInit {
  return { "x-zitadel-orgid": organization };
}

function otherOrganization(): UpstreamFault {
  return new UpstreamFault(
    "unreadable_answer",
    "answered for another organization",
    {
      remedy:
        "Let proxies in front of ZITADEL pass the header x-zitadel-orgid on",
    },
  );
}

/** Copies what is kept: a value is a view of the whole page, which must not stay alive. */
function trim(
  { key, value }: { readonly key: string; readonly value: Uint8Array },
  maxValueBytes: number,
): MetadataEntry {
  const isKept = value.length <= maxValueBytes;
  return { key, value: isKept ? value.slice() : undefined };
}

function transport(call: ApiCall, isV2 = false) {
  const options = {
    baseUrl: call.connection.baseUrl,
    fetch: grpcWebFetch(call.connection, {
      maxBytes: call.maxAnswerBytes,
      onBytes: call.onBytes,
      // The library describes the call in v2beta only; in v2 it has the same
      // bytes on the wire under another path.
      rewrite: isV2
        ? (url) => url.replace("/zitadel.org.v2beta.", "/zitadel.org.v2.")
        : undefined,
    }),
  };
  // The library's types describe the options of its Node twin, without `fetch`.
  return createClientTransport(
    call.token,
    options as unknown as Parameters<typeof createClientTransport>[1],
  );
}

async function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof ConnectError ? faultOf(error) : error;
  }
}

/**
 * Judges what the library threw.
 *
 * @param error The library's error.
 * @returns The fault.
 */
export function faultOf(error: ConnectError): UpstreamFault {
  if (error.cause instanceof UpstreamFault) return error.cause;
  const { code, rawMessage } = error;
  if (!error.metadata.has("grpc-status")) {
    return new UpstreamFault(
      "unreadable_answer",
      "sent an answer that cannot be read",
      { cause: error },
    );
  }
  const seen = `answered gRPC status ${code}`;
  if (code === Code.NotFound && isInstanceNotFound(rawMessage)) {
    return unknownInstance(seen);
  }
  const kind = KINDS[code] ?? "unreadable_answer";
  const isRefusal = kind === "missing_permission" ||
    kind === "credential_rejected";
  if (isRefusal && !ERROR_ID.test(rawMessage)) {
    return new UpstreamFault(
      "intercepted",
      `${seen} without an error id of ZITADEL`,
      { cause: error },
    );
  }
  return new UpstreamFault(kind, seen, { cause: error });
}
