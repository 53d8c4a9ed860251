import { clientCredentials } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
import {
  type Answer,
  readRecorded,
  recordedAnswer,
  type RecordedRequest,
  type RecordedResponse,
  replay,
} from "./recording.ts";
import { basic } from "./request_token.ts";
import type { Check, Run } from "./check.ts";
import { shapeOf } from "./shape.ts";
import type { Release } from "./subject.ts";

/** A recording, who sends it, and what the ids in it stand for. */
interface Case {
  readonly recording: string;
  readonly caller: string;
  readonly ids?: Readonly<Record<string, string>>;
}

/** What is bound before; those of the current release bind their own. */
const BOUND: Readonly<Record<Release, readonly string[]>> = {
  "3.4": ["event/group/org.metadata", "function/preaccesstoken"],
  "4.6": ["event/group/org.metadata"],
  current: [],
};

/** Replays the recorded exchanges of the instance's release. */
export async function* checkExchanges(run: Run): AsyncGenerator<Check> {
  const { release, target, suffix } = run;
  const cases = await readRecorded<Record<Release, Case[]>>("replayed");
  await using stack = new AsyncDisposableStack();
  let targetId = "";
  for (const condition of BOUND[release]) {
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
      const headers = await authorizationOf(run, caller);
      const answer = await replay(run.origin, request, headers, {
        q3gmz: suffix,
        "http://localhost:9101": target.origin,
        ...Object.fromEntries(
          Object.entries(ids).map(([id, what]) => [id, stands(what)]),
        ),
      });
      if (recording === "admin/create_target") targetId = idIn(answer);
      return shapeOf(withoutOthers(answer, target.origin));
    };
    const recorded = shapeOf(await recordedAnswer(response));
    yield { name: recording, recorded, look };
  }
}

function idIn({ body }: Answer): string {
  return (body as { id?: string } | null)?.id ?? "";
}

/** Removes the instance's other targets from a list of targets. */
function withoutOthers({ status, body }: Answer, origin: string): Answer {
  const isOurs = ({ endpoint }: { endpoint?: string }) =>
    endpoint === undefined || endpoint.startsWith(origin);
  const list = (body as { result?: unknown } | null)?.result;
  return Array.isArray(list)
    ? { status, body: { ...body as object, result: list.filter(isOurs) } }
    : { status, body };
}

async function authorizationOf(
  run: Run,
  caller: string,
): Promise<Record<string, string>> {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const reader = run.serviceUser("reader");
  switch (caller) {
    case "none":
      return {};
    case "admin":
      return bearer(run.adminToken);
    case "invalid":
      return bearer("not-a-token");
    case "secret":
      return basic(reader.clientId, reader.clientSecret);
    case "wrong secret":
      return basic(reader.clientId, "wrong");
    case "unknown client":
      return basic("unknown", "wrong");
    case "no audience": {
      const options = { ...reader, scope: "openid" };
      return bearer((await clientCredentials(run.origin, options)).accessToken);
    }
    default:
      return bearer(run.serviceUser(caller).token);
  }
}
