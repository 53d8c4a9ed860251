/**
 * Reads an organization's metadata by the first of the function's APIs that the
 * release has, and writes it by management v1, which every release has.
 *
 * @module
 */
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import { listByFirstApi } from "../../lib/zitadel/metadata_reader.ts";
import { upstreamError } from "../../lib/zitadel/upstream_fault.ts";
import { type Instance, TIMEOUT_MS, to } from "./client.ts";
import { connectionTo } from "./connection.ts";
import { managementOf } from "./manage.ts";

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

/**
 * Writes entries; others stay as they are. Needs ORG_OWNER or IAM_OWNER.
 *
 * @returns The sequence of the last event that says so.
 */
export async function setMetadata(
  instance: Instance,
  organization: string,
  entries: readonly MetadataEntry[],
): Promise<number> {
  const metadata = [...entries];
  const { details } = await managementOf(instance, organization)
    .bulkSetOrgMetadata({ metadata }, to("write the organization's metadata"));
  return Number(details?.sequence ?? 0n);
}

/** Removes entries, all of which must exist. Needs ORG_OWNER or IAM_OWNER. */
export async function removeMetadata(
  instance: Instance,
  organization: string,
  keys: readonly string[],
): Promise<void> {
  await managementOf(instance, organization).bulkRemoveOrgMetadata(
    { keys: [...keys] },
    to("remove entries of the organization's metadata"),
  );
}
