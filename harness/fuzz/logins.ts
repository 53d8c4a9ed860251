import { signPayload } from "../util/sign_payload.ts";
import { SIGNING_KEY } from "./subject.ts";

/** How many answers had each status; `failed` if there was none. */
export type Statuses = Record<string, number>;

export interface Logins {
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
  readonly max: number;
  readonly statuses: Statuses;
}

const DURATION_MS = 4_000;

/** Logs users of organizations in for some seconds, some at once. */
export async function logIn(
  url: string,
  organization: () => string,
  atOnce = 4,
): Promise<Logins> {
  // A client of its own: connections of this part must not count as the next one's.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: atOnce });
  const times: number[] = [];
  const statuses: Statuses = {};
  const end = performance.now() + DURATION_MS;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (performance.now() < end) {
      const begin = performance.now();
      await sendLogin(url, organization(), { statuses, client });
      times.push(performance.now() - begin);
    }
  }));
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(0.99 * times.length)]!;
  return { p99, max: times.at(-1)!, statuses };
}

/** Sends a login with a body of at least some bytes, and counts its status. */
export async function sendLogin(
  url: string,
  organization: string,
  { statuses, client, bytes = 0 }: {
    readonly statuses: Statuses;
    readonly client?: Deno.HttpClient;
    readonly bytes?: number;
  },
): Promise<void> {
  const body = JSON.stringify({
    function: "function/preaccesstoken",
    user: { resource_owner: organization, human: {} },
    org: { id: organization },
    user_grants: [{
      project_id: "2",
      resource_owner: organization,
      state: 1,
      roles: ["viewer", "editor"],
    }],
    user_metadata: [{ key: "long", value: "A".repeat(bytes) }],
  });
  const seconds = Math.floor(Date.now() / 1_000);
  const signature = signPayload(SIGNING_KEY, seconds, body);
  const status = await fetch(url, {
    method: "POST",
    headers: { "zitadel-signature": signature },
    body,
    ...client && { client },
  }).then(async (response) => {
    await response.bytes();
    return response.status;
  }).catch(() => "failed");
  statuses[status] = (statuses[status] ?? 0) + 1;
}
