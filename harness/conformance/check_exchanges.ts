import { clientCredentials } from "../zitadel/login.ts";
import type { Check, Run } from "./check.ts";
import {
  readRecorded,
  recordedAnswer,
  type RecordedRequest,
  type RecordedResponse,
  replay,
  type Texts,
} from "./recording.ts";
import { shapeOf } from "./shape.ts";
import type { Release } from "./subject.ts";
import { basic, bearer } from "./tokens.ts";

/** A recording, who sends it, and what the ids in it stand for. */
interface Case {
  readonly recording: string;
  readonly caller: string;
  readonly ids?: Texts;
}

/** Replays the recorded exchanges of the instance's release. */
export async function* checkExchanges(run: Run): AsyncGenerator<Check> {
  const callers = await otherCallers(run);
  const cases = await readRecorded<Record<Release, readonly Case[]>>(
    "replayed",
  );
  for (const { recording, caller, ids = {} } of cases[run.release]) {
    const { request, response } = await readRecorded<{
      readonly request: RecordedRequest;
      readonly response: RecordedResponse;
    }>(recording);
    const headers = callers[caller] ?? bearer(run.serviceUser(caller).token);
    const here = {
      q3gmz: run.suffix,
      "…": run.serviceUser("reader").clientSecret,
      ...Object.fromEntries(
        Object.entries(ids).map(([id, name]) => [id, run.id(name)]),
      ),
    };
    yield {
      name: recording,
      recorded: shapeOf(await recordedAnswer(response)),
      look: async () =>
        shapeOf(await replay(run.origin, request, headers, here)),
    };
  }
}

/** The callers beside the scenario's service users. */
async function otherCallers(run: Run): Promise<Record<string, Texts>> {
  const { clientId, clientSecret } = run.serviceUser("reader");
  const { accessToken } = await clientCredentials(run.origin, {
    clientId,
    clientSecret,
    scope: "openid",
  });
  return {
    none: {},
    admin: bearer(run.adminToken),
    invalid: bearer("not-a-token"),
    secret: basic(clientId, clientSecret),
    "wrong secret": basic(clientId, "wrong"),
    "unknown client": basic("unknown", "wrong"),
    "no audience": bearer(accessToken),
  };
}

/** Only local instances have an address that is not their domain. */
const OTHER_HOSTS: Texts = {
  localhost: "127.0.0.1",
  "127.0.0.1": "localhost",
};

/**
 * Compares what an instance answers at an address that is not its domain,
 * without and with `x-zitadel-instance-host`.
 */
export async function* checkHosts(run: Run): AsyncGenerator<Check> {
  const elsewhere = new URL(run.origin);
  const { host, hostname } = elsewhere;
  if (!(hostname in OTHER_HOSTS)) return;
  elsewhere.hostname = OTHER_HOSTS[hostname]!;
  const recorded = run.release === "current" ? "4.13" : run.release;
  const { exchanges } = await readRecorded<{
    exchanges: (RecordedResponse & {
      readonly release: string;
      readonly path: string;
      /** The header `x-zitadel-instance-host`. */
      readonly instance_host: string | null;
      readonly request: Omit<RecordedRequest, "path">;
    })[];
  }>("instance_host");
  for (const exchange of exchanges) {
    const { path, instance_host: named } = exchange;
    if (!exchange.release.startsWith(recorded)) continue;
    const request = { ...exchange.request, path };
    const headers = {
      ...named !== null && { "x-zitadel-instance-host": host },
      ...path.startsWith("/zitadel.") && bearer(run.adminToken),
    };
    yield {
      name: `instance_host: ${path}${named === null ? "" : ", named"}`,
      recorded: shapeOf(await recordedAnswer(exchange)),
      look: async () =>
        shapeOf(await replay(elsewhere.origin, request, headers)),
    };
  }
}
