import { createHmac } from "node:crypto";

export interface SoakCall {
  readonly body: string;
  readonly signature: string;
}

export interface LoadOptions {
  readonly url: string;
  readonly seconds: number;
  /** How many calls are in progress at once. */
  readonly concurrency: number;
  readonly next: () => SoakCall;
}

export interface LoadResult {
  readonly perSecond: number;
  /** The median latency, in milliseconds. */
  readonly p50: number;
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
  readonly max: number;
  /** How many answers had each status; `failed` if there was none. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Calls the function concurrently. */
export async function load(
  { url, seconds, concurrency, next }: LoadOptions,
): Promise<LoadResult> {
  // A client of its own: connections of this phase must not count as the next
  // one's.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: concurrency });
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const start = performance.now();
  const end = start + seconds * 1_000;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (performance.now() < end) {
      const { body, signature } = next();
      const begin = performance.now();
      let status = "failed";
      try {
        const response = await fetch(url, {
          method: "POST",
          body,
          headers: { "zitadel-signature": signature },
          client,
        });
        await response.bytes();
        status = String(response.status);
      } catch {
        // The outcome reports it.
      }
      times.push(performance.now() - begin);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }));
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return {
    perSecond: times.length / ((performance.now() - start) / 1_000),
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    statuses,
  };
}

/** Creates a login of a user of an organization. */
export function loginCall(organization: string, key: string): SoakCall {
  return sign(
    JSON.stringify({
      function: "function/preaccesstoken",
      org: { id: organization },
      user_grants: [{
        project_id: "2",
        resource_owner: organization,
        state: 1,
        roles: ["viewer", "editor"],
      }],
    }),
    key,
  );
}

/** Creates the event that an organization's metadata changed. */
export function eventCall(organization: string, key: string): SoakCall {
  const aggregateID = organization;
  return sign(
    JSON.stringify({ event_type: "org.metadata.set", aggregateID }),
    key,
  );
}

function sign(body: string, key: string): SoakCall {
  const seconds = Math.floor(Date.now() / 1_000);
  const hmac = createHmac("sha256", key).update(`${seconds}.${body}`);
  return { body, signature: `t=${seconds},v1=${hmac.digest("hex")}` };
}
