import { signPayload } from "../util/sign_payload.ts";
import { SIGNING_KEY } from "./subject.ts";

export interface Logins {
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
  readonly max: number;
  /** How many answers had each status; `failed` if there was none. */
  readonly statuses: Readonly<Record<string, number>>;
}

const DURATION_MS = 4_000;

/** Logs users of organizations in for some seconds, some at once. */
export async function logIn(
  url: string,
  { organization, atOnce = 4 }: {
    readonly organization: () => string;
    readonly atOnce?: number | undefined;
  },
): Promise<Logins> {
  // A client of its own: connections of this part must not count as the next one's.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: atOnce });
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const end = performance.now() + DURATION_MS;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (performance.now() < end) {
      const begin = performance.now();
      const status = await sendLogin(url, organization(), { client });
      times.push(performance.now() - begin);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }));
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(0.99 * times.length)]!;
  return { p99, max: times.at(-1)!, statuses };
}

/** Sends a login with a body of at least some bytes; returns the status. */
export async function sendLogin(
  url: string,
  organization: string,
  { client, bytes = 0 }: { client?: Deno.HttpClient; bytes?: number } = {},
): Promise<string> {
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
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "zitadel-signature": signature },
      body,
      ...client && { client },
    });
    await response.bytes();
    return String(response.status);
  } catch {
    return "failed";
  }
}

/** Reports whether every login was answered with 200. */
export function areServed({ statuses }: Pick<Logins, "statuses">): boolean {
  return Object.keys(statuses).join() === "200";
}
