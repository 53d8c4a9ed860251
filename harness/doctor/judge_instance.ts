/**
 * Judges the settings, the instance, and the function's credential.
 *
 * @module
 */
import { isLoopback } from "../util/is_loopback.ts";
import { EXPIRY_WARNING_DAYS } from "../zitadel/credential.ts";
import { type Facts, metadataApiOf } from "./facts.ts";
import type { FindingDetails, Report } from "./finding.ts";
import { count } from "./names.ts";

/** Half a minute is no fault yet, but no clock that is kept right is so far off. */
const SKEW_WARNING_SECONDS = 30;

/** The signature's tolerance. */
const SKEW_BROKEN_SECONDS = 300;

const DAY_MS = 24 * 60 * 60 * 1000;

/** What the APIs that are there tell about the release. */
const RELEASES = {
  v2: "v4.7 or later: metadata by v2",
  v2beta: "v4.0 to v4.6: metadata by v2beta",
  "management_v1": "v3: metadata by management v1",
} as const;

export function judgeInstance(facts: Facts, report: Report): void {
  const { origin, health, api, credential } = facts;
  judgeSettings(facts, report);
  if (health.problem) return report("reachable", "broken", health.problem);
  if (api) {
    const isOld = api.problem.reason === "no_metadata_api";
    const check = isOld ? "release" : "reachable";
    return report(check, "broken", api.problem);
  }
  const { milliseconds, skewSeconds } = health.value;
  report("reachable", "ok", `${origin} answers in ${milliseconds} ms`);
  judgeInternal(facts, report);
  const metadataApi = metadataApiOf(facts);
  if (metadataApi) report("release", "ok", RELEASES[metadataApi]);
  judgeTls("the instance", origin, report);
  judgeClock("ZITADEL's", skewSeconds, report);
  if (credential?.problem) {
    report("credential", "broken", credential.problem);
  } else if (credential) {
    report("credential", "ok", `valid, of ${credential.value.loginName}`);
    judgeExpiry(facts, report);
  }
}

function judgeSettings({ config }: Facts, report: Report): void {
  if (config.problem) {
    const [seen = "", ...problems] = config.problem.text.split("\n");
    const items = problems.map((line) => line.trim()).filter(Boolean);
    // What setup writes is all that is missing.
    const isSetUp = items.length > 0 &&
      items.every((it) =>
        /\b(AUTHORIZATION_SIGNING_KEY|ACCESS_TOKEN) is missing/.test(it)
      );
    const fix = isSetUp
      ? "deno task setup --service-user --endpoint URL\nor correct them in the env file or the environment"
      : undefined;
    return report("settings", "broken", seen.replace(/:$/, ""), { items, fix });
  }
  report("settings", "ok", "complete");
  for (const name of [config.value.claim, config.value.rolesClaim]) {
    if (name?.includes(".")) {
      report("claim_name", "warning", `"${name}" has a dot`);
    }
  }
}

function judgeInternal({ config, internal }: Facts, report: Report): void {
  if (internal === undefined) return;
  const url = config.value?.internalOrigin ?? "ZITADEL_INTERNAL_URL";
  if (internal.value) {
    const { milliseconds } = internal.value;
    return report("internal", "ok", `${url} answers in ${milliseconds} ms`);
  }
  const { reason, text } = internal.problem;
  // From another network than the function's, this may well be so.
  const isFar = reason === "unreachable" || reason === "timeout";
  if (!isFar) return report("internal", "broken", internal.problem);
  const seen = text.startsWith("not checked")
    ? text
    : `not checked from here: ${text}`;
  report("internal", "note", seen);
}

/** Judges how an address is protected on the way. */
export function judgeTls(whose: string, address: string, report: Report): void {
  const url = new URL(address);
  if (url.protocol === "https:") report("tls", "ok", `${whose} has TLS`);
  else if (isLoopback(url)) {
    report("tls", "ok", `${whose} has no TLS, and is on this machine`);
  } else report("tls", "warning", `${whose} has no TLS: ${address}`);
}

/** Judges how far a clock is ahead of this machine's, if that is known. */
export function judgeClock(
  whose: string,
  skewSeconds: number | undefined,
  report: Report,
): void {
  if (skewSeconds === undefined) return;
  const off = Math.abs(Math.round(skewSeconds));
  if (off < SKEW_WARNING_SECONDS) {
    return report("clock", "ok", `${whose} clock and this machine's agree`);
  }
  const level = off >= SKEW_BROKEN_SECONDS ? "broken" : "warning";
  const where = skewSeconds > 0 ? "ahead of" : "behind";
  report(
    "clock",
    level,
    `${whose} clock is ${off} s ${where} this machine's`,
  );
}

const ADMIN_EXPIRY = {
  why:
    "without an administrator's token interruptOnError cannot be turned off when logins fail",
  fix:
    "create a new one for the service user (console: Users > Service Users > Personal Access Tokens)",
} as const;

function judgeExpiry(
  { expiries, adminExpiries, now }: Facts,
  report: Report,
): void {
  if (adminExpiries?.value) {
    const times = adminExpiries.value;
    judgeEnd(["the admin token", times, now], report, ADMIN_EXPIRY);
  }
  if (expiries === undefined) return;
  if (expiries.problem) {
    return report("expiry", "note", `not known: ${expiries.problem.text}`);
  }
  judgeEnd(["the credential", expiries.value, now], report);
}

function judgeEnd(
  [what, times, now]: [what: string, times: readonly number[], now: number],
  report: Report,
  details: FindingDetails = {},
): void {
  if (times.length === 0) {
    return report("expiry", "ok", `${what} does not expire`);
  }
  const ahead = times.filter((time) => time > now);
  if (ahead.length === 0) {
    return report("expiry", "broken", `${what} has expired`, details);
  }
  const first = Math.min(...ahead);
  const which = ahead.length === 1
    ? what
    : `${what}, if it is the first of its user's ${ahead.length} tokens,`;
  const level = isSoon(first, now) ? "warning" : "ok";
  report("expiry", level, `${which} ${describeEnd(first, now)}`, details);
}

/** Reports whether something that ends is to be replaced by now. */
export function isSoon(end: number, now: number): boolean {
  return end - now < EXPIRY_WARNING_DAYS * DAY_MS;
}

export function describeEnd(end: number, now: number): string {
  const date = new Date(end).toISOString().slice(0, 10);
  return `expires on ${date}, in ${
    count(Math.floor((end - now) / DAY_MS), "day")
  }`;
}

/**
 * Judges IMPERSONATION=none, which needs a release that sends `actor`. ZITADEL
 * reports its release nowhere; the metadata API that it lacks shows an old one.
 */
export function judgeImpersonation(facts: Facts, report: Report): void {
  if (facts.config.value?.impersonation !== "none") return;
  const api = metadataApiOf(facts);
  const isOld = api === "management_v1" || api === "v2beta";
  const seen = isOld
    ? "none has no effect on this release, which does not send the actor"
    : "none is set; whether this release sends the actor cannot be asked";
  report("impersonation", isOld ? "warning" : "note", seen);
}
