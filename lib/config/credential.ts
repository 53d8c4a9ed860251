import * as z from "zod/mini";
import { asText, type Fail, optional, parseObject } from "./setting.ts";

/** How the function proves to ZITADEL that it is its service user. */
export type Credential =
  | { readonly kind: "personal_access_token"; readonly token: string }
  | {
    readonly kind: "client_credentials";
    readonly clientId: string;
    readonly clientSecret: string;
  }
  | {
    readonly kind: "jwt_profile";
    readonly key: ServiceAccountKey;
    /** The setting as given. */
    readonly text: string;
  };

/** The JSON key file of a service user, as ZITADEL issues it. */
export interface ServiceAccountKey {
  /** The id under which ZITADEL knows the public key. */
  readonly keyId: string;
  /** The private key, as PEM: PKCS#1 in ZITADEL's files. */
  readonly key: string;
  /** The service user, as issuer and subject of the assertion. */
  readonly userId: string;
  /** When the key expires, as an ISO time; absent in files of some releases. */
  readonly expirationDate?: string | undefined;
}

/** The settings that hold each kind of credential. */
export const CREDENTIAL_SETTINGS: Readonly<Record<Credential["kind"], string>> =
  {
    personal_access_token: "ACCESS_TOKEN",
    client_credentials: "CLIENT_ID and CLIENT_SECRET",
    jwt_profile: "SERVICE_ACCOUNT_KEY",
  };

/** The settings of a credential, each checked by itself. */
export const credentialSettings = {
  ACCESS_TOKEN: optional(readToken),
  CLIENT_ID: optional(asText),
  CLIENT_SECRET: optional(asText),
  SERVICE_ACCOUNT_KEY: optional(readKeyFile),
};

/** The settings of a credential as they are read. */
export type CredentialParts = z.infer<
  ReturnType<typeof z.object<typeof credentialSettings>>
>;

/** How many hex digits of its hash identify a credential. */
const FINGERPRINT_DIGITS = 8;

/**
 * Identifies a credential without revealing it, so that an operator can see
 * which one a running function uses: the first 8 hex digits of the SHA-256 of
 * `ACCESS_TOKEN`, `CLIENT_SECRET` or `SERVICE_ACCOUNT_KEY`.
 */
export async function fingerprint(credential: Credential): Promise<string> {
  const bytes = new TextEncoder().encode(secretOf(credential));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.toHex().slice(0, FINGERPRINT_DIGITS);
}

function secretOf(credential: Credential): string {
  switch (credential.kind) {
    case "personal_access_token":
      return credential.token;
    case "client_credentials":
      return credential.clientSecret;
    case "jwt_profile":
      return credential.text;
  }
}

/** Reports which settings do not make one credential, and why; `undefined` if they do. */
export function problemOfCredential(
  given: Readonly<Record<string, string | undefined>>,
): { readonly name: string; readonly what: string } | undefined {
  const { ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, SERVICE_ACCOUNT_KEY } = given;
  const client = [
    CLIENT_ID && "CLIENT_ID",
    CLIENT_SECRET && "CLIENT_SECRET",
  ].filter(Boolean);
  const kinds = [
    ACCESS_TOKEN && "ACCESS_TOKEN",
    client.join(" and "),
    SERVICE_ACCOUNT_KEY && "SERVICE_ACCOUNT_KEY",
  ].filter(Boolean);
  if (kinds.length === 0) {
    return {
      name: "ACCESS_TOKEN",
      what:
        "is missing: set it to a personal access token of the service user, or set CLIENT_ID and CLIENT_SECRET, or SERVICE_ACCOUNT_KEY",
    };
  }
  if (kinds.length > 1) {
    return {
      name: kinds.join(", "),
      what:
        "are all set: the service user has one credential, so remove the others",
    };
  }
  if (client.length === 1) {
    return {
      name: CLIENT_ID ? "CLIENT_SECRET" : "CLIENT_ID",
      what:
        "is missing: client credentials need both CLIENT_ID and CLIENT_SECRET",
    };
  }
}

/** Chooses the credential that is set; `undefined` if there is none. */
export function chooseCredential(
  { ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, SERVICE_ACCOUNT_KEY }:
    CredentialParts,
): Credential | undefined {
  if (ACCESS_TOKEN) {
    return { kind: "personal_access_token", token: ACCESS_TOKEN };
  }
  if (SERVICE_ACCOUNT_KEY) {
    return { kind: "jwt_profile", ...SERVICE_ACCOUNT_KEY };
  }
  return CLIENT_ID && CLIENT_SECRET
    ? {
      kind: "client_credentials",
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
    }
    : undefined;
}

/** Reads the credential alone; `undefined` if there is none that can be used. */
export function readCredential(
  given: Readonly<Record<string, string | undefined>>,
): Credential | undefined {
  const trimmed = Object.fromEntries(
    Object.keys(credentialSettings).map((name) => [
      name,
      given[name]?.trim() || undefined,
    ]),
  );
  if (problemOfCredential(trimmed)) return undefined;
  const { data } = z.object(credentialSettings).safeParse(trimmed);
  return data && chooseCredential(data);
}

function readToken(text: string, fail: Fail): string {
  if (/^bearer\s/i.test(text)) {
    fail("begins with Bearer: set it to the token alone");
  }
  if (text.startsWith("{")) {
    fail("is JSON: the text of a key file goes into SERVICE_ACCOUNT_KEY");
  }
  if (/^[^\s"'`,;()[\]{}]+$/.test(text) && /^[\x21-\x7e]+$/.test(text)) {
    return text;
  }
  return fail("has spaces or characters that no token has");
}

function readKeyFile(text: string, fail: Fail) {
  const { type, keyId, key, userId, expirationDate } = parseObject(text);
  if (
    type !== "serviceaccount" || typeof keyId !== "string" ||
    typeof key !== "string" || typeof userId !== "string" ||
    !key.includes("PRIVATE KEY")
  ) {
    return fail(
      "is not the text of a service user's JSON key file (with type, keyId, key and userId)",
    );
  }
  if (!isPrivateKeyPem(key)) {
    fail(
      "has a private key that cannot be read: set it to the whole text of the file, with the line breaks of its key as \\n",
    );
  }
  const expires = typeof expirationDate === "string"
    ? expirationDate
    : undefined;
  return { key: { keyId, key, userId, expirationDate: expires }, text };
}

/** Reports whether a text is PEM, with its line breaks, of one complete DER value. */
function isPrivateKeyPem(text: string): boolean {
  const [, base64] =
    /^-----BEGIN (?:RSA )?PRIVATE KEY-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END (?:RSA )?PRIVATE KEY-----\s*$/
      .exec(text) ?? [];
  if (base64 === undefined) return false;
  try {
    const der = Uint8Array.fromBase64(base64);
    // A length over 127 is that of the length's own bytes (X.690, 8.1.3).
    const long = der[1]! > 0x7f ? der[1]! & 0x7f : 0;
    const digits = long === 0 ? der.subarray(1, 2) : der.subarray(2, 2 + long);
    const length = digits.reduce((sum, byte) => sum * 256 + byte, 0);
    return der[0] === 0x30 && der.length === 2 + long + length;
  } catch {
    return false;
  }
}
