/**
 * Reads and writes an organization's metadata by the first of the function's
 * APIs that the release has.
 *
 * @module
 */
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import {
  METADATA_APIS,
  type MetadataApi,
} from "../../lib/zitadel/metadata_listing.ts";
import { listByFirstApi } from "../../lib/zitadel/metadata_reader.ts";
import { upstreamError } from "../../lib/zitadel/upstream_fault.ts";
import { type Instance, TIMEOUT_MS } from "./client.ts";
import { connectionTo } from "./connection.ts";
import { attempt, isUnimplemented } from "./zitadel_error.ts";

/** A command reads everything, in answers that fit into memory. */
const LIMITS = {
  maxAnswerBytes: 64 * 1024 * 1024,
  maxValueBytes: Infinity,
  maxKeptBytes: Infinity,
  maxReadBytes: Infinity,
};

/** One entry of an organization's metadata. */
export interface MetadataEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * Lists an organization's metadata as the function reads it, and reports which
 * API answered.
 *
 * @throws {FunctionError} If it cannot be read: `missing_permission`, and so on.
 */
export async function listMetadata(
  { origin, token }: Instance,
  organization: string,
): Promise<{ entries: MetadataEntry[]; api: MetadataApi }> {
  const connection = connectionTo({
    domainOrigin: origin,
    timeoutMs: TIMEOUT_MS,
  });
  const signal = connection.startDeadline();
  const call = { connection, token, organization, signal, ...LIMITS };
  const { api, entries } = await listByFirstApi(call).catch((error) => {
    throw upstreamError(error, {
      action: `Cannot read the metadata of organization ${organization}`,
      ...call,
    });
  });
  const whole = entries.flatMap(({ key, value }) =>
    value ? [{ key, value }] : []
  );
  return { entries: whole, api };
}

/** Writes entries; others stay as they are. Needs ORG_OWNER or IAM_OWNER. */
export async function setMetadata(
  instance: Instance,
  organization: string,
  entries: readonly MetadataEntry[],
): Promise<void> {
  const metadata = entries.map(toEntry);
  await byFirstApi<unknown>(
    "write the organization's metadata",
    (api) =>
      api === "management_v1"
        ? management(instance, organization).bulkSetOrgMetadata({ metadata })
        : organizations(instance, api).setOrganizationMetadata({
          organizationId: organization,
          metadata,
        }),
  );
}

/** Changes an entry, and returns the sequence of the event that says so. */
export async function changeEntry(
  instance: Instance,
  organization: string,
  entry: MetadataEntry,
): Promise<number> {
  const { details } = await attempt(
    "write the organization's metadata",
    () =>
      management(instance, organization)
        .bulkSetOrgMetadata({ metadata: [toEntry(entry)] }),
  );
  return Number(details?.sequence ?? 0n);
}

/** Removes entries, all of which must exist. Needs ORG_OWNER or IAM_OWNER. */
export async function removeMetadata(
  instance: Instance,
  organization: string,
  keys: readonly string[],
): Promise<void> {
  await byFirstApi<unknown>(
    "remove entries of the organization's metadata",
    (api) =>
      api === "management_v1"
        ? management(instance, organization).bulkRemoveOrgMetadata({
          keys: [...keys],
        })
        : organizations(instance, api).deleteOrganizationMetadata({
          organizationId: organization,
          keys: [...keys],
        }),
  );
}

function toEntry({ key, value }: MetadataEntry): MetadataEntry {
  return { key, value };
}

function organizations(instance: Instance, api: "v2" | "v2beta") {
  return instance.service(OrganizationService, {
    name: `zitadel.org.${api}.OrganizationService`,
  });
}

function management(instance: Instance, organization: string) {
  return instance.service(ManagementService, { organization });
}

async function byFirstApi<T>(
  action: string,
  call: (api: MetadataApi) => Promise<T>,
): Promise<{ result: T; api: MetadataApi }> {
  let missing: unknown;
  for (const api of METADATA_APIS) {
    try {
      return { result: await attempt(action, () => call(api)), api };
    } catch (error) {
      if (!isUnimplemented(error)) throw error;
      missing = error;
    }
  }
  throw missing;
}
