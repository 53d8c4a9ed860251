import assert from "node:assert/strict";
import { readConfig, type SettingName } from "../../lib/config/settings.ts";

/** A signing key. */
export const KEY = "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp";
/** A key file. */
export const KEY_FILE = JSON.stringify({
  type: "serviceaccount",
  keyId: "7",
  key:
    // As short as DER can be: a sequence that holds the bytes of "canary".
    "-----BEGIN RSA PRIVATE KEY-----\nMAZjYW5hcnk=\n-----END RSA PRIVATE KEY-----\n",
  expirationDate: "2027-01-01T00:00:00Z",
  userId: "8",
});
/** A private key. */
export const PRIVATE_JWK = JSON.stringify({
  kty: "EC",
  crv: "P-256",
  d: "canary",
});
/** A private key. */
export const PRIVATE_PEM =
  "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n";

/** Environment variables. */
export type Environment = Partial<Record<SettingName, string | undefined>>;

/** The least that must be set. */
export const least = {
  ZITADEL_DOMAIN: "example.zitadel.cloud",
  AUTHORIZATION_SIGNING_KEY: KEY,
  ACCESS_TOKEN: "token",
} satisfies Environment;

/** Least settings with another credential. */
export function withCredential(credential: Environment): Environment {
  return { ...least, ACCESS_TOKEN: undefined, ...credential };
}

/** What readConfig() says of settings that are wrong, without a word of any that has `canary`. */
export function messageOf(
  ...args: Parameters<typeof readConfig>
): string {
  let message = "";
  assert.throws(() => readConfig(...args), (error) => {
    assert.ok(error instanceof TypeError);
    message = error.message;
    return true;
  });
  assert.doesNotMatch(message, /can ?ary/);
  return message;
}

/** The names of the settings that a message complains about. */
export function namesIn(message: string): string[] {
  return message.split("\n").slice(1).map((line) => line.trim().split(" ")[0]!);
}
