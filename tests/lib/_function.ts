import { FIXTURES_URL, readFixture } from "../../harness/fixtures/fixture.ts";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { readConfig } from "../../lib/config/settings.ts";
import { createFunction } from "../../harness/function/create_function.ts";
import type { Handler } from "../../lib/handler.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";

/** The recorded login that most tests start from. */
export const login = await readFixture(
  new URL("calls/human_login.json", FIXTURES_URL),
);

/** The organization of the recorded login. */
export const ORGANIZATION = "400930455974579238";

/** When the recorded login came, in milliseconds since 1970. */
export const NOW: number = Date.parse(login.clock);

/** Gives the recorded login's payload, for changes. */
// deno-lint-ignore no-explicit-any -- tests change it at will
export function loginPayload(): any {
  return JSON.parse(login.request.body);
}

/** What a test's function differs in from the default: settings by environment name, and what it is given. */
export type TestFunctionOptions =
  & { readonly settings?: Readonly<Record<string, string>> }
  & Partial<Omit<Parameters<typeof createFunction>[1], "log">>;

/** How a call differs from ZITADEL's. */
export interface CallOptions {
  /** The signing key; the recorded target's by default. */
  readonly key?: string;
  /** Headers beside ZITADEL's own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A function under test. */
export interface TestFunction {
  readonly handle: Handler;
  readonly log: LogEntry[];
  /** Sends it a signed call: bytes or text as they are, the rest as JSON. */
  call(payload: unknown, options?: CallOptions): Promise<Response>;
}

/** Sets up the function, by default over a ZITADEL that has the recorded metadata, at the time of the login and without KV. */
export async function createTestFunction(
  {
    settings = {},
    fetch = createUpstream(login).fetch,
    now = () => NOW,
    ...platform
  }: TestFunctionOptions = {},
): Promise<TestFunction> {
  const log: LogEntry[] = [];
  const config = readConfig({
    ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
    AUTHORIZATION_SIGNING_KEY: login.signing_key,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    ...settings,
  });
  const handle = await createFunction(config, {
    ...platform,
    fetch,
    now,
    log: (entry) => void log.push(entry),
  });
  return {
    handle,
    log,
    async call(payload, { key = login.signing_key, headers = {} } = {}) {
      const body = typeof payload === "string" || payload instanceof Uint8Array
        ? payload
        : JSON.stringify(payload);
      const signature = await signPayload(key, Math.floor(now() / 1000), body);
      return await handle(
        new Request("http://localhost/", {
          method: "POST",
          headers: {
            ...login.request.headers,
            "content-length": String(new Blob([body as BlobPart]).size),
            ...headers,
            "zitadel-signature": signature,
          },
          body: body as BodyInit,
        }),
      );
    },
  };
}

/** The permissions in a reply: the value of its last claim. */
export async function permissionsIn(response: Response): Promise<unknown> {
  const { append_claims } = await response.json();
  return append_claims?.at(-1)?.value;
}
