import { readConfig } from "../../lib/config/settings.ts";
import { createFunction } from "../../harness/function/create_function.ts";
import type { Handler } from "../../lib/handler.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import {
  createUpstream,
  type Upstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";

/** The one signing key, where a property sets no other. */
export const SIGNING_KEY = "key-of-the-properties-target";

/** What every organization's mapping is, where a property sets no other. */
export const MAPPING: Readonly<Record<string, readonly string[]>> = {
  viewer: ["posts:read"],
  editor: ["posts:read", "posts:write"],
  "2:editor": ["stock:pick"],
};

/** A function for properties. */
export interface PropertyFunction {
  /** Answers a request. */
  readonly handle: Handler;
  /** The ZITADEL that it asks. */
  readonly upstream: Upstream;
  /** What it logged, oldest first. */
  readonly entries: LogEntry[];
}

/** How a property's function differs from the usual. */
export interface PropertyFunctionOptions {
  /** Settings beside the required ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Tells the time, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Makes a function whose ZITADEL knows every organization that is asked for,
 * so that whatever a payload names, the call can be answered.
 *
 * @param options How it differs from the usual.
 * @returns The function.
 */
export async function createPropertyFunction(
  { settings, now }: PropertyFunctionOptions,
): Promise<PropertyFunction> {
  const encoder = new TextEncoder();
  const metadata = Object.fromEntries(
    Object.entries(MAPPING).map(([key, value]) => [
      key,
      encoder.encode(JSON.stringify(value)).toBase64(),
    ]),
  );
  const upstream = createUpstream({
    organizations: new Proxy({}, { get: () => ({ readable: true, metadata }) }),
  });
  const entries: LogEntry[] = [];
  const config = readConfig({
    ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
    AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    ...settings,
  });
  const handle = await createFunction(config, {
    fetch: upstream.fetch,
    now,
    log: (entry) => {
      entries.push(entry);
      if (entries.length > 100) entries.shift();
    },
  });
  return { handle, upstream, entries };
}
