/**
 * What tests of the function's process have around it: servers on loopback, and
 * calls as ZITADEL signs them.
 *
 * @module
 */
import { UPSTREAM_TOKEN } from "../../harness/sandbox/upstream.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";
import { waitUntil } from "../../harness/util/wait_until.ts";

/** A signing key. */
export const KEY = "key-of-the-tested-target";

/** What a tested function needs beside the address of ZITADEL. */
export const ENV = {
  AUTHORIZATION_SIGNING_KEY: KEY,
  ACCESS_TOKEN: UPSTREAM_TOKEN,
  // No test may find what another, or a developer, left in the local database.
  KV_URL: ":memory:",
  // A busy machine is not what these tests are about.
  UPSTREAM_TIMEOUT_MS: "30000",
};

/** Serves at a free port; a request is answered once all of it has come. */
export function serve(
  answer: (request: Request) => Response | Promise<Response>,
) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { url, method, headers } = request;
      const body = request.body && await request.bytes();
      return await answer(new Request(url, { method, headers, body }));
    },
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return { origin, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** A login of a user of an organization who has the role `viewer`. */
export function loginOf(organization: string) {
  const grant = { project_id: "2", state: 1, roles: ["viewer"] };
  return {
    function: "function/preaccesstoken",
    org: { id: organization },
    user_grants: [{ ...grant, resource_owner: organization }],
  };
}

/** A request as ZITADEL sends it now; text and bytes are sent as they are, the rest as JSON. */
export async function signed(
  url: string,
  key: string,
  payload: unknown,
  headers: Record<string, string> = {},
): Promise<Request> {
  const body = typeof payload === "string" || payload instanceof Uint8Array
    ? payload
    : JSON.stringify(payload);
  const seconds = Math.floor(Date.now() / 1_000);
  const signature = await signPayload(key, seconds, body);
  return new Request(url, {
    method: "POST",
    body: body as BodyInit,
    headers: { ...headers, "zitadel-signature": signature },
  });
}

/** Waits until something is so, for a second unless it may take longer. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 1_000,
): Promise<void> {
  await waitUntil(async () => await condition(), { what, timeoutMs });
}
