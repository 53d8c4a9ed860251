import type { JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { connect } from "../zitadel/client.ts";
import { readRecorded } from "./recording.ts";
import { bindTarget } from "./binding.ts";
import { callMethod } from "./call_method.ts";
import type { Check, Run } from "./check.ts";
import { withoutIds } from "./shape.ts";
import type { Release } from "./subject.ts";

const RECORDING = "behaviour/refusals";

interface Method {
  readonly path: string;
  /** May hold `<organization>` and what the scenario has. */
  readonly input?: JsonValue;
  /** The field of a list that is empty for callers without the right. */
  readonly entries?: string;
}

type ByName<Value> = Readonly<Record<string, Value>>;

/** The user of the scenario, or `admin`, if any, and the organization it asks about. */
type Caller = readonly [user: string, organization: string];

interface Recording {
  readonly callers: ByName<Caller>;
  readonly methods: ByName<Method>;
  /** By release, method and caller: the answer. */
  readonly releases: Readonly<Record<Release, ByName<ByName<string>>>>;
}

/**
 * Compares the answers to callers that lack the right, for every method in use,
 * and to what ZITADEL refuses to do for an administrator.
 */
export async function* checkRefusals(run: Run): AsyncGenerator<Check> {
  const { callers, methods, releases } = await readRecorded<Recording>(
    RECORDING,
  );
  await using _taken = await bindTarget(run, { path: "taken" });
  for (const [name, recorded] of Object.entries(releases[run.release])) {
    const look = async () => {
      const answers: Record<string, string> = {};
      for (const caller of Object.keys(recorded)) {
        answers[caller] = await answerTo(run, callers[caller]!, methods[name]!);
      }
      return answers;
    };
    yield { name: `${RECORDING}: ${name}`, recorded, look };
  }
}

async function answerTo(
  run: Run,
  [user, about]: Caller,
  { path, input = {}, entries }: Method,
): Promise<string> {
  const token = { admin: run.adminToken, "": "not-a-token" }[user] ??
    run.serviceUser(user).token;
  const organization = run.id(`organization ${about}`);
  const text = JSON.stringify(input).replace("<organization>", organization);
  const call = { path, organization, input: JSON.parse(run.withIds(text)) };
  try {
    const answer = await callMethod(connect(run.origin, token), call);
    const list = entries === undefined ? undefined : answer[entries];
    return Array.isArray(list) && list.length === 0 ? "empty" : "ok";
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    // Its text depends on the release's web server.
    if (code === Code.Unimplemented) return "Unimplemented";
    return `${Code[code]}: ${withoutIds(rawMessage)}`;
  }
}
