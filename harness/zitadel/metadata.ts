import type { Client } from "@connectrpc/connect";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { PAGE_SIZE } from "../../lib/zitadel/metadata_listing.ts";
import type { MetadataEntry } from "../../lib/mapping/role_mapping.ts";
import type { Instance } from "./client.ts";
import { readPages } from "./pages.ts";
import { attempt, isUnimplemented } from "./zitadel_error.ts";

/** One entry of an organization's metadata. */
export interface MetadataEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Which API served an organization's metadata. */
export type MetadataApi = "v2" | "v2beta" | "management_v1";

/**
 * Lists an organization's metadata. An empty list may mean that the token's
 * user may not read it: `listOrganizations` tells.
 *
 * @param instance The instance and the token.
 * @param organization Whose metadata.
 * @returns Every entry, and the API that answered.
 * @throws {ZitadelError} Where it cannot be had.
 */
export async function listMetadata(
  instance: Instance,
  organization: string,
): Promise<{ entries: MetadataEntry[]; api: MetadataApi }> {
  const { result: entries, api } = await byFirstApi(instance, {
    organization,
    action: "list the organization's metadata",
    v2: (client) =>
      readPages(async (offset) => {
        const { metadata, pagination } = await client.listOrganizationMetadata({
          organizationId: organization,
          pagination: { offset: BigInt(offset), limit: PAGE_SIZE },
        });
        return {
          entries: metadata.map(toEntry),
          total: Number(pagination?.totalResult ?? 0),
        };
      }),
    v1: (client) =>
      readPages(async (offset) => {
        const { result, details } = await client.listOrgMetadata({
          query: { offset: BigInt(offset), limit: PAGE_SIZE },
        });
        return {
          entries: result.map(toEntry),
          total: Number(details?.totalResult ?? 0),
        };
      }),
  });
  return { entries, api };
}

/**
 * Writes entries into an organization's metadata; others stay as they are.
 *
 * @param instance The instance, with a token of ORG_OWNER or IAM_OWNER.
 * @param organization Whose metadata.
 * @param entries What to write.
 * @throws {ZitadelError} Where ZITADEL refuses.
 */
export async function setMetadata(
  instance: Instance,
  organization: string,
  entries: readonly MetadataEntry[],
): Promise<void> {
  const metadata = entries.map(toEntry);
  await byFirstApi<unknown>(instance, {
    organization,
    action: "write the organization's metadata",
    v2: (client) =>
      client.setOrganizationMetadata({
        organizationId: organization,
        metadata,
      }),
    v1: (client) => client.bulkSetOrgMetadata({ metadata }),
  });
}

/**
 * Removes entries from an organization's metadata.
 *
 * @param instance The instance, with a token of ORG_OWNER or IAM_OWNER.
 * @param organization Whose metadata.
 * @param keys Which entries; all must exist.
 * @throws {ZitadelError} Where ZITADEL refuses.
 */
export async function removeMetadata(
  instance: Instance,
  organization: string,
  keys: readonly string[],
): Promise<void> {
  await byFirstApi<unknown>(instance, {
    organization,
    action: "remove entries of the organization's metadata",
    v2: (client) =>
      client.deleteOrganizationMetadata({
        organizationId: organization,
        keys: [...keys],
      }),
    v1: (client) => client.bulkRemoveOrgMetadata({ keys: [...keys] }),
  });
}

function toEntry({ key, value }: MetadataEntry): MetadataEntry {
  return { key, value };
}

interface Calls<T> {
  readonly organization: string;
  readonly action: string;
  readonly v2: (client: Client<typeof OrganizationService>) => Promise<T>;
  readonly v1: (client: Client<typeof ManagementService>) => Promise<T>;
}

/** Asks v2, then v2beta, then management v1, each where the former is not there. */
async function byFirstApi<T>(
  instance: Instance,
  calls: Calls<T>,
): Promise<{ result: T; api: MetadataApi }> {
  for (const api of ["v2", "v2beta"] as const) {
    const client = instance.service(OrganizationService, {
      name: `zitadel.org.${api}.OrganizationService`,
    });
    try {
      return {
        result: await attempt(calls.action, () => calls.v2(client)),
        api,
      };
    } catch (error) {
      if (!isUnimplemented(error)) throw error;
    }
  }
  const { organization } = calls;
  const client = instance.service(ManagementService, { organization });
  return {
    result: await attempt(calls.action, () => calls.v1(client)),
    api: "management_v1",
  };
}
