import type { Io } from "../cli/io.ts";
import { findMappingOrganization } from "../mapping/mapping_organization.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import type { RolesOptions } from "./command_line.ts";

/** Connects, and reads the metadata that holds the mapping. */
export async function readMetadata(
  { org, envFile }: Pick<RolesOptions, "org" | "envFile">,
  io: Io,
) {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  io.progress(`reading ${instance.origin}`);
  const where = { org, settings };
  const organization = await findMappingOrganization(instance, where);
  const { entries } = await listMetadata(instance, organization.id);
  return { settings, instance, organization, entries };
}
