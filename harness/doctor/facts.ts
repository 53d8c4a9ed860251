/**
 * What the doctor looks at, and which targets are the function's.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import type { Instance } from "../zitadel/client.ts";
import type { Execution } from "../zitadel/execution.ts";
import type { Organization } from "../zitadel/organization.ts";
import type { Application, Project } from "../zitadel/project.ts";
import { DEFAULT_TARGET_NAME, type Target } from "../zitadel/target.ts";
import type { Answer } from "./answer.ts";
import type { DoctorOptions } from "./command_line.ts";

/** What the doctor is to look at. */
export interface GatherOptions
  extends Partial<Pick<DoctorOptions, "clientId" | "endpoint" | "probe">> {
  /** The settings of the function, and ZITADEL_ADMIN_TOKEN, by name. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** The organizations to look at; else those that there are. */
  readonly org: readonly string[];
  /** Is told what is being looked at. */
  readonly onProgress?: (what: string) => void;
  /** Resolves a host's addresses; the system's resolver by default. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
}

/** A project with what the mapping and the logins depend on, and who owns it. */
export interface OwnedProject extends Project {
  readonly owner: Organization;
  readonly roles: readonly string[];
  readonly applications: readonly Application[];
}

/** Who looks. */
export interface Eyes {
  /** The function's service user. */
  readonly reader: Instance | undefined;
  /** The administrator, if the token is valid. */
  readonly admin: Instance | undefined;
  /** The administrator, if the token sees everything. */
  readonly owner: Instance | undefined;
}

/** The settings, and what ZITADEL calls. */
export interface TargetFacts {
  readonly options: GatherOptions;
  /** The function's settings, or what is wrong with them. */
  readonly config: Answer<Config>;
  /** The instance's targets; `undefined` without an admin token. */
  readonly targets: Answer<readonly Target[]> | undefined;
  /** What is bound on the instance; `undefined` without an admin token. */
  readonly executions: Answer<readonly Execution[]> | undefined;
}

export const ACCESS_TOKEN = "function/preaccesstoken";
export const FUNCTIONS = [
  ACCESS_TOKEN,
  "function/preuserinfo",
  "function/presamlresponse",
];

/** The targets that sign with a key of the function. */
export function oursOf({ config, targets }: TargetFacts): Target[] {
  const keys = config.value?.signingKeys ?? [];
  return (targets?.value ?? []).filter((it) => keys.includes(it.signingKey));
}

/** The conditions that call one of the targets. */
export function conditionsOf(
  { executions }: TargetFacts,
  targets: readonly Target[],
): string[] {
  return (executions?.value ?? []).filter((execution) =>
    targets.some(({ id }) => execution.targets.includes(id))
  ).map(({ condition }) => condition);
}

/** The functions that call one of the targets. */
export function functionsOf(
  facts: TargetFacts,
  targets: readonly Target[],
): string[] {
  return conditionsOf(facts, targets).filter((it) => FUNCTIONS.includes(it));
}

/** The target that is probably the function's, whatever its key: the one of the default name, or the only one that is called. */
export function likelyTarget(facts: TargetFacts): Target | undefined {
  const all = facts.targets?.value ?? [];
  const named = all.filter(({ name }) => name === DEFAULT_TARGET_NAME);
  const called = all.filter((it) => functionsOf(facts, [it]).length > 0);
  return [named, called].find(({ length }) => length === 1)?.[0];
}
