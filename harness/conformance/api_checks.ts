import { bindTarget, keepBindings } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import {
  type Answer,
  readRecording,
  recordedAnswer,
  replayRecording,
} from "./recording.ts";
import { shapeOf } from "./shape.ts";
import type { Scenario } from "./scenario.ts";

type Caller = "admin" | "reader" | "viewer" | "stranger" | "invalid" | "none";
type Organization = keyof Scenario["organizations"] | "unknown";

/** A recording, who sends it, and the organization that it is about. */
type Case = readonly [name: string, caller: Caller, about?: Organization];

const FUNCTION = "function/preaccesstoken";
const EVENTS = "event/group/org.metadata";
const UNKNOWN_ORGANIZATION = "123456789012345678";
/**
 * Names in the recordings that stand for something else here, besides ids in
 * paths.
 */
const RECORDED = {
  target: "400925123621686310",
  project: /40092512456121040[0-9]|400956462890748966|400955910920342566/g,
  suffix: "q3gmz",
};

/** In the order of the recording: each builds on the earlier ones. */
const ADMIN: readonly Case[] = [
  ["admin/create_target", "admin"],
  ["admin/create_target_same_name", "admin"],
  ["admin/create_target_timeout_too_long", "admin"],
  ["admin/create_target_unresolvable", "admin"],
  ["admin/create_target_forbidden", "reader"],
  ["admin/list_targets_by_name", "admin"],
  ["admin/list_targets_forbidden", "stranger"],
  ["admin/get_target", "admin"],
  ["admin/update_target", "admin"],
  ["admin/rotate_signing_key", "admin"],
  ["admin/set_execution", "admin"],
  ["admin/set_execution_unknown_function", "admin"],
  ["admin/set_execution_unknown_target", "admin"],
  ["admin/set_execution_event_group", "admin"],
  ["admin/list_executions", "admin"],
  ["admin/list_execution_functions", "admin"],
  ["admin/delete_target_in_use", "admin"],
  ["admin/list_executions_after_delete", "admin"],
  ["admin/get_deleted_target", "admin"],
  ["admin/clear_execution", "admin"],
  ["admin/clear_execution_event_group", "admin"],
  ["admin/set_metadata", "admin", "acme"],
  ["admin/set_metadata_forbidden", "reader", "acme"],
  ["admin/set_metadata_not_base64", "admin", "acme"],
  ["admin/delete_metadata", "admin", "acme"],
  ["admin/delete_metadata_missing", "admin", "acme"],
  ["admin/list_organizations_visible", "reader", "acme"],
  ["admin/list_organizations_not_visible", "stranger", "acme"],
  ["admin/list_organizations_other_org", "reader", "globex"],
  ["admin/list_organizations_iam_viewer", "viewer", "globex"],
  ["admin/list_organizations_bad_token", "invalid", "acme"],
  ["admin/list_projects_connect", "admin", "catalogue"],
  ["admin/list_project_roles", "admin"],
  ["admin/list_applications", "admin"],
  ["admin/list_applications_reader", "reader"],
  ["admin/my_user_rest", "stranger"],
  ["admin/get_my_user", "reader"],
  ["admin/healthz", "none"],
];

const CURRENT: readonly Case[] = [
  ["metadata/v2_rest", "reader", "acme"],
  ["metadata/v2_connect", "reader", "acme"],
  ["metadata/v2beta_rest", "reader", "acme"],
  ["metadata/v2beta_connect", "reader", "acme"],
  ["metadata/v2_filter_one_key", "reader", "acme"],
  ["metadata/v2_filter_two_keys", "reader", "acme"],
  ["metadata/v2_250_keys_default_page", "admin", "many"],
  ["metadata/v2_250_keys_page_2", "admin", "many"],
  ["metadata/v2_250_keys_limit_1000", "admin", "many"],
  ["metadata/v2_limit_too_high", "reader", "acme"],
  ["metadata/v2_odd_values", "admin", "odd"],
  ["metadata/v2_empty_organization", "admin", "empty"],
  ["metadata/v2_no_permission", "stranger", "acme"],
  ["metadata/v2_other_organization", "reader", "odd"],
  ["metadata/v2_unknown_organization", "admin", "unknown"],
  ["metadata/v2_bad_token", "invalid", "acme"],
  ["metadata/v2_no_token", "none", "acme"],
  ["metadata/v2_grpc_web", "admin", "acme"],
  ["metadata/v2_grpc_web_bad_token", "invalid", "acme"],
  ["metadata/v2_grpc_web_no_permission", "stranger", "acme"],
  ...ADMIN,
];

const V4_6: readonly Case[] = [
  ["older/v4.6.5/metadata_v2_rest", "admin", "acme"],
  ["older/v4.6.5/metadata_v2_connect", "admin", "acme"],
  ["older/v4.6.5/metadata_v2_grpc_web", "admin", "acme"],
  ["older/v4.6.5/metadata_v2_grpc_web_bad_token", "invalid", "acme"],
  ["older/v4.6.5/metadata_v2_grpc_web_no_permission", "stranger", "acme"],
  ["older/v4.6.5/metadata_v2beta_rest", "admin", "acme"],
  ["older/v4.6.5/metadata_v2beta_connect", "admin", "acme"],
  ["older/v4.6.5/metadata_v2beta_empty", "admin", "empty"],
  ["older/v4.6.5/metadata_v2beta_no_permission", "stranger", "acme"],
  ["older/v4.6.5/metadata_v2beta_bad_token", "invalid", "acme"],
  ["older/v4.6.5/metadata_v2beta_grpc_web", "admin", "acme"],
  ["older/v4.6.5/metadata_v2beta_grpc_web_bad_token", "invalid", "acme"],
  ["older/v4.6.5/metadata_v2beta_grpc_web_no_permission", "stranger", "acme"],
  ["older/v4.6.5/set_metadata_v2", "admin", "acme"],
  ["older/v4.6.5/set_metadata_v2beta", "admin", "acme"],
  ["older/v4.6.5/list_organizations_visible", "reader", "acme"],
  ["older/v4.6.5/list_organizations_not_visible", "stranger", "acme"],
  ["older/v4.6.5/list_executions", "admin"],
  ["older/v4.6.5/list_projects_v2", "admin", "catalogue"],
  ["older/v4.6.5/list_projects_v2beta", "admin"],
  ["older/v4.6.5/list_applications_v2", "admin"],
  ["older/v4.6.5/list_applications_v2beta", "admin"],
];

