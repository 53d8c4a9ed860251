/**
 * Asks and judges the instance, and judges the settings.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { CREDENTIAL_SETTINGS } from "../../lib/config/credential.ts";
import type { Config } from "../../lib/config/settings.ts";
import { FunctionError } from "../../lib/errors.ts";
import { judgeMissingApis } from "../../lib/zitadel/answer.ts";
import { upstreamError } from "../../lib/zitadel/upstream_fault.ts";
import { skewOf } from "../function/clock_skew.ts";
import { isLoopback } from "../util/is_loopback.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { connectionTo } from "../zitadel/connection.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { networkCauseOf } from "../zitadel/network_cause.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { whoAmI } from "../zitadel/user.ts";
import { answer, problemOf } from "./answer.ts";
import { type Facts, type Health, metadataApiOf } from "./facts.ts";
import type { Report } from "./finding.ts";
import { judgeExpiry } from "./judge_expiry.ts";

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

/** How long the instance may take to describe itself, in milliseconds. */
const HEALTH_TIMEOUT_MS = 10_000;

/**
 * Asks for the discovery document, which is open to everyone: it shows whether
 * ZITADEL answers, and how the clocks differ.
 *
 * @throws {FunctionError} With the function's own words for what answered.
 */
export async function askHealth(origins: {
  readonly domainOrigin: string;
  readonly internalOrigin?: string;
}): Promise<Health> {
  let date: string | null = null;
  const connection = connectionTo({
    ...origins,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      date = response.headers.get("date");
      return response;
    },
    timeoutMs: HEALTH_TIMEOUT_MS,
  });
  const signal = connection.startDeadline();
  const started = Date.now();
  try {
    const fault = await judgeMissingApis(connection, signal);
    // With a document, the APIs are the only thing that could be missing.
    if (fault.kind !== "no_metadata_api") throw fault;
  } catch (caught) {
    const action = "Cannot reach the instance";
    const error = upstreamError(caught, { action, connection, signal });
    const cause = networkCauseOf(error);
    if (!cause || !(error instanceof FunctionError)) throw error;
    throw new FunctionError(error.code, `${error.message}: ${cause.seen}`, {
      ...error.details,
      remedy: cause.fix,
    });
  }
  const ended = Date.now();
  return {
    milliseconds: ended - started,
    skewSeconds: skewOf(date, (started + ended) / 2),
  };
}

/** Returns the addresses of a host; none if it has none here. */
export async function resolveHost(
  hostname: string,
): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** No organization has this id: what is asked is who answers. */
const NO_ORGANIZATION = "0";

/**
 * Checks that ZITADEL's APIs answer, and accept a token. A proxy may pass the
 * discovery document and stop gRPC-web.
 *
 * @throws {FunctionError} With the function's own words for what answered.
 */
export async function askApi(
  instance: Instance,
  credential: string,
): Promise<void> {
  try {
    await listMetadata(instance, NO_ORGANIZATION);
  } catch (error) {
    const { reason } = problemOf(error);
    if (reason === "missing_permission") return;
    if (reason !== "credential_rejected") throw error;
    const message =
      `Cannot use the credential: ZITADEL refused the service user's ${credential}`;
    throw new FunctionError("upstream_failed", message, { reason });
  }
}

/** Returns whose the function's credential is, and the instance as that user sees it. */
export async function askCredential(config: Config) {
  const reader = connect(config.origin, await getServiceToken(config));
  await askApi(reader, CREDENTIAL_SETTINGS[config.credential.kind]);
  return { ...await whoAmI(reader), reader };
}

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
  const metadataApi = metadataApiOf(facts);
  if (metadataApi) report("release", "ok", RELEASES[metadataApi]);
  judgeTls("the instance", origin, report);
  judgeClock("ZITADEL's", skewSeconds, report);
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

/** Judges what ZITADEL_INTERNAL_URL answers, if its host can be resolved from here. */
async function judgeInternal(facts: Facts, report: Report) {
  const internalOrigin = facts.config.value?.internalOrigin;
  if (internalOrigin === undefined) return;
  const isFar = (why: string) =>
    report("internal", "note", `not checked from here: ${why}`);
  const { hostname } = new URL(internalOrigin);
  if ((await resolveHost(hostname)).length === 0) {
    return isFar(`${hostname} cannot be resolved`);
  }
  const { value, problem } = await answer(() =>
    askHealth({ domainOrigin: facts.origin, internalOrigin })
  );
  if (value) {
    const seen = `${internalOrigin} answers in ${value.milliseconds} ms`;
    report("internal", "ok", seen);
  } else if (problem.reason === "unreachable" || problem.reason === "timeout") {
    // From another network than the function's, this may well be so.
    isFar(problem.text);
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
export function judgeImpersonation(facts: Facts, report: Report): void {
  if (facts.config.value?.impersonation !== "none") return;
  const api = metadataApiOf(facts);
  const isOld = api === "management_v1" || api === "v2beta";
  const seen = isOld
    ? "none has no effect on this release, which does not send the actor"
    : "none is set; whether this release sends the actor cannot be asked";
  report("impersonation", isOld ? "warning" : "note", seen);
}
