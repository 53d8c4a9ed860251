import { connect, type Instance } from "../zitadel/client.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { ownOrganization } from "../zitadel/organization.ts";
import type { Release } from "../sandbox/release.ts";

/** An instance whose conduct is compared with what was recorded. */
export interface Subject {
  readonly instance: Instance;
  readonly origin: string;
  readonly adminToken: string;
  /** A token of an IAM_LOGIN_CLIENT; without one people cannot log in. */
  readonly loginClientToken: string | undefined;
  readonly release: Release;
  /** The timeout of the target that is too slow, in milliseconds. */
  readonly timeoutMs: number;
  /** Waits until what was written is in force. */
  readonly settle: () => Promise<void>;
  /** Reports what the run changes on the instance, a line each. */
  readonly note: (line: string) => void;
}

/** How an instance is reached. */
export interface SubjectOptions {
  readonly origin: string;
  readonly adminToken: string;
  readonly loginClientToken?: string | undefined;
  /**
   * The timeout of the target that is too slow, in milliseconds.
   *
   * @default 1000
   */
  readonly timeoutMs?: number;
  /** Waits until what was written is in force. */
  readonly settle?: () => Promise<void>;
  /**
   * Reports what the run changes on the instance, a line each.
   *
   * @default Standard error.
   */
  readonly note?: (line: string) => void;
}

/** What reads metadata tells the release. */
const RELEASE_OF_API = {
  "v2": "current",
  "v2beta": "4.6",
  "management_v1": "3.4",
} as const;

/** Looks at an instance and tells which release it behaves like. */
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
    note: options.note ?? console.error,
  };
}

/** Calls an instance's REST API and expects it to work. */
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
