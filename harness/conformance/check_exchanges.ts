import { clientCredentials } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
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

interface Recording extends Readonly<Record<Release, readonly Case[]>> {
  /** What is bound before. */
  readonly bound: Readonly<Record<Release, readonly string[]>>;
}

/** What is looked at in an answer. */
interface Body {
  readonly id?: string;
  /** Of a list of targets only the run's own are compared. */
  readonly result?: readonly { readonly endpoint?: string }[];
}

/** Replays the recorded exchanges of the instance's release. */
export async function* checkExchanges(run: Run): AsyncGenerator<Check> {
  const { release, suffix, target: { origin } } = run;
  const callers = await otherCallers(run);
  const cases = await readRecorded<Recording>("replayed");
  await using stack = new AsyncDisposableStack();
  let targetId = "";
  for (const condition of cases.bound[release]) {
    const interruptOnError = condition.startsWith("function/");
    const options = { path: condition, condition, interruptOnError };
    const { id } = stack.use(await bindTarget(run, options));
    targetId ||= id;
  }
  const stands = (what: string) => {
    if (what === "target") return targetId;
    return what === "reader secret"
      ? run.serviceUser("reader").clientSecret
      : run.id(what);
  };
  for (const { recording, caller, ids = {} } of cases[release]) {
    const { request, response } = await readRecorded<{
      readonly request: RecordedRequest;
      readonly response: RecordedResponse;
    }>(recording);
    const look = async () => {
      // Lists lag behind writes.
      if (recording.includes("/list_")) await run.settle();
      const headers = callers[caller] ?? bearer(run.serviceUser(caller).token);
      const replaced = Object.entries(ids).map(([id, it]) => [id, stands(it)]);
      const answer = await replay(run.origin, request, headers, {
        q3gmz: suffix,
        "http://localhost:9101": origin,
        ...Object.fromEntries(replaced),
      });
      const body = answer.body as Body | null;
      if (recording === "admin/create_target") targetId = body?.id ?? "";
      if (!Array.isArray(body?.result)) return shapeOf(answer);
      const result = body.result.filter(({ endpoint = origin }) =>
        endpoint.startsWith(origin)
      );
      return shapeOf({ ...answer, body: { ...body, result } });
    };
    const recorded = shapeOf(await recordedAnswer(response));
    yield { name: recording, recorded, look };
  }
}

/** The callers beside the scenario's service users. */
async function otherCallers(run: Run): Promise<Record<string, Texts>> {
  const { clientId, clientSecret } = run.serviceUser("reader");
  const scope = { scope: "openid" };
  const { accessToken } = await clientCredentials(run.origin, {
    ...{ clientId, clientSecret, ...scope },
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
