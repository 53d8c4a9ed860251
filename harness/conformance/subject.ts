import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { ownOrganization } from "../zitadel/organization.ts";

/** The metadata API that answers identifies the release. */
const RELEASE_OF_API = {
  v2: "current",
  v2beta: "4.6",
  management_v1: "3.4",
} as const satisfies Readonly<Record<MetadataApi, string>>;

/** The releases that were recorded; each stands for those that behave alike. */
export type Release = typeof RELEASE_OF_API[MetadataApi];

/** The instance that is compared with the recordings. */
export interface Subject {
  readonly instance: Instance;
  readonly origin: string;
  readonly release: Release;
  readonly adminToken: string;
  /** A token of an IAM_LOGIN_CLIENT; without one people cannot log in. */
  readonly loginClientToken?: string | undefined;
  /** The timeout of targets, in milliseconds. */
  readonly timeoutMs: number;
  /** Waits until what was written takes effect. */
  readonly settle: () => Promise<void>;
  /** Reports what the run changes on the instance, a line each. */
  readonly note: (line: string) => void;
}

/** Connects and finds out which release the instance behaves like. */
export async function lookAt(
  options: Omit<Subject, "instance" | "release">,
): Promise<Subject> {
  const instance = connect(options.origin, options.adminToken);
  const own = await ownOrganization(instance);
  const { api } = await listMetadata(instance, own.id);
  const { origin } = instance;
  return { ...options, instance, origin, release: RELEASE_OF_API[api] };
}

/** The sandbox answers at once: a short timeout keeps the run short. */
const SANDBOX_TIMEOUT_MS = 300;

export function lookAtSandbox(
  { settled: settle, ...sandbox }: Sandbox,
  note: Subject["note"] = () => {},
): Promise<Subject> {
  return lookAt({ ...sandbox, timeoutMs: SANDBOX_TIMEOUT_MS, settle, note });
}
