/**
 * The calls that read an organization's metadata, as ZITADEL's own client
 * library makes them (gRPC-web, which every release since v3 speaks). Loaded on
 * first use: the library costs some 50 ms of start-up.
 *
 * @module
 */
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { createClientFor } from "@zitadel/client";
import { createClientTransport } from "@zitadel/client/web";
import { OrganizationService as OrganizationServiceV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { FunctionError } from "../errors.ts";
import type { MetadataEntry } from "../mapping/role_mapping.ts";

/** The most entries that ZITADEL gives at a time; 1,001 is refused. */
export const PAGE_SIZE = 1_000;

/**
 * The most bytes taken of one answer. A mapping of 10,000 roles is about 1 MB;
 * the bound keeps a broken upstream from filling the isolate's memory.
 */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * The APIs that list metadata, best first: v2 since v4.7, v2beta since v4.0,
 * management v1 in every release.
 */
export const METADATA_APIS = ["v2", "v2beta", "management_v1"] as const;

/** One of {@linkcode METADATA_APIS}. */
export type MetadataApi = typeof METADATA_APIS[number];

/** A part of an organization's metadata. */
export interface MetadataPage {
  /** The entries from the offset on. */
  readonly entries: readonly MetadataEntry[];
  /** How many entries there are in all, by ZITADEL's account. */
  readonly total: number;
}

/** Where to ask, and as whom. */
export interface Connection {
  /** The instance's origin. */
  readonly origin: string;
  /** The service user's bearer token. */
  readonly token: string;
  /** Sends the requests. */
  readonly fetch: typeof fetch;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
}

/** Which part of which organization's metadata to list. */
export interface PageRequest {
  /** The organization's id. */
  readonly organization: string;
  /** How many entries to pass over. */
  readonly offset: number;
}

/**
 * Lists a part of an organization's metadata.
 *
 * @param api The API to use.
 * @param connection Where to ask, and as whom.
 * @param request Which part to list.
 * @returns The entries. From v2 and v2beta, an empty list also means that the caller may not read them.
 * @throws {ConnectError} Where the call fails.
 */
export async function listMetadata(
  api: MetadataApi,
  connection: Connection,
  { organization, offset }: PageRequest,
): Promise<MetadataPage> {
  const options: CallOptions = { signal: connection.signal };
  if (api === "management_v1") {
    // By far the largest of the descriptors: 60 ms to load.
    const { ManagementService } = await import(
      "@zitadel/proto/zitadel/management_pb"
    );
    const client = createClientFor(ManagementService)(transport(connection));
    const { result, details } = await client.listOrgMetadata(
      { query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true } },
      { ...options, headers: { "x-zitadel-orgid": organization } },
    );
    for (const { details } of result) {
      if (details?.resourceOwner !== organization) {
        throw new ConnectError(
          "an entry belongs to another organization",
          Code.DataLoss,
        );
      }
    }
    return { entries: result, total: Number(details?.totalResult ?? 0) };
  }
  const client = createClientFor(OrganizationService)(
    transport(connection, api === "v2" ? asV2(connection.fetch) : undefined),
  );
  const { metadata, pagination } = await client.listOrganizationMetadata(
    {
      organizationId: organization,
      pagination: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
    },
    options,
  );
  return { entries: metadata, total: Number(pagination?.totalResult ?? 0) };
}

/**
 * Says whether the caller may read an organization. ZITADEL lists it only for
 * those who may; its `totalResult` is the same either way.
 *
 * @param connection Where to ask, and as whom.
 * @param organization The organization's id.
 * @returns Whether the organization was listed.
 * @throws {ConnectError} Where the call fails.
 */
export async function isOrganizationReadable(
  connection: Connection,
  organization: string,
): Promise<boolean> {
  const client = createClientFor(OrganizationServiceV2)(transport(connection));
  const { result } = await client.listOrganizations(
    { queries: [{ query: { case: "idQuery", value: { id: organization } } }] },
    { signal: connection.signal },
  );
  return result.some(({ id }) => id === organization);
}

/**
 * Says whether a call failed because the release has no such API.
 *
 * @param error What the call threw.
 * @returns Whether another API is to be asked.
 */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unimplemented;
}

/**
 * Says whether a call failed because the token is not valid, or no longer.
 *
 * @param error What the call threw.
 * @returns Whether a new token could help.
 */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unauthenticated;
}

/**
 * Makes of a failed call what the caller and the operator are told.
 *
 * @param error What the call threw.
 * @param call Where it was made, with which credential, and for which organization.
 * @returns The error to raise.
 */
