import type { Instance } from "../zitadel/client.ts";

/** What a set-up works on. */
export interface Place {
  /** The instance, with a token of IAM_OWNER. */
  readonly instance: Instance;
  /** Whose metadata holds the mapping; `undefined` if none is touched. */
  readonly organization: string | undefined;
  /** The env file that takes the signing key and the credential. */
  readonly envFile: string;
}
