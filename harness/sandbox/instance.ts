import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from "jose";
import { newIdentifier } from "./identifier.ts";
import type { Release } from "./release.ts";
import type { World } from "./world.ts";

/** One call of a target and what came of it. */
export interface Exchange {
  /** When the call began, in milliseconds since 1970. */
  time: number;
  /** What led to it: `function/preaccesstoken`, `org.metadata.set`, ... */
  condition: string;
  target: { id: string; name: string; endpoint: string };
  /** What was sent; the payload is the body before JWT or JWE wrapping. */
  request: {
    headers: Record<string, string>;
    body: string;
    payload: unknown;
  };
  /** What came back; absent where nothing did. */
  reply?: {
    status: number;
    headers: Record<string, string>;
    body: string;
  };
  /** Why there is no reply. */
  error?: string;
  ms: number;
}

/** How many exchanges are kept to be looked at. */
export const EXCHANGES_KEPT = 100;

/** The key that signs tokens and JWT payloads. */
export interface WebKey {
  kid: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

/** A running sandbox's world, and what acts on it. */
export interface Instance {
  readonly world: World;
  readonly release: Release;
  /** Whether targets at private addresses are refused, as since v4.15.2. */
  readonly denyPrivateAddresses: boolean;
  /** The issuer and base of every URL, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The key that signs tokens and JWT payloads. */
  readonly webKey: WebKey;
  readonly fetch: typeof fetch;
  readonly closing: AbortSignal;
  /** The last {@linkcode EXCHANGES_KEPT} exchanges, oldest first. */
  readonly exchanges: Exchange[];
  /** Told of every exchange as it ends. */
  readonly onExchange: (exchange: Exchange) => void;
  /** Deliveries under way that nobody waits for. */
  readonly pending: Set<Promise<unknown>>;
  /** Told what happens, in one line each. */
  readonly log: (line: string) => void;
}

let webKey: Promise<WebKey> | undefined;

/**
 * Makes the signing key, once for all instances of a process: it takes the
 * better part of a second, and issuers tell their tokens apart.
 */
export function ownWebKey(): Promise<WebKey> {
  return webKey ??= makeWebKey();
}

async function makeWebKey(): Promise<WebKey> {
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
 * Keeps track of work that nobody waits for, so that it can be awaited when
 * the sandbox closes.
 */
export function inBackground(instance: Instance, work: Promise<unknown>): void {
  const tracked: Promise<unknown> = work
    .catch((error) => instance.log(`Background work failed: ${error}`))
    .finally(() => instance.pending.delete(tracked));
  instance.pending.add(tracked);
}
