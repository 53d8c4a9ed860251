/** The releases that the sandbox can imitate. */
export const RELEASES = ["3.4", "4.6", "current"] as const;

export type Release = typeof RELEASES[number];

/**
 * Differences between releases in payloads and in how a missing API looks.
 * `services/mod.ts` lists which API each release has.
 */
export interface Traits {
  /** Function payloads contain `application`. */
  readonly application: boolean;
  /** Targets can have JWT and JWE payloads. */
  readonly payloadTypes: boolean;
  /** Services answer Connect, not only gRPC-web and REST. */
  readonly connect: boolean;
}

export const TRAITS: Readonly<Record<Release, Traits>> = {
  "3.4": { application: false, payloadTypes: false, connect: false },
  "4.6": { application: true, payloadTypes: false, connect: true },
  "current": { application: true, payloadTypes: true, connect: true },
};