export function upstreamError(
  error: unknown,
  { origin, signal, credential, organization }:
    & Pick<Connection, "origin" | "signal">
    & { readonly credential: string; readonly organization: string },
): FunctionError {
  if (error instanceof FunctionError) return error;
  const about = { cause: error, organization };
  const action = `Cannot read the metadata of organization ${organization}`;
  if (signal.aborted) {
    return new FunctionError(
      "upstream_timeout",
      `${action}: ${origin} did not answer in time`,
      {
        ...about,
        reason: "timeout",
        remedy:
          "See whether ZITADEL is slow or cut off from here; UPSTREAM_TIMEOUT_MS is the time it is given",
      },
    );
  }
  const code = error instanceof ConnectError ? error.code : undefined;
  switch (code) {
    case Code.Unauthenticated:
      return new FunctionError(
        "upstream_failed",
        `${action}: ${origin} refused the service user's ${credential}`,
        {
          ...about,
          reason: "credential_rejected",
          remedy:
            "Make a new one for the service user; it may be expired, revoked or of another instance",
        },
      );
    case Code.PermissionDenied:
    case Code.NotFound:
      return missingPermission(organization, error);
    case Code.Unimplemented:
      return new FunctionError(
        "upstream_failed",
        `${action}: ${origin} has none of the APIs ${METADATA_APIS.join(", ")}`,
        {
          ...about,
          reason: "no_metadata_api",
          remedy:
            "See whether ZITADEL_DOMAIN is a ZITADEL of v3 or later, and whether a proxy in front of it lets gRPC-web pass",
        },
      );
    case Code.ResourceExhausted:
      return new FunctionError(
        "upstream_failed",
        `${action}: ${origin} limits the rate of requests`,
        {
          ...about,
          reason: "rate_limited",
          remedy: "Raise the limit, or CACHE_FRESH_SECONDS",
        },
      );
    case Code.Unavailable:
    case Code.Unknown:
    case Code.DeadlineExceeded:
      return new FunctionError(
        "upstream_failed",
        `${action}: ${origin} cannot be reached or is not ready`,
        {
          ...about,
          reason: "unreachable",
          remedy:
            "See whether ZITADEL_DOMAIN is right and reachable from here, its certificate valid, and nothing redirects",
        },
      );
    default:
      return new FunctionError(
        "upstream_failed",
        `${action}: what ${origin} answered cannot be read`,
        {
          ...about,
          reason: "unreadable_answer",
          remedy:
            "See whether ZITADEL_DOMAIN is a ZITADEL and no proxy changes its answers",
        },
      );
  }
}

/**
 * Makes the error for an organization that the service user may not read.
 *
 * @param organization The organization's id.
 * @param cause What the call threw, if it threw.
 * @returns The error to raise.
 */
export function missingPermission(
  organization: string,
  cause?: unknown,
): FunctionError {
  return new FunctionError(
    "upstream_failed",
    `Cannot read the metadata of organization ${organization}: the service user lacks org.read on it, or there is no such organization`,
    {
      cause,
      organization,
      reason: "missing_permission",
      remedy:
        `Make the service user a manager of organization ${organization} with the role ORG_OWNER_VIEWER, or of the instance with IAM_OWNER_VIEWER`,
    },
  );
}

function transport(connection: Connection, send = connection.fetch) {
  const options = { baseUrl: connection.origin, fetch: bounded(send) };
  // The library's types describe the options of its Node twin, without `fetch`.
  return createClientTransport(
    connection.token,
    options as unknown as Parameters<typeof createClientTransport>[1],
  );
}

/**
 * `@zitadel/proto` describes the call in v2beta only; in v2 it has the same
 * bytes on the wire under another path.
 */
function asV2(send: typeof fetch): typeof fetch {
  return (input, init) =>
    send(
      String(input).replace("/zitadel.org.v2beta.", "/zitadel.org.v2."),
      init,
    );
}

/** Stops reading an answer at {@linkcode MAX_ANSWER_BYTES}, and heeds HTTP 429. */
function bounded(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init);
    if (response.status === 429) {
      // The library takes it for an upstream that is not there.
      await response.body?.cancel();
      throw new ConnectError("too many requests", Code.ResourceExhausted);
    }
    if (!response.body) return response;
    let size = 0;
    const body = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) {
            controller.error(
              new ConnectError("the answer is too long", Code.DataLoss),
            );
          } else controller.enqueue(chunk);
        },
      }),
    );
    return new Response(body, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}
