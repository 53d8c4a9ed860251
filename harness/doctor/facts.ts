/**
 * What the doctor knows. Facts are gathered in one place and judged in others,
 * so that every judgement can be tried without an instance.
 *
 * @module
 */
import type { Config } from "../../lib/config.ts";
import type { RoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { CanaryResult } from "../function/canary.ts";
import type { Execution } from "../zitadel/execution.ts";
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import type { Application } from "../zitadel/project.ts";
import type { Target } from "../zitadel/target.ts";

/** Something that was asked for: what came, or why it did not. */
export type Answer<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string };

/** A project with what the mapping and the logins depend on. */
export interface ProjectFacts {
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Whether it asserts roles; `undefined` where another organization owns it. */
  readonly assertsRoles: boolean | undefined;
  /** Its roles, or those that were granted. */
  readonly roles: readonly string[];
  /** Its applications; none where another organization owns it. */
  readonly applications: readonly Application[];
}

/** An organization whose users log in, or whose metadata is read. */
export interface OrganizationFacts {
  /** Its id. */
  readonly id: string;
  /** Its name, where it is known. */
  readonly name: string | undefined;
  /** Whether the function's service user may read it. */
  readonly readable: Answer<boolean>;
  /** Its mapping, as the function compiles it. */
  readonly mapping: Answer<RoleMapping> | undefined;
  /** Its projects and those granted to it. */
  readonly projects: Answer<readonly ProjectFacts[]>;
}

/** How an instance answered. */
export interface HealthFacts {
  /** The HTTP status. */
  readonly status: number;
  /** How long it took, in milliseconds. */
  readonly milliseconds: number;
  /** How far its clock is ahead of this machine's, in seconds. */
  readonly skewSeconds: number | undefined;
}

/** Everything that is judged. */
export interface Facts {
  /** The function's settings, or what is wrong with them. */
  readonly config: Answer<Config>;
  /** The instance's origin. */
  readonly origin: string;
  /** What the instance's OpenID configuration answered. */
  readonly health: Answer<HealthFacts>;
  /** By which API metadata is served; `undefined` where it could not be asked. */
  readonly metadataApi: Answer<MetadataApi> | undefined;
  /** Whose the function's credential is, or why it is refused. */
  readonly credential: Answer<{ readonly loginName: string }> | undefined;
  /** When the credential expires, in milliseconds since 1970; several where it is not known which of them it is; none where it does not. */
  readonly expiries: Answer<readonly number[]> | undefined;
  /** The organizations that were looked at. */
  readonly organizations: Answer<readonly OrganizationFacts[]>;
  /** How many more there are that were not. */
  readonly organizationsLeft: number;
  /** Whether those organizations were named by the operator. */
  readonly organizationsNamed: boolean;
  /** Whether several organizations own projects; where not all may be seen, of those that may. */
  readonly severalOwners: boolean;
  /** The client id to look at in particular. */
  readonly clientId: string | undefined;
  /** The instance's targets; `undefined` without an admin token. */
  readonly targets: Answer<readonly Target[]> | undefined;
  /** What is bound on the instance; `undefined` without an admin token. */
  readonly executions: Answer<readonly Execution[]> | undefined;
  /** The canary calls that were sent: where, and what became of them. */
  readonly canaries: readonly {
    readonly endpoint: string;
    readonly result: CanaryResult;
  }[];
  /** The present, in milliseconds since 1970. */
  readonly now: number;
}
