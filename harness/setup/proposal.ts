import type { Settings } from "../cli/settings.ts";
import type { Organization } from "../zitadel/organization.ts";
import type { SettingChange } from "./change.ts";
import type { State } from "./plan.ts";

/** What is proposed for the env file, and what is left as it is. */
export interface Proposal {
  readonly settings: readonly SettingChange[];
  readonly notes: readonly string[];
}

export interface ProposalWish {
  /**
   * The organization that holds the mapping for all users; `undefined` if each
   * organization has its own: then its administrators could plant a project.
   */
  readonly organization: Organization | undefined;
  /** The metadata keys of the mapping. */
  readonly keys: readonly string[];
  /** The projects that the operator named. */
  readonly named: readonly string[];
  readonly forCustomers: boolean;
  /** The settings of the env file and the environment. */
  readonly settings: Settings;
  readonly state: Pick<State, "env" | "metadataApi">;
}
