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
import { INSTANCE_NOT_FOUND } from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { grpcWebFetch } from "./grpc_web_fetch.ts";
import type {
  MetadataApi,
  MetadataPage,
  PageRange,
} from "./metadata_listing.ts";
import { type FaultKind, UpstreamFault } from "./upstream_fault.ts";

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
export async function listMetadata(
  call: ApiCall,
  api: MetadataApi,
  { offset, limit }: PageRange,
): Promise<MetadataPage> {
  const { organization, signal } = call;
  const query = { offset: BigInt(offset), limit, asc: true };
  if (api === "management_v1") {
    const { client, options } = await management(call);
    const { result, details } = await client
      .listOrgMetadata({ query }, options).catch(throwFault);
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
  ).catch(throwFault);
  return pageOf(metadata, pagination?.totalResult, call);
}

/**
 * Reports whether the caller may read the organization, asked the way its
 * metadata was. ZITADEL lists an organization only for those who may read it;
 * `totalResult` is the same either way.
 *
 * @throws {UpstreamFault} If the call fails, or the answer is about another organization.
 */
export async function isOrganizationReadable(
  call: ApiCall,
  api: MetadataApi,
): Promise<boolean> {
  const { organization, signal } = call;
  if (api === "management_v1") {
    const { client, options } = await management(call);
    const { org } = await client.getMyOrg({}, options).catch(throwFault);
    requireOrganization(call, org?.id);
    return true;
  }
  // Takes 33 ms to load, and is needed for empty lists alone.
  const { OrganizationService } = await import(
    "@zitadel/proto/zitadel/org/v2/org_service_pb"
  );
  const client = createClientFor(OrganizationService)(transport(call));
  const query = { case: "idQuery", value: { id: organization } } as const;
  const { result } = await client
    .listOrganizations({ queries: [{ query }] }, { signal }).catch(throwFault);
  return result.some(({ id }) => id === organization);
}

/** By far the largest of the descriptors: 60 ms to load. */
async function management(call: ApiCall) {
  const { organization, signal } = call;
  const { ManagementService } = await import(
    "@zitadel/proto/zitadel/management_pb"
  );
  const client = createClientFor(ManagementService)(transport(call));
  const headers = { "x-zitadel-orgid": organization };
  return { client, options: { signal, headers } };
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

function transport(
  { connection, token, maxAnswerBytes }: ApiCall,
  isV2 = false,
) {
  // The library describes the call in v2beta only; in v2 it has the same
  // bytes on the wire under another path.
  const rewrite = (url: string) =>
    isV2 ? url.replace("/zitadel.org.v2beta.", "/zitadel.org.v2.") : url;
  const options = {
    baseUrl: connection.baseUrl,
    fetch: grpcWebFetch(connection, maxAnswerBytes, rewrite),
  };
  // The library's types describe the options of its Node twin, without `fetch`.
  return createClientTransport(token, options as never);
}

/** Judges what the library threw. */
function throwFault(error: unknown): never {
  throw error instanceof ConnectError ? faultOf(error) : error;
}

function faultOf(error: ConnectError): UpstreamFault {
  const { code, rawMessage, metadata, cause } = error;
  if (cause instanceof UpstreamFault) return cause;
  if (!metadata.has("grpc-status")) {
    const seen = "the answer cannot be read";
    return new UpstreamFault("unreadable_answer", seen, { cause: error });
  }
  const fields = { grpc_status: code };
  if (code === Code.NotFound && INSTANCE_NOT_FOUND.test(rawMessage)) {
    return new UpstreamFault("unknown_instance", undefined, { fields });
  }
  const kind = KINDS[code] ?? "unreadable_answer";
  const seen = `the answer is gRPC status ${code}`;
  const details = { cause: error, fields };
  if (kind !== "missing_permission" && kind !== "credential_rejected") {
    return new UpstreamFault(kind, seen, details);
  }
  return ERROR_ID.test(rawMessage)
    ? new UpstreamFault(kind, undefined, { cause: error })
    : new UpstreamFault(
      "intercepted",
      `${seen} without an error id of ZITADEL`,
      details,
    );
}
