/** The releases that the sandbox can play. */
export const RELEASES = ["3.4", "4.6", "current"] as const;

/** A release that the sandbox can play. */
export type Release = typeof RELEASES[number];

/**
 * What differs between releases in what is sent to targets and in how a
 * missing API looks. Which API each release has is in `services/mod.ts`.
 */
export interface Traits {
  /** Whether function payloads hold `application`. */
  readonly application: boolean;
  /** Whether targets can have JWT and JWE payloads. */
  readonly payloadTypes: boolean;
  /** Whether services are reachable by Connect, not only gRPC-web and REST. */
  readonly connect: boolean;
}

/** What differs between releases, by release. */
export const TRAITS: Readonly<Record<Release, Traits>> = {
  "3.4": { application: false, payloadTypes: false, connect: false },
  "4.6": { application: true, payloadTypes: false, connect: true },
  "current": { application: true, payloadTypes: true, connect: true },
};
