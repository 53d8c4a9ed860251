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
import {
  type MetadataApi,
  type MetadataPage,
  missingPermission,
  type PageRange,
} from "./metadata_listing.ts";
import {
  credentialRejected,
  type FaultKind,
  UpstreamFault,
} from "./upstream_fault.ts";

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
  readonly connection: ZitadelConnection;
  /** The service user's bearer token. */
  readonly token: string;
  readonly organization: string;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** The longest answer that is read, in bytes. */
  readonly maxAnswerBytes: number;
  /** Longer values are dropped, in bytes. */
  readonly maxValueBytes: number;
}

/**
 * Lists a part of an organization's metadata. From v2 and v2beta, an empty list
 * may also mean that the caller may not read it.
 *
 * @throws {UpstreamFault} If the call fails.
 */
export function listMetadata(
  call: ApiCall,
  api: MetadataApi,
  { offset, limit }: PageRange,
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
      for (const { details } of result) {
        requireOrganization(call, details?.resourceOwner);
      }
      return pageOf(result, details?.totalResult, call);
    }
    const client = createClientFor(OrganizationService)(
      transport(call, api === "v2"),
    );
    const { metadata, pagination } = await client.listOrganizationMetadata(
      { organizationId: organization, pagination: query },
      { signal },
    );
    return pageOf(metadata, pagination?.totalResult, call);
  });
}

/**
 * Reports whether the caller may read the organization, asked the way its
 * metadata was. ZITADEL lists an organization only for those who may read it;
 * `totalResult` is the same either way.
 *
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
      requireOrganization(call, org?.id);
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

/** If a proxy drops the header, management v1 answers for the service user's own organization. */
function requireOrganization(call: ApiCall, answered?: string): void {
  if (answered === call.organization) return;
  throw new UpstreamFault(
    "unreadable_answer",
    "the answer is about another organization, as if a proxy dropped the header x-zitadel-orgid",
  );
}

function pageOf(
  listed: readonly { readonly key: string; readonly value: Uint8Array }[],
  total: bigint | undefined,
  { maxValueBytes }: ApiCall,
): MetadataPage {
  let bytes = 0;
  const entries = listed.map(({ key, value }) => {
    bytes += key.length + value.length;
    const isKept = value.length <= maxValueBytes;
    // A copy: the value is a view of the whole answer, which must not stay alive.
    return { key, value: isKept ? value.slice() : undefined };
  });
  return { entries, bytes, total: Number(total ?? 0) };
}

function transport(call: ApiCall, isV2 = false) {
  const options = {
    baseUrl: call.connection.baseUrl,
    // The library describes the call in v2beta only; in v2 it has the same
    // bytes on the wire under another path.
    fetch: grpcWebFetch(
      call.connection,
      call.maxAnswerBytes,
      (url) =>
        isV2 ? url.replace("/zitadel.org.v2beta.", "/zitadel.org.v2.") : url,
    ),
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

/** Judges what the library threw. */
function faultOf(error: ConnectError): UpstreamFault {
  const { code, rawMessage, metadata, cause } = error;
  if (cause instanceof UpstreamFault) return cause;
  if (!metadata.has("grpc-status")) {
    return new UpstreamFault(
      "unreadable_answer",
      "the answer cannot be read",
      { cause: error },
    );
  }
  const fields = { grpc_status: code };
  if (code === Code.NotFound && isInstanceNotFound(rawMessage)) {
    return unknownInstance(fields);
  }
  const kind = KINDS[code] ?? "unreadable_answer";
  const isRefusal = kind === "missing_permission" ||
    kind === "credential_rejected";
  const seen = `the answer is gRPC status ${code}`;
  if (isRefusal && !ERROR_ID.test(rawMessage)) {
    return new UpstreamFault(
      "intercepted",
      `${seen} without an error id of ZITADEL`,
      { cause: error, fields },
    );
  }
  if (kind === "missing_permission") return missingPermission(error);
  return kind === "credential_rejected"
    ? credentialRejected({ cause: error })
    : new UpstreamFault(kind, seen, { cause: error, fields });
}
