import {
  type Answer,
  readRecorded,
  recordedAnswer,
  type RecordedRequest,
  type RecordedResponse,
  replay,
} from "./recording.ts";
import { bearer } from "./request_token.ts";
import type { Check, Run } from "./check.ts";

/** What was recorded at an address that is not the instance's domain. */
interface HostExchange extends RecordedResponse {
  readonly release: string;
  readonly path: string;
  /** The header `x-zitadel-instance-host`. */
  readonly instance_host: string | null;
  readonly request: Omit<RecordedRequest, "path">;
}

const RELEASES = { "3.4": "3.4.9", "4.6": "4.6.5", current: "4.13.1" } as const;
/** Only local instances have an address that is not their domain. */
const OTHERS: Readonly<Record<string, string>> = {
  localhost: "127.0.0.1",
  "127.0.0.1": "localhost",
};

/**
 * Compares what an instance answers at an address that is not its domain,
 * without and with `x-zitadel-instance-host`.
 */
export async function* checkHosts(run: Run): AsyncGenerator<Check> {
  const elsewhere = new URL(run.origin);
  const { host } = elsewhere;
  const other = OTHERS[elsewhere.hostname];
  if (other === undefined) return;
  elsewhere.hostname = other;
  const { exchanges } = await readRecorded<{ exchanges: HostExchange[] }>(
    "instance_host",
  );
  for (const exchange of exchanges) {
    const { release, path, instance_host: named } = exchange;
    if (release !== RELEASES[run.release]) continue;
    const request = { ...exchange.request, path };
    const headers = {
      ...named !== null && { "x-zitadel-instance-host": host },
      ...path.startsWith("/zitadel.") && bearer(run.adminToken),
    };
    yield {
      name: `instance_host: ${path}${named === null ? "" : ", named"}`,
      recorded: withoutHosts(await recordedAnswer(exchange)),
      look: async () =>
        withoutHosts(await replay(elsewhere.origin, request, headers)),
    };
  }
}

/** Either address may be the domain; main leaves out what follows "Parent". */
function withoutHosts({ status, body }: Answer): unknown {
  if (typeof body === "object" && !("grpcStatus" in body!)) {
    return { status, keys: Object.keys(body!) };
  }
  return JSON.parse(
    JSON.stringify({ status, body })
      .replace(/ Parent=[^"]*/, "")
      .replaceAll(/\b(?:localhost|127\.0\.0\.1)(?::\d+)?/g, "<host>"),
  );
}
