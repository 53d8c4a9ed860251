import { isBound } from "../zitadel/unfinished_rotation.ts";
import type { CanaryVerdict } from "../function/canary.ts";
import type { CanaryFacts, Facts } from "./facts.ts";
import type { Report } from "./finding.ts";
import { judgeClock, judgeTls } from "./judge_instance.ts";
import { conditionsOf, FUNCTIONS, oursOf } from "./judge_targets.ts";
import { judgeAddress } from "./private_address.ts";

/** Fixes for what a start or a restart may solve. */
const FIXES: Readonly<Partial<Record<CanaryVerdict, string>>> = {
  unreachable:
    "deno task start\nor deploy the function with this AUTHORIZATION_SIGNING_KEY, and check the endpoint (`deno task setup --endpoint URL`)",
  refused:
    "restart or deploy the function with this AUTHORIZATION_SIGNING_KEY: the running one has another",
  older: "deploy this version, so that every check can tell who answered",
};

/** Reports that logins fail now, and how to let people in again. */
export function judgeLockOut(facts: Facts, report: Report): void {
  const { canaries, credential } = facts;
  const guarding = oursOf(facts).filter((target) =>
    target.interruptOnError &&
    conditionsOf(facts, [target]).some((it) => FUNCTIONS.includes(it))
  );
  const silent = canaries.find(({ result, endpoint }) =>
    !result.accepted && guarding.some((it) => it.endpoint === endpoint)
  );
  if (silent) {
    const { endpoint, result } = silent;
    const unless = result.status === undefined
      ? ", unless ZITADEL can reach it"
      : "";
    const seen =
      `every login of the instance fails now${unless}: ${endpoint} ${result.seen}`;
    report("locked_out", "broken", seen);
  } else if (guarding.length > 0 && credential?.problem) {
    const seen =
      "logins of all users with roles fail now, or soon: the function cannot read the mapping";
    report("locked_out", "broken", seen);
  }
}

/** Judges what answers at the endpoints, and where they are. */
export function judgeFunction(facts: Facts, report: Report): void {
  if (facts.canaries.length === 0) {
    const seen =
      "not called: its endpoint is not known; give it with --endpoint";
    report("canary", "note", seen);
  }
  for (const canary of facts.canaries) {
    judgeCanary(facts, canary, report);
    judgeTls("the function", canary.endpoint, report);
    judgePlace(facts, canary.endpoint, report);
    judgeClock("the function's", canary.result.skewSeconds, report);
  }
}

function judgeCanary(
  { rotation, executions }: Facts,
  { endpoint: calledAt, asked: endpoint = calledAt, target, result }:
    CanaryFacts,
  report: Report,
): void {
  const { verdict, seen, milliseconds, identity } = result;
  if (verdict === "accepted") {
    return report(
      "canary",
      "ok",
      `${endpoint} accepts a signed call, in ${milliseconds} ms (version ${identity?.version})`,
    );
  }
  const fix = FIXES[verdict];
  if (verdict === "older") {
    return report("canary", "warning", `${endpoint} ${seen}`, { fix });
  }
  // While a key is rotated, one that no binding uses yet may be unknown.
  const isUnused = rotation !== undefined && target !== undefined &&
    !isBound({ executions: executions?.value ?? [] }, target);
  if (isUnused) return;
  // Not sent for a target, it was signed with a key of the settings.
  const text = verdict === "refused" && target === undefined
    ? "does not accept the key in AUTHORIZATION_SIGNING_KEY"
    : seen;
  report("canary", "broken", `${endpoint} ${text}`, { fix });
}

/** Newer releases do not call private addresses. */
function judgePlace(
  { addresses }: Facts,
  endpoint: string,
  report: Report,
): void {
  const { hostname } = new URL(endpoint);
  const [found] = (addresses.get(endpoint) ?? []).flatMap((address) =>
    judgeAddress(address, hostname) ?? []
  );
  if (found === undefined) return;
  const { address, kind, subnet, denyList } = found;
  // A function on this machine is being developed.
  const level = kind === "loopback" ? "note" : "warning";
  report("address", level, `${endpoint} is at ${address}, a ${kind} address`, {
    fix:
      `ZITADEL_HTTPCLIENT_DENYLIST=${denyList}\nin ZITADEL's environment: the default list without just ${subnet}. Check it after each upgrade, since it replaces the default`,
  });
}
