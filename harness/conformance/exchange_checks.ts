import { type Binding, bindTarget } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import {
  type Answer,
  readRecorded,
  recordedAnswer,
  type RecordedRequest,
  type RecordedResponse,
  replay,
} from "./recording.ts";
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
export async function* exchangeChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject, scenario, target } = context;
  const cases = await readRecorded<Record<Release, Case[]>>("replayed");
  await using stack = new AsyncDisposableStack();
  const bound: Binding[] = [];
  for (const condition of BOUND[subject.release]) {
    bound.push(stack.use(
      await bindTarget(subject, {
        name: `${condition} ${scenario.suffix}`,
        endpoint: target.origin,
        condition,
        interruptOnError: condition.startsWith("function/"),
      }),
    ));
  }
  let targetId = bound[0]?.id;
  const stands = (what: string) =>
    what === "target"
      ? targetId
      : what === "reader secret"
      ? scenario.serviceUser("reader").clientSecret
      : scenario.id(what);
  for (const { recording, caller, ids = {} } of cases[subject.release]) {
    const { request, response } = await readRecorded<{
      readonly request: RecordedRequest;
      readonly response: RecordedResponse;
    }>(recording);
    yield await compare(
      recording,
      shapeOf(recordedAnswer(response)),
      async () => {
        // Lists lag behind writes.
        if (recording.includes("/list_")) await subject.settle();
        const replace = new Map([
          ["q3gmz", scenario.suffix],
          ["http://localhost:9101", target.origin],
        ]);
        for (const [id, what] of Object.entries(ids)) {
          replace.set(id, stands(what) ?? id);
        }
        const headers = await authorizationOf(context, caller);
        const answer = await replay(subject.origin, request, {
          replace,
          headers,
        });
        if (recording === "admin/create_target") targetId = idIn(answer);
        return shapeOf(withoutOthers(answer, target.origin));
      },
    );
  }
}

function idIn({ body }: Answer): string | undefined {
  return (body as { id?: string } | null)?.id;
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
  { subject, scenario }: CheckContext,
  caller: string,
): Promise<Record<string, string>> {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${btoa(`${id}:${secret}`)}`,
  });
  const { clientId, clientSecret } = scenario.serviceUser("reader");
  switch (caller) {
    case "none":
      return {};
    case "admin":
      return bearer(subject.adminToken);
    case "invalid":
      return bearer("not-a-token");
    case "secret":
      return basic(clientId, clientSecret);
    case "wrong secret":
      return basic(clientId, "wrong");
    case "unknown client":
      return basic("unknown", "wrong");
    case "no audience": {
      const response = await fetch(`${subject.origin}/oauth/v2/token`, {
        method: "POST",
        headers: basic(clientId, clientSecret),
        body: new URLSearchParams({
          grant_type: "client_credentials",
          scope: "openid",
        }),
      });
      return bearer((await response.json()).access_token);
    }
    default:
      return bearer(scenario.serviceUser(caller).token);
  }
}

/** What was recorded at an address that is not the instance's domain. */
interface HostExchange {
  readonly release: string;
  readonly path: string;
  /** The header `x-zitadel-instance-host`. */
  readonly instance_host: string | null;
  readonly request: Omit<RecordedRequest, "path">;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body_base64: string;
}

const RECORDED_RELEASES: Readonly<Record<Release, string>> = {
  "3.4": "3.4.9",
  "4.6": "4.6.5",
  current: "4.13.1",
};
/** Only local instances have an address that is not their domain. */
const OTHER_HOSTS: Readonly<Record<string, string>> = {
  localhost: "127.0.0.1",
  "127.0.0.1": "localhost",
};

/**
 * Compares what an instance answers at an address that is not its domain,
 * without and with `x-zitadel-instance-host`.
 */
export async function* hostChecks(
  { subject }: CheckContext,
): AsyncGenerator<Finding> {
  const elsewhere = new URL(subject.origin);
  const { host } = elsewhere;
  const other = OTHER_HOSTS[elsewhere.hostname];
  if (other === undefined) return;
  elsewhere.hostname = other;
  const { exchanges } = await readRecorded<{ exchanges: HostExchange[] }>(
    "instance_host",
  );
  for (const exchange of exchanges) {
    const { release, path, instance_host: named, request } = exchange;
    if (release !== RECORDED_RELEASES[subject.release]) continue;
    yield await compare(
      `instance_host: ${path}${named === null ? "" : ", named"}`,
      withoutHosts(recordedAnswer(exchange)),
      async () =>
        withoutHosts(
          await replay(elsewhere.origin, { ...request, path }, {
            headers: {
              ...named !== null && { "x-zitadel-instance-host": host },
              ...path.startsWith("/zitadel.") &&
                { authorization: `Bearer ${subject.adminToken}` },
            },
          }),
        ),
    );
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
