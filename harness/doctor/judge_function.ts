import { isBound } from "../rotate/unfinished_rotation.ts";
import type { CanaryVerdict } from "../function/canary.ts";
import type { CanaryFacts, Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { judgeClock, judgeTls } from "./judge_instance.ts";
import { judgeAddress } from "./private_address.ts";

/** Fixes for what a start or a restart may solve. */
const FIXES: Readonly<Partial<Record<CanaryVerdict, string>>> = {
  unreachable:
    "deno task start\nor deploy the function with this AUTHORIZATION_SIGNING_KEY, and check the endpoint (`deno task setup --endpoint URL`)",
  refused:
    "restart or deploy the function with this AUTHORIZATION_SIGNING_KEY: the running one has another",
};

/** Judges what answers at the endpoints, and where they are. */
export function judgeFunction(facts: Facts): Finding[] {
  if (facts.canaries.length === 0) {
    const seen =
      "not called: its endpoint is not known; give it with --endpoint";
    return [finding("canary", "note", seen)];
  }
  return facts.canaries.flatMap((canary) => [
    ...judgeCanary(facts, canary),
    judgeTls("the function", canary.endpoint),
    ...judgePlace(facts, canary.endpoint),
    ...canary.result.skewSeconds === undefined
      ? []
      : [judgeClock("the function's", canary.result.skewSeconds)],
  ]);
}

function judgeCanary(
  { rotation, executions }: Facts,
  { endpoint, target, result }: CanaryFacts,
): Finding[] {
  const { verdict, seen, milliseconds, identity } = result;
  if (verdict === "accepted") {
    return [
      finding(
        "canary",
        "ok",
        `${endpoint} accepts a signed call, in ${milliseconds} ms (version ${identity?.version})`,
      ),
    ];
  }
  if (verdict === "older") {
    return [
      finding("canary", "warning", `${endpoint} ${seen}`, {
        fix: "deploy this version, so that every check can tell who answered",
      }),
    ];
  }
  // While a key is rotated, one that no binding uses yet may be unknown.
  const isUnused = rotation !== undefined && target !== undefined &&
    !isBound({ executions: executions?.value ?? [] }, target);
  if (isUnused) return [];
  // Not sent for a target, it was signed with a key of the settings.
  const text = verdict === "refused" && target === undefined
    ? "does not accept the key in AUTHORIZATION_SIGNING_KEY"
    : seen;
  return [
    finding("canary", "broken", `${endpoint} ${text}`, {
      fix: FIXES[verdict],
    }),
  ];
}

/** Newer releases do not call private addresses. */
function judgePlace({ addresses }: Facts, endpoint: string): Finding[] {
  const { hostname } = new URL(endpoint);
  const [found] = (addresses.get(endpoint) ?? []).flatMap((address) =>
    judgeAddress(address, hostname) ?? []
  );
  if (found === undefined) return [];
  const { address, kind, subnet, denyList } = found;
  // A function on this machine is being developed.
  const level = kind === "loopback" ? "note" : "warning";
  return [
    finding(
      "address",
      level,
      `${endpoint} is at ${address}, a ${kind} address`,
      {
        fix:
          `ZITADEL_HTTPCLIENT_DENYLIST=${denyList}\nin ZITADEL's environment: the default list without just ${subnet}. Check it after each upgrade, since it replaces the default`,
      },
    ),
  ];
}
