import { signPayload } from "../util/sign_payload.ts";
import { SIGNING_KEY } from "./subject.ts";

/** How logins were answered. */
export interface Logins {
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
  readonly max: number;
  /** The statuses; `failed` stands for no answer. */
  readonly statuses: ReadonlySet<number | "failed">;
  /** How many had each status. */
  readonly text: string;
}

const DURATION_MS = 4_000;

/** Logs users of organizations in for some seconds, some at once, with bodies of at least some bytes. */
export async function logIn(
  url: string,
  organization: () => string,
  { atOnce = 4, bytes = 0 }: { atOnce?: number; bytes?: number } = {},
): Promise<Logins> {
  // A client of its own: connections of this part must not count as the next one's.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: atOnce });
  const times: number[] = [];
  const counts = new Map<number | "failed", number>();
  const end = performance.now() + DURATION_MS;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (performance.now() < end) {
      const begin = performance.now();
      const status = await fetch(url, {
        client,
        ...call(organization(), bytes),
      })
        .then(async (response) => {
          await response.bytes();
          return response.status;
        }).catch(() => "failed" as const);
      times.push(performance.now() - begin);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  }));
  times.sort((a, b) => a - b);
  return {
    p99: times[Math.floor(0.99 * times.length)]!,
    max: times.at(-1)!,
    statuses: new Set(counts.keys()),
    text: [...counts].map(([it, count]) => `${it} ${count} times`).join(", "),
  };
}

/** A signed login of a user of an organization. */
function call(organization: string, bytes: number) {
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
  return { method: "POST", headers: { "zitadel-signature": signature }, body };
}
