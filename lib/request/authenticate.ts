import { FunctionError } from "../errors.ts";
import type { Clock } from "../util/clock.ts";
import { Semaphore } from "../util/semaphore.ts";
import { createBodyReader } from "./body.ts";
import { LARGE_BODY_BYTES } from "./body_budget.ts";
import {
  findSigningKey,
  importSigningKeys,
  isTimely,
  parseSignatureHeader,
  type SignatureHeader,
} from "./signature.ts";

/**
 * Creates the check of signatures. The header's form and timestamp are checked
 * before the body is read, and nothing is parsed before the signature is
 * verified over the raw bytes.
 */
export async function createAuthenticator(
  secrets: readonly string[],
  clock: Clock,
) {
  const signingKeys = await importSigningKeys(secrets);
  const readBody = createBodyReader(clock);
  // Web Crypto hashes on another thread, 40 ms for 10 MiB. One large body at a
  // time leaves processor time to other calls.
  const largeBodies = new Semaphore(1);

  /**
   * Verifies that ZITADEL sent a request. Returns the body as received, and the
   * index of the key in AUTHORIZATION_SIGNING_KEY.
   *
   * @throws {FunctionError} `invalid_signature` if no configured key signed it in time, or what reading the body throws.
   */
  return async function authenticate(request: Request) {
    const value = request.headers.get("zitadel-signature");
    const header = parseSignatureHeader(value);
    if (!header) throw unsigned("the header is missing or malformed");
    if (!isTimely(header.timestamp, clock.now())) {
      throw unsigned(
        "its timestamp is too old, or in the future",
        "Check that the clocks here and at ZITADEL agree",
      );
    }
    const { bytes, release } = await readBody(request);
    try {
      const signingKey = bytes.length > LARGE_BODY_BYTES
        ? await findInTurn(header, bytes)
        : await findSigningKey(signingKeys, header, bytes);
      if (signingKey !== undefined) return { body: bytes, signingKey };
    } finally {
      release();
    }
    throw unsigned(
      "no configured key matches the signature",
      "If ZITADEL is the caller: set AUTHORIZATION_SIGNING_KEY to the target's signing key, or a proxy changed the body (compressed or reformatted it)",
    );
  };

  async function findInTurn(header: SignatureHeader, body: Uint8Array) {
    using _turn = await largeBodies.acquire();
    return await findSigningKey(signingKeys, header, body);
  }
}

function unsigned(why: string, remedy?: string): FunctionError {
  return new FunctionError(
    "invalid_signature",
    `Refused a request by its ZITADEL-Signature: ${why}`,
    remedy === undefined ? {} : { remedy },
  );
}
