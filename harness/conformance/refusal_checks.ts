import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { connect, type Instance } from "../zitadel/client.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecorded } from "./recording.ts";
import type { Release } from "./subject.ts";

/** The prefix of the findings' names. */
const RECORDING = "behaviour/refusals";

interface Method {
  readonly path: string;
  /** May hold `<organization>`, `<project>` and `<user>`. */
  readonly input?: JsonValue;
  /** The field of a list that is empty for callers without the right. */
  readonly entries?: string;
}

type ByName<Value> = Readonly<Record<string, Value>>;

interface Recording {
  readonly methods: ByName<Method>;
  /** By release, method and caller: the answer. */
  readonly releases: Readonly<Record<Release, ByName<ByName<string>>>>;
}

/**
 * Compares the answers to callers that lack the right, for every method in use.
 */
export async function* refusalChecks(
  { subject, scenario }: CheckContext,
): AsyncGenerator<Finding> {
  const { methods, releases } = await readRecorded<Recording>(RECORDING);
  const acme = scenario.id("organization acme");
  const globex = scenario.id("organization globex");
  const token = (name: string) => scenario.serviceUser(name).token;
  const callers: ByName<readonly [token: string, about: string]> = {
    "no role": [token("stranger"), acme],
    "ORG_OWNER_VIEWER": [token("reader"), acme],
    "ORG_OWNER": [token("owner"), acme],
    "ORG_OWNER of another organization": [token("owner"), globex],
    "IAM_OWNER_VIEWER": [token("viewer"), acme],
    "invalid token": ["not-a-token", acme],
  };
  for (const [name, method] of Object.entries(methods)) {
    const { input = {} } = method;
    yield await compare(
      `${RECORDING}: ${name}`,
      releases[subject.release][name],
      async () => {
        const answers: Record<string, string> = {};
        for (const [caller, [token, organization]] of Object.entries(callers)) {
          const about = JSON.stringify(input)
            .replace("<organization>", organization)
            .replace("<project>", scenario.id("project storefront"))
            .replace("<user>", scenario.id("user reader"));
          answers[caller] = await answerTo(
            connect(subject.origin, token),
            organization,
            { ...method, input: JSON.parse(about) },
          );
        }
        return answers;
      },
    );
  }
}

const METHODS = [
  ActionService,
  AuthService,
  ManagementService,
  OrganizationV2,
  OrganizationService,
].flatMap(({ methods }) => methods);

async function answerTo(
  instance: Instance,
  organization: string,
  { path, input, entries }: Method,
): Promise<string> {
  const [service, method] = path.split("/");
  // On the wire, v2 is v2beta; the package describes v2beta only.
  const desc = METHODS.find(({ name, parent }) =>
    name === method &&
    (parent.typeName === service ||
      parent.typeName === service!.replace(".v2.", ".v2beta."))
  )!;
  const client = instance.service(desc.parent, {
    ...desc.parent === ManagementService && { organization },
    name: service!,
  }) as unknown as ByName<(input: unknown) => Promise<ByName<unknown>>>;
  try {
    const answer = await client[desc.localName]!(fromJson(desc.input, input!));
    const list = entries === undefined ? undefined : answer[entries];
    return Array.isArray(list) && list.length === 0 ? "empty" : "ok";
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    // Its text depends on the release's web server.
    if (code === Code.Unimplemented) return "Unimplemented";
    return `${Code[code]}: ${rawMessage.replaceAll(/[0-9]{15,20}/g, "<id>")}`;
  }
}
