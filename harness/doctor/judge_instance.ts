import { isLoopback } from "../util/is_loopback.ts";
import { EXPIRY_WARNING_DAYS } from "../zitadel/credential.ts";
import { type Facts, metadataApiOf } from "./facts.ts";
import { type Finding, finding, problemFinding } from "./finding.ts";
import { count } from "./names.ts";

/** Half a minute is no fault yet, but no clock that is kept right is so far off. */
const SKEW_WARNING_SECONDS = 30;

/** The signature's tolerance. */
const SKEW_BROKEN_SECONDS = 300;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Judges the settings, the instance, and the function's credential. */
export function judgeInstance(facts: Facts): Finding[] {
  const { origin, health, api, credential } = facts;
  const findings = judgeSettings(facts);
  if (health.problem) {
    return [...findings, problemFinding("reachable", "broken", health.problem)];
  }
  if (api) {
    const isOld = api.problem.reason === "no_metadata_api";
    const check = isOld ? "release" : "reachable";
    return [...findings, problemFinding(check, "broken", api.problem)];
  }
  const { milliseconds, skewSeconds } = health.value;
  findings.push(
    finding("reachable", "ok", `${origin} answers in ${milliseconds} ms`),
    ...judgeInternal(facts),
    ...judgeRelease(facts),
    judgeTls("the instance", origin),
  );
  if (skewSeconds !== undefined) {
    findings.push(judgeClock("ZITADEL's", skewSeconds));
  }
  if (credential?.problem) {
    const { problem } = credential;
    findings.push(problemFinding("credential", "broken", problem));
  } else if (credential) {
    const { loginName } = credential.value;
    findings.push(
      finding("credential", "ok", `valid, of ${loginName}`),
      ...judgeExpiry(facts),
    );
  }
  return findings;
}

function judgeSettings({ config }: Facts): Finding[] {
  if (config.problem) {
    const [seen = "", ...problems] = config.problem.text.split("\n");
    const items = problems.map((line) => line.trim()).filter(Boolean);
    return [finding("settings", "broken", seen.replace(/:$/, ""), { items })];
  }
  const { claim, rolesClaim } = config.value;
  const dotted = [claim, rolesClaim].filter((name) => name?.includes("."));
  return [
    finding("settings", "ok", "complete"),
    ...dotted.map((name) =>
      finding("claim_name", "warning", `"${name}" has a dot`)
    ),
  ];
}

function judgeInternal({ config, internal }: Facts): Finding[] {
  if (internal === undefined) return [];
  const url = config.value?.internalOrigin ?? "ZITADEL_INTERNAL_URL";
  if (internal.value) {
    const { milliseconds } = internal.value;
    return [
      finding("internal", "ok", `${url} answers in ${milliseconds} ms`),
    ];
  }
  const { reason, text } = internal.problem;
  // From another network than the function's, this may well be so.
  const isFar = reason === "unreachable" || reason === "timeout";
  if (!isFar) return [problemFinding("internal", "broken", internal.problem)];
  const seen = text.startsWith("not checked")
    ? text
    : `not checked from here: ${text}`;
  return [finding("internal", "note", seen)];
}

/** What the APIs that are there tell about the release. */
const RELEASES = {
  v2: "v4.7 or later: metadata by v2",
  v2beta: "v4.0 to v4.6: metadata by v2beta",
  "management_v1": "v3: metadata by management v1",
} as const;

/** The release shows in what could be read. */
function judgeRelease(facts: Facts): Finding[] {
  const api = metadataApiOf(facts);
  return api ? [finding("release", "ok", RELEASES[api])] : [];
}

/** Judges how an address is protected on the way. */
export function judgeTls(whose: string, address: string): Finding {
  const url = new URL(address);
  if (url.protocol === "https:") {
    return finding("tls", "ok", `${whose} has TLS`);
  }
  return isLoopback(url)
    ? finding("tls", "ok", `${whose} has no TLS, and is on this machine`)
    : finding("tls", "warning", `${whose} has no TLS: ${address}`);
}

/** Judges how far a clock is ahead of this machine's. */
export function judgeClock(whose: string, skewSeconds: number): Finding {
  const off = Math.abs(Math.round(skewSeconds));
  const level = off >= SKEW_BROKEN_SECONDS
    ? "broken"
    : off >= SKEW_WARNING_SECONDS
    ? "warning"
    : "ok";
  const where = skewSeconds > 0 ? "ahead of" : "behind";
  return finding(
    "clock",
    level,
    level === "ok"
      ? `${whose} clock and this machine's agree`
      : `${whose} clock is ${off} s ${where} this machine's`,
  );
}

function judgeExpiry({ expiries, now }: Facts): Finding[] {
  if (expiries === undefined) return [];
  if (expiries.problem) {
    return [finding("expiry", "note", `not known: ${expiries.problem.text}`)];
  }
  if (expiries.value.length === 0) {
    return [finding("expiry", "ok", "the credential does not expire")];
  }
  const ahead = expiries.value.filter((time) => time > now);
  if (ahead.length === 0) {
    return [finding("expiry", "broken", "the credential has expired")];
  }
  const first = Math.min(...ahead);
  const date = new Date(first).toISOString().slice(0, 10);
  const days = Math.floor((first - now) / DAY_MS);
  const which = ahead.length === 1
    ? "the credential"
    : `the first of the service user's ${ahead.length} tokens`;
  const isSoon = first - now < EXPIRY_WARNING_DAYS * DAY_MS;
  return [
    finding(
      "expiry",
      isSoon ? "warning" : "ok",
      `${which} expires on ${date}, in ${count(days, "day")}`,
    ),
  ];
}
