import { lookup } from "node:dns/promises";
import type { CanaryVerdict } from "../function/canary.ts";
import { isBound } from "../zitadel/unfinished_rotation.ts";
import { functionsOf, oursOf } from "./facts.ts";
import type { Report } from "./finding.ts";
import type { Facts } from "./gather.ts";
import { judgeClock, judgeTls } from "./judge_instance.ts";
import { rotationOf } from "./judge_targets.ts";
import { judgeAddress } from "./private_address.ts";

type Canary = Facts["canaries"][number];

/** When the minor releases came out that this project was tested with (npm's registry). */
const RELEASED: Readonly<Record<string, string>> = { "2.9": "2026-06-25" };

/**
 * Deno fixes its newest minor release only, and brings out one every 12 weeks
 * (docs.deno.com, "Stability and releases", July 2026). So after 36 weeks a
 * release has had no fixes for about half a year.
 */
const MAX_AGE_MS = 36 * 7 * 24 * 60 * 60 * 1_000;

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
    target.interruptOnError && functionsOf(facts, [target]).length > 0
  );
  const silent = canaries.find(({ result, endpoint }) =>
    !result.accepted && guarding.some((it) => it.endpoint === endpoint)
  );
  if (silent) {
    const { endpoint, result } = silent;
    const unless = result.status === undefined
      ? ", unless ZITADEL can reach it"
      : "";
    const seen = `every login of the instance fails now${unless}`;
    report("locked_out", "broken", `${seen}: ${endpoint} ${result.seen}`);
  } else if (guarding.length > 0 && credential?.problem) {
    const seen =
      "logins of all users with roles fail now, or soon: the function cannot read the mapping";
    report("locked_out", "broken", seen);
  }
}

/** Judges what answers at the endpoints, and where they are. */
export async function judgeFunction(facts: Facts, report: Report) {
  if (facts.canaries.length === 0) {
    const seen =
      "the function was not called: its endpoint is not known; give it with --endpoint";
    report("canary", "note", seen);
  }
  for (const canary of facts.canaries) {
    judgeCanary(facts, canary, report);
    judgeTls("the function", canary.endpoint, report);
    await judgePlace(facts, canary.endpoint, report);
    judgeClock("the function's", canary.result.skewSeconds, report);
    judgeDeno(canary, facts.now, report);
  }
}

function judgeCanary(facts: Facts, canary: Canary, report: Report): void {
  const { asked, target, result } = canary;
  const { verdict, seen, milliseconds, identity } = result;
  if (verdict === "accepted") {
    const seen =
      `${asked} accepts a signed call, in ${milliseconds} ms (version ${identity?.version})`;
    return report("canary", "ok", seen);
  }
  const fix = FIXES[verdict];
  if (verdict === "older") {
    return report("canary", "warning", `${asked} ${seen}`, { fix });
  }
  // While a key is rotated, one that no binding uses yet may be unknown.
  const executions = facts.executions?.value ?? [];
  if (target && rotationOf(facts) && !isBound({ executions }, target)) return;
  // Not sent for a target, it was signed with a key of the settings.
  const text = verdict === "refused" && target === undefined
    ? "does not accept the key in AUTHORIZATION_SIGNING_KEY"
    : seen;
  report("canary", "broken", `${asked} ${text}`, { fix });
}

/** Returns the addresses of a host; none if it has none here. */
async function resolveHost(
  hostname: string,
): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** Newer releases do not call private addresses. */
async function judgePlace(facts: Facts, endpoint: string, report: Report) {
  const { resolve = resolveHost } = facts.options;
  const { hostname } = new URL(endpoint);
  const [found] = (await resolve(hostname)).flatMap((address) =>
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

/** Reports a function whose Deno is older than what gets fixes. */
function judgeDeno(canary: Canary, now: number, report: Report): void {
  const version = canary.result.identity?.deno ?? "";
  const released = RELEASED[version.split(".", 2).join(".")];
  if (!released || now - Date.parse(released) < MAX_AGE_MS) return;
  const seen =
    `${canary.endpoint} runs on Deno ${version}, a minor release of ${released}`;
  report("deno", "warning", seen);
}
