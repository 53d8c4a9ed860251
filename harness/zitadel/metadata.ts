/**
 * Reads and writes an organization's metadata by the first of the function's
 * APIs that the release has.
 *
 * @module
 */
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import type { MetadataEntry } from "../../lib/mapping/role_mapping.ts";
import {
  listMetadata as listPage,
  METADATA_APIS,
  type MetadataApi,
} from "../../lib/zitadel/metadata_api.ts";
import { type Instance, TIMEOUT_MS } from "./client.ts";
import { readPages } from "./pages.ts";
import { attempt, isUnimplemented } from "./zitadel_error.ts";

/**
 * Lists an organization's metadata and reports which API answered. An empty
 * list may mean that the token's user may not read it; `listOrganizations`
 * distinguishes the two.
 */
export async function listMetadata(
  instance: Instance,
  organization: string,
): Promise<{ entries: MetadataEntry[]; api: MetadataApi }> {
  const { origin, token } = instance;
  const { result, api } = await byFirstApi(
    "list the organization's metadata",
    (api) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const connection = { origin, token, fetch, signal };
      return readPages((offset) =>
        listPage(api, connection, { organization, offset })
      );
    },
  );
  return { entries: result.map(toEntry), api };
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
