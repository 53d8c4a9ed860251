import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
  type UpstreamData,
} from "../../../harness/sandbox/upstream.ts";
import {
  MAX_MAPPING_BYTES,
  MAX_VALUE_BYTES,
} from "../../../lib/mapping/role_mapping.ts";
import { createMetadataReader } from "../../../lib/zitadel/metadata_reader.ts";
import type { AccessTokenSource } from "../../../lib/zitadel/access_token.ts";
import { NOW } from "../_function.ts";
import { connectionBy } from "./_connection.ts";

/** The organization that is read. */
export const ID = "400930455974579238";

/** Metadata of so many entries. */
export function entries(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`role-${i}`, btoa(`["p-${i}"]`)]),
  );
}

/** Metadata of so many entries with values of so many bytes. */
export function valuesOf(count: number, bytes: number): Record<string, string> {
  const value = btoa("x".repeat(bytes));
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`role-${i}`, value]),
  );
}

/** A world of that organization. */
export function world(
  metadata: Record<string, string> = entries(2),
  api: UpstreamData["api"] = "v2",
): UpstreamData {
  return { organizations: { [ID]: { readable: true, metadata } }, api };
}

/** A token that never changes. */
const fixedToken: AccessTokenSource = {
  settings: "ACCESS_TOKEN",
  get: () => Promise.resolve(UPSTREAM_TOKEN),
  discard: () => false,
};

export interface ReaderOptions {
  readonly fetch?: typeof fetch;
  readonly token?: AccessTokenSource;
  readonly timeoutMs?: number;
}

/** A reader of an upstream, the methods that it called and a clock. */
export function reader(
  upstreamData: UpstreamData,
  {
    fetch = createUpstream(upstreamData).fetch,
    token = fixedToken,
    timeoutMs = 5_000,
  }: ReaderOptions = {},
) {
  const calls: string[] = [];
  const clock = { now: NOW };
  const connection = connectionBy((input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    const [, version, method] = /(v\w+)\.\w+\/(\w+)$/.exec(url) ??
      [, "GET", url.replace(UPSTREAM_ORIGIN, "")];
    calls.push(`${version}.${method}`);
    return fetch(input, init);
  }, { timeoutMs, now: () => clock.now });
  const readMetadata = createMetadataReader({
    connection,
    token,
    maxValueBytes: MAX_VALUE_BYTES,
    maxKeptBytes: MAX_MAPPING_BYTES,
  });
  const read = (organization: string, signal = connection.startDeadline()) =>
    readMetadata(organization, signal);
  return { read, calls, clock };
}
