import { readFunctionConfig } from "../cli/function_config.ts";
import { connect, originOf } from "../zitadel/client.ts";
import { listExecutions } from "../zitadel/execution.ts";
import { listTargets } from "../zitadel/target.ts";
import { whoAmI } from "../zitadel/user.ts";
import { type Answer, answer } from "./answer.ts";
import type { Facts, GatherOptions } from "./facts.ts";
import { askApi, askCredential, askHealth } from "./judge_instance.ts";
import { gatherOrganizations } from "./gather_organizations.ts";
import { callFunction } from "./judge_function.ts";

/**
 * Gathers what the doctor judges, from the settings, the instance and the
 * function. What cannot be had is a fact too.
 *
 * @throws {SettingsError} If ZITADEL_DOMAIN is not an address.
 */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
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
  const called = { options, config, targets, executions };
  return {
    ...called,
    ...eyes,
    ...{ origin, health, apiProblem: stopped?.problem, credential, me },
    ...await gatherOrganizations(options, config.value, eyes),
    canaries: await callFunction(called),
    now: Date.now(),
  };
}

/** Reports whether ZITADEL answered, be it that it refuses the credential. */
function isAnswered(api: Answer<unknown> | undefined): boolean {
  return api !== undefined &&
    (!api.problem || api.problem.reason === "credential_rejected");
}