const V3_4: readonly Case[] = [
  ["older/v3.4.9/metadata_v1_grpc_web", "admin", "acme"],
  ["older/v3.4.9/metadata_v1_grpc_web_viewer", "reader", "acme"],
  ["older/v3.4.9/metadata_v1_grpc_web_empty", "admin", "empty"],
  ["older/v3.4.9/metadata_v1_grpc_web_bad_token", "invalid", "acme"],
  ["older/v3.4.9/metadata_v1_grpc_web_no_permission", "stranger", "acme"],
  ["older/v3.4.9/metadata_v1_grpc_web_other_organization", "reader", "globex"],
  [
    "older/v3.4.9/metadata_v1_grpc_web_unknown_organization",
    "admin",
    "unknown",
  ],
  ["older/v3.4.9/metadata_v1_rest", "admin", "acme"],
  ["older/v3.4.9/metadata_v2_grpc_web", "admin", "acme"],
  ["older/v3.4.9/metadata_v2beta_grpc_web", "admin", "acme"],
  ["older/v3.4.9/set_metadata_v1", "admin", "acme"],
  ["older/v3.4.9/list_organizations_visible", "reader", "acme"],
  ["older/v3.4.9/list_organizations_not_visible", "stranger", "acme"],
  ["older/v3.4.9/list_targets", "admin"],
  ["older/v3.4.9/list_targets_v2", "admin"],
  ["older/v3.4.9/set_execution", "admin"],
  ["older/v3.4.9/list_executions", "admin"],
  ["older/v3.4.9/list_execution_functions", "admin"],
  ["older/v3.4.9/list_projects", "admin", "catalogue"],
  ["older/v3.4.9/list_applications", "admin", "catalogue"],
];

const CASES = { "current": CURRENT, "4.6": V4_6, "3.4": V3_4 };

/** Replays the recorded API calls of the instance's release. */
export async function* apiChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject, scenario, target } = context;
  await using _kept = await keepBindings(subject, [FUNCTION, EVENTS]);
  await using prepared = await prepare(context);
  let targetId = prepared.id;
  for (const [name, caller, about] of CASES[subject.release]) {
    const recording = await readRecording(name);
    const text = JSON.stringify(recording.request);
    const replace: Record<string, string> = {
      [RECORDED.suffix]: scenario.suffix,
      "http://localhost:9101": target.origin,
    };
    if (targetId) replace[RECORDED.target] = targetId;
    for (const id of text.match(RECORDED.project) ?? []) {
      replace[id] = scenario.projects.catalogue;
    }
    if (about) {
      for (const id of organizationsIn(recording.request)) {
        replace[id] ??= about === "unknown"
          ? UNKNOWN_ORGANIZATION
          : scenario.organizations[about];
      }
    }
    if (name === "older/v3.4.9/set_execution") {
      replace["400955910987451430"] = targetId;
    }
    yield await compare(name, shapeOf(recordedAnswer(recording)), async () => {
      // Lists lag behind writes.
      if (name.includes("/list_")) await subject.settle();
      const answer = await replayRecording(subject.origin, recording, {
        replace,
        headers: authorizationOf(context, caller),
      });
      if (name === "admin/create_target") {
        targetId = String((answer.body as Record<string, unknown>)["id"]);
      }
      return shapeOf(withoutOthers(answer, target.origin));
    });
  }
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

/** The older recordings start with existing targets and executions. */
async function prepare({ subject, scenario, target }: CheckContext) {
  if (subject.release === "current") {
    return { id: "", [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const stack = new AsyncDisposableStack();
  const options = { endpoint: target.origin, condition: EVENTS };
  const { id } = stack.use(
    await bindTarget(subject, {
      ...options,
      name: `events ${scenario.suffix}`,
    }),
  );
  if (subject.release === "3.4") {
    stack.use(
      await bindTarget(subject, {
        ...options,
        name: `function ${scenario.suffix}`,
        condition: FUNCTION,
        interruptOnError: true,
      }),
    );
  }
  return { id, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function authorizationOf(
  { subject, scenario }: CheckContext,
  caller: Caller,
): Record<string, string> {
  if (caller === "none") return {};
  const token = caller === "admin"
    ? subject.adminToken
    : caller === "invalid"
    ? "not-a-token"
    : scenario[caller].token;
  return { authorization: `Bearer ${token}` };
}

/** Ids have 18 digits, and the same length within messages. */
function organizationsIn(request: {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly body_base64?: string;
}): string[] {
  const texts = [
    request.path,
    request.headers["x-zitadel-orgid"] ?? "",
    JSON.stringify(request.body ?? ""),
    atob(request.body_base64 ?? ""),
  ];
  return texts.flatMap((text) => text.match(/[0-9]{18}/g) ?? []);
}
