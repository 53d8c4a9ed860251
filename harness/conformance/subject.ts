import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { ownOrganization } from "../zitadel/organization.ts";

/** The releases that were recorded; each stands for those that behave alike. */
export type Release = "3.4" | "4.6" | "current";

/** The metadata API that answers identifies the release. */
const RELEASE_OF_API: Readonly<Record<MetadataApi, Release>> = {
  v2: "current",
  v2beta: "4.6",
  management_v1: "3.4",
};

export interface SubjectOptions {
  readonly origin: string;
  readonly adminToken: string;
  /** A token of an IAM_LOGIN_CLIENT; without one people cannot log in. */
  readonly loginClientToken?: string | undefined;
  /** The timeout of the slow target, in milliseconds. */
  readonly timeoutMs: number;
  /** Waits until what was written takes effect. */
  readonly settle: () => Promise<void>;
  /** Reports what the run changes on the instance, a line each. */
  readonly note: (line: string) => void;
}

/** The instance that is compared with the recordings. */
export interface Subject extends SubjectOptions {
  readonly instance: Instance;
  readonly release: Release;
}

/** Connects and finds out which release the instance behaves like. */
export async function lookAt(options: SubjectOptions): Promise<Subject> {
  const instance = connect(options.origin, options.adminToken);
  const own = await ownOrganization(instance);
  const { api } = await listMetadata(instance, own.id);
  const { origin } = instance;
  return { ...options, instance, origin, release: RELEASE_OF_API[api] };
}
