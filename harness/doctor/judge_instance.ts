/**
 * Judges the settings, the instance, its clock, and
 * when the credential expires.
 *
 * @module
 */
import type { Credential } from "../../lib/config/credential.ts";
import { isLoopback } from "../util/is_loopback.ts";
import type { Instance } from "../zitadel/client.ts";
import { EXPIRY_WARNING_DAYS, listCredentials } from "../zitadel/credential.ts";
import type { Me } from "../zitadel/user.ts";
import { type Answer, answer } from "./answer.ts";
import type { Level, Report } from "./finding.ts";
import { askHealth, type Facts } from "./gather.ts";
import { count } from "./names.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const ADMIN_EXPIRY = {
  why:
    "without an administrator's token interruptOnError cannot be turned off when logins fail",
  fix:
    "create a new one for the service user (console: Users > Service Users > Personal Access Tokens)",
} as const;

/** Half a minute is no fault yet, but no clock that is kept right is so far off. */
const SKEW_WARNING_SECONDS = 30;

/** The signature's tolerance. */
const SKEW_BROKEN_SECONDS = 300;

/** What the APIs that are there tell about the release. */
const RELEASES = {
  v2: "v4.7 or later: metadata by v2",
  v2beta: "v4.0 to v4.6: metadata by v2beta",
  "management_v1": "v3: metadata by management v1",
} as const;

export async function judgeInstance(facts: Facts, report: Report) {
  const { origin, health, apiProblem, credential } = facts;
  judgeSettings(facts, report);
  if (health.problem) return report("reachable", "broken", health.problem);
  if (apiProblem) {
    const isOld = apiProblem.reason === "no_metadata_api";
    return report(isOld ? "release" : "reachable", "broken", apiProblem);
  }
  const { milliseconds, skewSeconds } = health.value;
  report("reachable", "ok", `${origin} answers in ${milliseconds} ms`);
  await judgeInternal(facts, report);
  if (facts.metadataApi) report("release", "ok", RELEASES[facts.metadataApi]);
  judgeTls("the instance", origin, report);
  judgeClock("ZITADEL's", skewSeconds, report);
  judgeImpersonation(facts, report);
  if (credential?.problem) {
    report("credential", "broken", credential.problem);
  } else if (credential) {
    report("credential", "ok", `valid, of ${credential.value.loginName}`);
    await judgeExpiry(facts, report);
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

/** Judges what ZITADEL_INTERNAL_URL answers, if it can be reached from here. */
async function judgeInternal(facts: Facts, report: Report) {
  const internalOrigin = facts.config.value?.internalOrigin;
  if (internalOrigin === undefined) return;
  const { value, problem } = await answer(() =>
    askHealth({ domainOrigin: facts.origin, internalOrigin })
  );
  if (value) {
    const seen = `${internalOrigin} answers in ${value.milliseconds} ms`;
    report("internal", "ok", seen);
  } else if (problem.reason === "unreachable" || problem.reason === "timeout") {
    // From another network than the function's, this may well be so.
    report("internal", "note", `not checked from here: ${problem.text}`);
  } else report("internal", "broken", problem);
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
  const seen = `${whose} clock is ${off} s ${where} this machine's`;
  report("clock", level, seen);
}

/**
 * Judges IMPERSONATION=none, which needs a release that sends `actor`. ZITADEL
 * reports its release nowhere; the metadata API that it lacks shows an old one.
 */
function judgeImpersonation(facts: Facts, report: Report): void {
  if (facts.config.value?.impersonation !== "none") return;
  const api = facts.metadataApi;
  const isOld = api === "management_v1" || api === "v2beta";
  const seen = isOld
    ? "IMPERSONATION=none has no effect on this release, which does not send the actor"
    : "IMPERSONATION=none is set; whether this release sends the actor cannot be asked";
  report("impersonation", isOld ? "warning" : "note", seen);
}

/** Judges when the credential and the admin token expire. */
async function judgeExpiry(facts: Facts, report: Report) {
  const { config, credential, reader, admin, me, now } = facts;
  const { ZITADEL_ADMIN_TOKEN: token, ZITADEL_ADMIN_KEY_FILE: file } =
    facts.options.settings;
  // A token that was requested for a key file ends within hours.
  if (admin && me && token && !file) {
    const kind = "personal_access_token";
    const { value } = await askExpiries(admin, { kind, token }, me);
    const judged = value && judgeEnd("the admin token", value, now);
    if (judged) report("expiry", ...judged, ADMIN_EXPIRY);
  }
  if (!config.value || !credential?.value) return;
  const own = config.value.credential;
  let found: Answer<readonly number[]> | undefined;
  for (const asker of [reader, admin]) {
    if (!asker || found?.value) continue;
    found = await askExpiries(asker, own, credential.value);
  }
  if (found?.value) {
    report("expiry", ...judgeEnd("the credential", found.value, now));
  } else if (found) {
    report("expiry", "note", `not known: ${found.problem.text}`);
  }
}

/**
 * Finds out when a user's credential expires, in milliseconds since 1970: several
 * times if it is not known which of them it is, none if it does not expire.
 */
async function askExpiries(
  instance: Instance,
  credential: Credential,
  { organization, id: user }: Me,
): Promise<Answer<readonly number[]>> {
  if (credential.kind === "client_credentials") return { value: [] };
  const key = credential.kind === "jwt_profile" ? credential.key : undefined;
  if (key?.expirationDate) return { value: [Date.parse(key.expirationDate)] };
  return await answer(async () => {
    const all = await listCredentials(instance, { organization, user });
    return all.filter((it) => key ? it.id === key.keyId : it.kind === "pat")
      .flatMap(({ expiresAt }) => expiresAt ?? []);
  });
}

function judgeEnd(
  what: string,
  times: readonly number[],
  now: number,
): [Level, string] {
  if (times.length === 0) return ["ok", `${what} does not expire`];
  const ahead = times.filter((time) => time > now);
  if (ahead.length === 0) return ["broken", `${what} has expired`];
  const first = Math.min(...ahead);
  const which = ahead.length === 1
    ? what
    : `${what}, if it is the first of its user's ${ahead.length} tokens,`;
  const level = isSoon(first, now) ? "warning" : "ok";
  return [level, `${which} ${describeEnd(first, now)}`];
}

/** Reports whether something that ends is to be replaced by now. */
export function isSoon(end: number, now: number): boolean {
  return end - now < EXPIRY_WARNING_DAYS * DAY_MS;
}

export function describeEnd(end: number, now: number): string {
  const date = new Date(end).toISOString().slice(0, 10);
  const days = count(Math.floor((end - now) / DAY_MS), "day");
  return `expires on ${date}, in ${days}`;
}
