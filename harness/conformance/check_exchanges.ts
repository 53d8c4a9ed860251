import { clientCredentials } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
import {
  type HeaderTexts,
  readRecorded,
  recordedAnswer,
  type RecordedRequest,
  type RecordedResponse,
  replay,
} from "./recording.ts";
import { basic, bearer } from "./request_token.ts";
import type { Check, Run } from "./check.ts";
import { shapeOf } from "./shape.ts";
import type { Release } from "./subject.ts";

/** A recording, who sends it, and what the ids in it stand for. */
interface Case {
  readonly recording: string;
  readonly caller: string;
  readonly ids?: Readonly<Record<string, string>>;
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
      const answer = await replay(run.origin, request, headers, {
        q3gmz: suffix,
        "http://localhost:9101": origin,
        ...Object.fromEntries(
          Object.entries(ids).map(([id, what]) => [id, stands(what)]),
        ),
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
async function otherCallers(run: Run): Promise<Record<string, HeaderTexts>> {
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
