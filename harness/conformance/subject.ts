import { connect, type Instance } from "../zitadel/client.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { ownOrganization } from "../zitadel/organization.ts";
import type { Release } from "../sandbox/release.ts";

/** The instance that is compared with the recordings. */
export interface Subject {
  readonly instance: Instance;
  readonly origin: string;
  readonly adminToken: string;
  /** A token of an IAM_LOGIN_CLIENT; without one people cannot log in. */
  readonly loginClientToken: string | undefined;
  readonly release: Release;
  /** The timeout of the slow target, in milliseconds. */
  readonly timeoutMs: number;
  /** Waits until what was written takes effect. */
  readonly settle: () => Promise<void>;
  /** Reports what the run changes on the instance, a line each. */
  readonly note: (line: string) => void;
}

export interface SubjectOptions {
  readonly origin: string;
  readonly adminToken: string;
  readonly loginClientToken?: string | undefined;
  /**
   * The timeout of the slow target, in milliseconds.
   *
   * @default 1000
   */
  readonly timeoutMs?: number;
  /** Waits until what was written takes effect. */
  readonly settle?: () => Promise<void>;
  /**
   * Reports what the run changes on the instance, a line each.
   *
   * @default Standard error.
   */
  readonly note?: (line: string) => void;
}

/** The API that serves metadata identifies the release. */
const RELEASE_OF_API = {
  "v2": "current",
  "v2beta": "4.6",
  "management_v1": "3.4",
} as const;

/** Connects and finds out which release the instance behaves like. */
export async function lookAt(options: SubjectOptions): Promise<Subject> {
  const instance = connect(options.origin, options.adminToken);
  const own = await ownOrganization(instance);
  const { api } = await listMetadata(instance, own.id);
  return {
    instance,
    origin: instance.origin,
    adminToken: options.adminToken,
    loginClientToken: options.loginClientToken,
    release: RELEASE_OF_API[api],
    timeoutMs: options.timeoutMs ?? 1000,
    settle: options.settle ?? (() => Promise.resolve()),
    note: options.note ?? (() => {}),
  };
}

/** Calls the REST API; throws unless it succeeds. */
export async function callRest(
  { origin, adminToken }: Subject,
  call: string,
  { body, organization }: { body?: unknown; organization?: string } = {},
): Promise<Record<string, unknown>> {
  const [method, path] = call.split(" ") as [string, string];
  const response = await fetch(origin + path, {
    method,
    headers: {
      authorization: `Bearer ${adminToken}`,
      "content-type": "application/json",
      ...(organization !== undefined && { "x-zitadel-orgid": organization }),
    },
    body: method === "GET" ? null : JSON.stringify(body ?? {}),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`Cannot ${call}: ${response.status} ${text}`);
  }
  return JSON.parse(text);
}
