import { CREDENTIAL_SETTINGS } from "../../lib/config/credential.ts";
import type { Config } from "../../lib/config/settings.ts";
import { FunctionError } from "../../lib/errors.ts";
import { judgeMissingApis } from "../../lib/zitadel/answer.ts";
import { upstreamError } from "../../lib/zitadel/upstream_fault.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import { checkEndpoint } from "../function/canary.ts";
import { skewOf } from "../function/clock_skew.ts";
import { connect, type Instance, originOf } from "../zitadel/client.ts";
import { connectionTo } from "../zitadel/connection.ts";
import { listExecutions } from "../zitadel/execution.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { networkCauseOf } from "../zitadel/network_cause.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { listTargets, type Target } from "../zitadel/target.ts";
import { whoAmI } from "../zitadel/user.ts";
import { type Answer, answer, problemOf } from "./answer.ts";
import {
  type GatherOptions,
  likelyTarget,
  oursOf,
  type TargetFacts,
} from "./facts.ts";
import { gatherOrganizations } from "./gather_organizations.ts";

/** How long the instance may take to describe itself, in milliseconds. */
const HEALTH_TIMEOUT_MS = 10_000;

/** No organization has this id: what is asked is who answers. */
const NO_ORGANIZATION = "0";

/** What several judges read. What only one of them reads, it asks for itself. */
export type Facts = Awaited<ReturnType<typeof gatherFacts>>;

/**
 * Gathers what the doctor judges, from the settings, the instance and the
 * function. What cannot be had is a fact too.
 *
 * @throws {SettingsError} If ZITADEL_DOMAIN is not an address.
 */
export async function gatherFacts(options: GatherOptions) {
  const { settings, onProgress } = options;
  const origin = originOf(settings.ZITADEL_DOMAIN ?? "");
  const config = await answer(() => readFunctionConfig(settings));
  onProgress?.("the instance");
  const health = await answer(() => askHealth({ domainOrigin: origin }));
  const token = settings.ZITADEL_ADMIN_TOKEN?.trim();
  const given = token && health.value ? connect(origin, token) : undefined;
  const credential = health.value && config.value
    ? await answer(() => askCredential(config.value))
    : undefined;
  // A service user gets no token either if the function fails its login. Whatever
  // else stops one of the two stops the other, too.
  const other = given && !isAnswered(credential)
    ? await answer(() => askApi(given, "ZITADEL_ADMIN_TOKEN"))
    : credential;
  const stopped = isAnswered(other) ? undefined : credential ?? other;
  const admin = stopped ? undefined : given;

  onProgress?.("targets and bindings");
  const targets = admin && await answer(() => listTargets(admin));
  const owner = targets?.value && admin;
  const executions = owner && await answer(() => listExecutions(owner));
  // A token that is not valid at all is one finding, not one for each look.
  const me = admin && (await answer(() => whoAmI(admin))).value;
  const eyes = {
    reader: credential?.value?.reader,
    admin: owner ?? (me && admin),
    owner,
  };
  const called: TargetFacts = { options, config, targets, executions };
  return {
    ...called,
    ...eyes,
    origin,
    health,
    /** Why the APIs do not answer although the instance does. */
    apiProblem: stopped?.problem,
    /** Whose the function's credential is, or why it is refused. */
    credential,
    /** Whose the admin token is. */
    me,
    ...await gatherOrganizations(options, config.value, eyes),
    canaries: await callFunction(called),
    /** In milliseconds since 1970. */
    now: Date.now(),
  };
}

/** Reports whether ZITADEL answered, be it that it refuses the credential. */
function isAnswered(api: Answer<unknown> | undefined): boolean {
  return api !== undefined &&
    (!api.problem || api.problem.reason === "credential_rejected");
}

/**
 * Asks for the discovery document, which is open to everyone: it shows whether
 * ZITADEL answers, and how the clocks differ.
 *
 * @throws {FunctionError} With the function's own words for what answered.
 */
export async function askHealth(origins: {
  readonly domainOrigin: string;
  readonly internalOrigin?: string;
}) {
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
    /** How far its clock is ahead of this machine's, if that is known. */
    skewSeconds: skewOf(date, (started + ended) / 2),
  };
}

/**
 * Checks that ZITADEL's APIs answer, and accept a token. A proxy may pass the
 * discovery document and stop gRPC-web.
 *
 * @throws {FunctionError} With the function's own words for what answered.
 */
async function askApi(instance: Instance, credential: string) {
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
async function askCredential(config: Config) {
  const reader = connect(config.origin, await getServiceToken(config));
  await askApi(reader, CREDENTIAL_SETTINGS[config.credential.kind]);
  return { ...await whoAmI(reader), reader };
}

/** Sends canaries to where ZITADEL calls the function, with each key. */
async function callFunction(facts: TargetFacts) {
  const { endpoint: given, probe, onProgress } = facts.options;
  onProgress?.("the function");
  const ours = oursOf(facts);
  const endpoint = given ??
    (ours.length === 0 ? likelyTarget(facts)?.endpoint ?? probe : undefined);
  const keys = facts.config.value?.signingKeys ?? [];
  const calls: { endpoint: string; signingKey: string; target?: Target }[] =
    endpoint === undefined
      ? ours.map((target) => ({ ...target, target }))
      : keys.map((signingKey) => ({ endpoint, signingKey }));
  const canaries = [];
  for (const { endpoint, signingKey, target } of calls) {
    const asked = probe ?? endpoint;
    const result = await checkEndpoint(asked, signingKey);
    /** Where ZITADEL calls, where it was sent, and the target it was signed for. */
    canaries.push({ endpoint, asked, target, result });
  }
  return canaries;
}
