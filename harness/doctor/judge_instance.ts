import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";

/** Half a minute is no fault yet, but no clock that is kept right is so far off. */
const SKEW_WARNING_SECONDS = 30;

/** The signature's tolerance. */
const SKEW_BROKEN_SECONDS = 300;

/** A credential that expires sooner is pointed out, in milliseconds. */
const EXPIRY_WARNING_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Judges the settings, the instance, and the function's credential.
 *
 * @param facts What is known.
 * @returns What was found.
 */
export function judgeInstance(facts: Facts): Finding[] {
  const { config, origin, health, metadataApi, credential } = facts;
  const findings: Finding[] = [];
  const add = (...it: Parameters<typeof finding>) =>
    findings.push(finding(...it));

  if (config.problem !== undefined) add("settings", "broken", config.problem);
  else add("settings", "ok", "complete");

  if (health.problem !== undefined) {
    add("reachable", "broken", `${origin} does not answer: ${health.problem}`);
    return findings;
  }
  const { status, milliseconds, skewSeconds } = health.value;
  add(
    "reachable",
    status === 200 ? "ok" : "broken",
    `${origin} answers ${status} in ${milliseconds} ms`,
  );
  if (metadataApi?.problem !== undefined) {
    add("release", "broken", metadataApi.problem);
  } else if (metadataApi) {
    add("release", "ok", RELEASES[metadataApi.value]);
  }
  findings.push(judgeTls("the instance", origin));
  if (skewSeconds !== undefined) {
    findings.push(judgeClock("ZITADEL's", skewSeconds));
  }

  if (credential?.problem !== undefined) {
    add("credential", "broken", credential.problem);
  } else if (credential) {
    add("credential", "ok", `valid, of ${credential.value.loginName}`);
    findings.push(...judgeExpiry(facts));
  }
  return findings;
}

/** What the APIs that are there say about the release. */
const RELEASES = {
  v2: "v4.7 or later: metadata by v2",
  v2beta: "v4.0 to v4.6: metadata by v2beta",
  "management_v1": "v3: metadata by management v1",
} as const;

/**
 * Judges how an address is protected on the way.
 *
 * @param whose Whose address it is, for the text.
 * @param address The address.
 * @returns What was found.
 */
export function judgeTls(whose: string, address: string): Finding {
  const { protocol, hostname } = new URL(address);
  if (protocol === "https:") return finding("tls", "ok", `${whose} has TLS`);
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  return loopback
    ? finding("tls", "ok", `${whose} has no TLS, and is on this machine`)
    : finding("tls", "warning", `${whose} has no TLS: ${address}`);
}

/**
 * Judges how far a clock is off.
 *
 * @param whose Whose clock it is, for the text.
 * @param skewSeconds How far it is ahead of this machine's, in seconds.
 * @returns What was found.
 */
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
  if (expiries.problem !== undefined) {
    return [finding("expiry", "note", `not known: ${expiries.problem}`)];
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
  const days = Math.floor((first - now) / (24 * 60 * 60 * 1000));
  const which = ahead.length === 1
    ? "the credential"
    : `the first of the service user's ${ahead.length} tokens`;
  return [
    finding(
      "expiry",
      first - now < EXPIRY_WARNING_MS ? "warning" : "ok",
      `${which} expires on ${date}, in ${days} days`,
    ),
  ];
}
