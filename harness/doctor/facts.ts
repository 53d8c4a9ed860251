/**
 * What the doctor knows. Facts are gathered in one place and judged in others,
 * so that every judgement can be tried without an instance.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import type { RoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import type { CanaryResult } from "../function/canary.ts";
import type { UnfinishedRotation } from "../zitadel/unfinished_rotation.ts";
import type { ActionV1 } from "../zitadel/action_v1.ts";
import type { Manager } from "../zitadel/managers.ts";
import type { Me } from "../zitadel/user.ts";
import type { Execution } from "../zitadel/execution.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";
import type { Organization } from "../zitadel/organization.ts";
import type { Application } from "../zitadel/project.ts";
import type { PublicKey } from "../zitadel/public_key.ts";
import type { ServiceUser } from "../zitadel/service_user.ts";
import type { Target } from "../zitadel/target.ts";
import type { Answer, Problem } from "./answer.ts";
import type { Leftovers } from "./leftovers.ts";

/** A project with what the mapping and the logins depend on. */
export interface ProjectFacts {
  readonly id: string;
  readonly name: string;
  /** Whether it asserts roles; `undefined` if another organization owns it. */
  readonly assertsRoles: boolean | undefined;
  /** Its roles, or those that were granted. */
  readonly roles: readonly string[];
  /** Its applications; none if another organization owns it. */
  readonly applications: readonly Application[];
}

/** A project and who owns it. */
export interface OwnedProject {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly owner: Organization;
  readonly isActive: boolean;
}

/** An organization's metadata, and what the function makes of it. */
export interface MetadataFacts {
  readonly api: MetadataApi;
  readonly entries: readonly MetadataEntry[];
  readonly mapping: RoleMapping;
}

/** An organization whose users log in, or whose metadata is read. */
export interface OrganizationFacts {
  readonly id: string;
  readonly name: string | undefined;
  /** Whether there is certainly no such organization. */
  readonly isMissing: boolean;
  /** As the function's service user reads it; `undefined` if not tried. */
  readonly metadata: Answer<MetadataFacts> | undefined;
  /** Its projects and those granted to it; `undefined` if no one could see them. */
  readonly projects: Answer<readonly ProjectFacts[]> | undefined;
}

/** How an instance answered. */
export interface HealthFacts {
  readonly milliseconds: number;
  /** How far its clock is ahead of this machine's, in seconds. */
  readonly skewSeconds: number | undefined;
}

/** What was looked at of the instance's projects. */
export interface ProjectsSeen {
  readonly projects: readonly OwnedProject[];
  /** Whether these are all projects of the instance. */
  readonly isComplete: boolean;
}

/** The actions (Actions v1) that can add to what an organization's users are issued. */
export interface OrganizationActions {
  readonly organization: Organization;
  readonly actions: readonly ActionV1[];
}

/** What was looked at of all organizations' actions. */
export interface ActionsSeen {
  /** The organizations that have some. */
  readonly looked: readonly OrganizationActions[];
  /** Those whose actions could not be read. */
  readonly unread: readonly {
    readonly organization: Organization;
    readonly problem: Problem;
  }[];
  /** How many more there are that were not looked at. */
  readonly left: number;
}

/** Organizations beside the operator's that can act on the function's claims. */
export interface CustomersSeen {
  /** Those that a project whose roles count is granted to. */
  readonly granted: readonly Organization[];
  /** Those with an `ORG_OWNER` who is no administrator of the instance. */
  readonly owned: readonly Organization[];
  /** Deactivated grants of projects whose roles count, described. */
  readonly deactivated: readonly string[];
}

/** What was looked at of the instance's applications. */
export interface ApplicationsSeen {
  readonly applications: readonly (
    & Pick<Application, "clientId" | "name">
    & { readonly project: { readonly id: string; readonly name: string } }
  )[];
  /** Whether these are all applications of the instance. */
  readonly isComplete: boolean;
}

/** A canary that was sent to the function. */
export interface CanaryFacts {
  /** Where ZITADEL calls it. */
  readonly endpoint: string;
  /** Where the canary was sent, if not there. */
  readonly asked?: string;
  /** The target whose key signed it, if it was sent for one. */
  readonly target: Target | undefined;
  readonly result: CanaryResult;
}

/** A manager, and for which target `setup` created it, if it did. */
export interface ManagerFacts
  extends Manager, Pick<ServiceUser, "createdFor"> {}

/** Everything that is judged. */
export interface Facts {
  /** The function's settings, or what is wrong with them. */
  readonly config: Answer<Config>;
  /** The instance's public origin. */
  readonly origin: string;
  readonly health: Answer<HealthFacts>;
  /** Why the APIs do not answer although the instance does; `undefined` if they do. */
  readonly api: { readonly problem: Problem } | undefined;
  /** What ZITADEL_INTERNAL_URL answers; `undefined` if it is unset. */
  readonly internal: Answer<HealthFacts> | undefined;
  /** Whose the function's credential is, or why it is refused. */
  readonly credential: Answer<Pick<Me, "id" | "loginName">> | undefined;
  /** When the credential expires, in milliseconds since 1970; several if it is not known which of them it is; none if it does not. */
  readonly expiries: Answer<readonly number[]> | undefined;
  /** The organizations that were looked at. */
  readonly organizations: Answer<readonly OrganizationFacts[]>;
  /** How many more there are that were not. */
  readonly organizationsLeft: number;
  /** Whether those organizations were named by the operator. */
  readonly organizationsNamed: boolean;
  /** The instance's projects; `undefined` without a token that sees them. */
  readonly projects: Answer<ProjectsSeen> | undefined;
  /** The organizations' actions; `undefined` without a token that sees them. */
  readonly actions: ActionsSeen | undefined;
  /** Customers' organizations; `undefined` without a token of IAM_OWNER. */
  readonly customers: Answer<CustomersSeen> | undefined;
  /** Who has a manager's role; `undefined` without a token of IAM_OWNER. */
  readonly managers: Answer<readonly ManagerFacts[]> | undefined;
  /** When the administrator's personal access tokens expire, as `expiries`. */
  readonly adminExpiries: Answer<readonly number[]> | undefined;
  /** Whose the admin token is. */
  readonly adminId: string | undefined;
  /** `undefined` if APPLICATIONS is unset. */
  readonly applications: Answer<ApplicationsSeen> | undefined;
  /** The client id to look at in particular. */
  readonly clientId: string | undefined;
  /** The instance's targets; `undefined` without an admin token. */
  readonly targets: Answer<readonly Target[]> | undefined;
  /** What is bound on the instance; `undefined` without an admin token. */
  readonly executions: Answer<readonly Execution[]> | undefined;
  /** The active public keys of the function's targets with encrypted payloads, by the target's id. */
  readonly publicKeys: ReadonlyMap<string, Answer<readonly PublicKey[]>>;
  /** Deactivated organizations. */
  readonly deactivated: readonly Organization[];
  readonly rotation: UnfinishedRotation | undefined;
  readonly canaries: readonly CanaryFacts[];
  /** The addresses of the endpoints' hosts, as resolved from here. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** How long access tokens live, in seconds; `undefined` without an admin token. */
  readonly tokenSeconds: Answer<number> | undefined;
  readonly leftovers: Leftovers;
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
