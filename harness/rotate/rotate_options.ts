/** The options of `deno task rotate`. */
export interface RotateOptions {
  /** The target's name. */
  readonly name: string;
  readonly envFile: string;
  /** How long to wait for the function to accept the new key, in seconds. */
  readonly wait: number;
  /** How many processes the function runs in. */
  readonly processes?: number | undefined;
  /** Where each process answers. */
  readonly endpoint: readonly string[];
  /** Rotate the service user's credential instead of the signing key. */
  readonly credential: boolean;
  /** How long the new credential is valid. */
  readonly credentialDays: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}
