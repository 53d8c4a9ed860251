/**
 * What the doctor knows: what several judges read. What only one of them reads, it
 * asks for itself.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import type { RoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import type { Instance } from "../zitadel/client.ts";
import type { CanaryResult } from "../function/canary.ts";
import type { Execution } from "../zitadel/execution.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";
import type { Organization } from "../zitadel/organization.ts";
import type { Application, Project } from "../zitadel/project.ts";
import type { Target } from "../zitadel/target.ts";
import type { Me } from "../zitadel/user.ts";
import type { Answer, Problem } from "./answer.ts";
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

/** How an instance answered. */
export interface Health {
  readonly milliseconds: number;
  /** How far its clock is ahead of this machine's, in seconds. */
  readonly skewSeconds: number | undefined;
}

/** A project with what the mapping and the logins depend on, and who owns it. */
export interface OwnedProject extends Project {
  readonly owner: Organization;
  readonly roles: readonly string[];
  readonly applications: readonly Application[];
}

/** A project of an organization, or one that was granted to it: with the roles that were granted, and no more. */
export type ProjectFacts =
  & Pick<OwnedProject, "id" | "name" | "roles" | "applications">
  & { readonly assertsRoles?: boolean };

/** What was looked at of the instance's projects. */
export interface ProjectsSeen {
  readonly projects: readonly OwnedProject[];
  /** Of all projects, also of ZITADEL's own. */
  readonly applications: readonly (Application & { project: OwnedProject })[];
  /** Whether these are all of the instance. */
  readonly isComplete: boolean;
}

/** An organization whose users log in, or whose metadata is read. */
export interface OrganizationFacts {
  readonly id: string;
  readonly name: string | undefined;
  /** Whether there is certainly no such organization. */
  readonly isMissing: boolean;
  /** As the function's service user reads it; `undefined` if not tried. */
  readonly metadata:
    | Answer<{
      readonly api: MetadataApi;
      readonly entries: readonly MetadataEntry[];
      readonly mapping: RoleMapping;
    }>
    | undefined;
  /** Its projects and those granted to it; `undefined` if no one could see them. */
  readonly projects: Answer<readonly ProjectFacts[]> | undefined;
}

/** A canary that was sent to the function. */
export interface Canary {
  /** Where ZITADEL calls it. */
  readonly endpoint: string;
  /** Where the canary was sent. */
  readonly asked: string;
  /** The target whose key signed it, if it was sent for one. */
  readonly target?: Target;
  readonly result: CanaryResult;
}

/** Something that was left, described, and what removes it. */
export interface Leftover {
  readonly text: string;
  readonly remove: () => Promise<unknown>;
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

/** Who looks. */
export interface Eyes {
  /** The function's service user. */
  readonly reader: Instance | undefined;
  /** The administrator, if the token is valid. */
  readonly admin: Instance | undefined;
  /** The administrator, if the token sees everything. */
  readonly owner: Instance | undefined;
}

export interface Facts extends TargetFacts, Eyes {
  /** The instance's public origin. */
  readonly origin: string;
  readonly health: Answer<Health>;
  /** Why the APIs do not answer although the instance does; `undefined` if they do. */
  readonly apiProblem: Problem | undefined;
  /** Whose the function's credential is, or why it is refused. */
  readonly credential: Answer<Me> | undefined;
  /** Whose the admin token is. */
  readonly me: Me | undefined;
  /** All organizations that can be seen. */
  readonly all: readonly Organization[];
  /** Those without what a live check left behind. */
  readonly listed: readonly Organization[];
  /** The organizations that were looked at. */
  readonly organizations: Answer<readonly OrganizationFacts[]>;
  /** How many more there are that were not. */
  readonly organizationsLeft: number;
  /** The organizations that the operator named. */
  readonly named: readonly string[];
  /** The instance's projects; `undefined` without a token that sees them. */
  readonly projects: Answer<ProjectsSeen> | undefined;
  readonly leftovers: readonly Leftover[];
  readonly canaries: readonly Canary[];
  /** The present, in milliseconds since 1970. */
  readonly now: number;
}

/** By which API metadata was read, which tells the release; `undefined` if none was. */
export function metadataApiOf(
  { organizations }: Pick<Facts, "organizations">,
): MetadataApi | undefined {
  return organizations.value?.find(({ metadata }) => metadata?.value)
    ?.metadata?.value?.api;
}
