import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from "jose";
import { newIdentifier } from "./identifier.ts";
import type { World } from "./world.ts";

/** A call of a target, and its reply. */
export interface Exchange {
  /** The id of the access token that it was made for, if it was issued in this call. */
  token?: string;
  /** When the call began, in milliseconds since 1970. */
  time: number;
  /**
   * What caused the call: `function/preaccesstoken`, `org.metadata.set`, ...
   */
  condition: string;
  target: { id: string; name: string; endpoint: string };
  /** The request; the payload is the body before JWT or JWE wrapping. */
  request: {
    headers: Record<string, string>;
    body: string;
    payload: unknown;
  };
  /** Absent if the call failed. */
  reply?: {
    status: number;
    headers: Record<string, string>;
    body: string;
  };
  /** Why there is no reply. */
  error?: string;
  ms: number;
}

/** The sandbox keeps this many exchanges for inspection. */
export const EXCHANGES_KEPT = 100;

export interface WebKey {
  kid: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

/** A running sandbox's world, and what acts on it. */
export interface Instance {
  readonly world: World;
  /** Whether targets at private addresses are refused, as since v4.15.2. */
  readonly denyPrivateAddresses: boolean;
  /** The issuer, and the base of every URL, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Signs tokens and JWT payloads. */
  readonly webKey: WebKey;
  readonly fetch: typeof fetch;
  readonly closing: AbortSignal;
  /** The last {@linkcode EXCHANGES_KEPT} exchanges, oldest first. */
  readonly exchanges: Exchange[];
  /** Deliveries in progress that no request waits for. */
  readonly pending: Set<Promise<unknown>>;
}

let webKey: Promise<WebKey> | undefined;

/**
 * Creates the signing key once per process, since that takes most of a second.
 * Tokens of several sandboxes differ in their issuer.
 */
export function ownWebKey(): Promise<WebKey> {
  return webKey ??= createWebKey();
}

async function createWebKey(): Promise<WebKey> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", {
    extractable: true,
  });
  const kid = newIdentifier();
  const publicJwk = {
    use: "sig",
    ...await exportJWK(publicKey),
    kid,
    alg: "RS256",
  };
  return { kid, privateKey, publicJwk };
}

/**
 * Tracks work that no request waits for, so that closing the sandbox can wait.
 */
export function inBackground(instance: Instance, work: Promise<unknown>): void {
  const tracked: Promise<unknown> = work
    .finally(() => instance.pending.delete(tracked));
  instance.pending.add(tracked);
}
