import { FunctionError } from "../errors.ts";
import { Semaphore } from "../util/semaphore.ts";
import type { ReadBody } from "./body.ts";
import {
  findSigningKey,
  importSigningKeys,
  isTimely,
  parseSignatureHeader,
} from "./signature.ts";

/**
 * From this length on, in bytes, bodies are verified one after the other, so
 * that forged ones leave processor time to other calls: an HMAC of 1 MiB takes
 * 4 ms. The body budget bounds how many wait.
 */
export const LARGE_BODY_BYTES = 1024 * 1024;

/** A request that one of the configured keys has signed. */
export interface AuthenticRequest {
  /** The body as received. */
  readonly body: Uint8Array;
  /** The index of the key in AUTHORIZATION_SIGNING_KEY. */
  readonly signingKey: number;
}

/** What authenticating requests needs. */
export interface AuthenticateOptions {
  /** The signing keys of the targets that call. */
  readonly signingKeys: readonly string[];
  /** Reads bodies, within the bounds for unknown senders. */
  readonly readBody: ReadBody;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Verifies that ZITADEL sent a request.
 *
 * @param request The request.
 * @returns The body, and which key signed it.
 * @throws {FunctionError} `invalid_signature` if no configured key signed it in time, or what reading the body throws.
 */
export type Authenticate = (request: Request) => Promise<AuthenticRequest>;

/**
 * Creates the check of signatures. The header's form and timestamp are checked
 * before the body is read, and nothing is parsed before the signature is
 * verified over the raw bytes.
 *
 * @param options What the check needs.
 * @returns The check.
 */
export async function createAuthenticator(
  options: AuthenticateOptions,
): Promise<Authenticate> {
  const { readBody, now } = options;
  const signingKeys = await importSigningKeys(options.signingKeys);
  const largeBodies = new Semaphore(1);

  return async function authenticate(request) {
    const header = parseSignatureHeader(
      request.headers.get("zitadel-signature"),
    );
    if (!header) throw unsigned("the header is missing or malformed");
    if (!isTimely(header.timestamp, now())) {
      throw unsigned(
        "its timestamp is too old, or in the future",
        "Check that the clocks here and at ZITADEL agree",
      );
    }
    const { body, signingKey } = await readBody(request, async (body) => {
      using _turn = body.length >= LARGE_BODY_BYTES
        ? await largeBodies.acquire()
        : undefined;
      return {
        body,
        signingKey: await findSigningKey(signingKeys, header, body),
      };
    });
    if (signingKey === undefined) {
      throw unsigned(
        "no configured key matches the signature",
        "If ZITADEL is the caller: set AUTHORIZATION_SIGNING_KEY to the target's signing key, or a proxy changed the body (compressed or reformatted it)",
      );
    }
    return { body, signingKey };
  };
}

function unsigned(why: string, remedy?: string): FunctionError {
  return new FunctionError(
    "invalid_signature",
    `Refused a request by its ZITADEL-Signature: ${why}`,
    remedy === undefined ? {} : { remedy },
  );
}
