import * as z from "zod/mini";
import { check, optional, parseObject, trimAll } from "./setting.ts";

/** How the function proves to ZITADEL that it is its service user. */
export type Credential = NonNullable<ReturnType<typeof chooseCredential>>;

/** The JSON key file of a service user, as ZITADEL issues it. */
export type ServiceAccountKey = ReturnType<typeof readKeyFile>["key"];

/** The settings that hold each kind of credential. */
export const CREDENTIAL_SETTINGS = {
  personal_access_token: "ACCESS_TOKEN",
  client_credentials: "CLIENT_ID and CLIENT_SECRET",
  jwt_profile: "SERVICE_ACCOUNT_KEY",
} as const;

const ONE_OF_THEM = "one credential is required";

/** The settings of a credential, each checked by itself. */
export const credentialSettings = {
  ACCESS_TOKEN: optional(readToken, { default: ONE_OF_THEM, secret: true }),
  CLIENT_ID: optional(String, { default: ONE_OF_THEM }),
  CLIENT_SECRET: optional(String, { default: ONE_OF_THEM, secret: true }),
  SERVICE_ACCOUNT_KEY: optional(readKeyFile, {
    default: ONE_OF_THEM,
    secret: true,
    multiline: true,
  }),
};

const CredentialParts = z.object(credentialSettings);

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

/** Returns the settings that do not make one credential, and what is wrong with them; `undefined` if they do. */
export function problemOfCredential(
  given: Readonly<Record<string, string | undefined>>,
): [names: string, what: string] | undefined {
  const kinds = Object.values(CREDENTIAL_SETTINGS)
    .map((names) => names.split(" and ").filter((name) => given[name]))
    .flatMap((names) => names.length > 0 ? names.join(" and ") : []);
  const [kind] = kinds;
  if (kind === undefined) {
    return [
      "ACCESS_TOKEN",
      "is missing: set it to a personal access token of the service user, or set CLIENT_ID and CLIENT_SECRET, or SERVICE_ACCOUNT_KEY",
    ];
  }
  if (kinds.length > 1) {
    return [
      kinds.join(", "),
      "are all set: the service user has one credential, so remove the others",
    ];
  }
  if (kind === "CLIENT_ID" || kind === "CLIENT_SECRET") {
    return [
      kind === "CLIENT_ID" ? "CLIENT_SECRET" : "CLIENT_ID",
      "is missing: client credentials need both CLIENT_ID and CLIENT_SECRET",
    ];
  }
}

/** Chooses the credential that is set; `undefined` if there is none. */
export function chooseCredential(settings: z.infer<typeof CredentialParts>) {
  const { ACCESS_TOKEN: token, SERVICE_ACCOUNT_KEY: file } = settings;
  const { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = settings;
  if (token) return { kind: "personal_access_token", token } as const;
  if (file) return { kind: "jwt_profile", ...file } as const;
  return clientId && clientSecret
    ? { kind: "client_credentials", clientId, clientSecret } as const
    : undefined;
}

/** Reads the credential alone; `undefined` if there is none that can be used. */
export function readCredential(
  environment: Readonly<Record<string, string | undefined>>,
): Credential | undefined {
  const given = trimAll(environment);
  const { data } = CredentialParts.safeParse(given);
  return data && !problemOfCredential(given)
    ? chooseCredential(data)
    : undefined;
}

function readToken(text: string): string {
  check(
    !/^bearer\s/i.test(text),
    "begins with Bearer: set it to the token alone",
  );
  check(
    !text.startsWith("{"),
    "is JSON: the text of a key file goes into SERVICE_ACCOUNT_KEY",
  );
  check(
    /^[\x21-\x7e]+$/.test(text) && !/["'`,;()[\]{}<>$]/.test(text),
    "has spaces or characters that no token has",
  );
  return text;
}

const KeyFile = z.object({
  type: z.literal("serviceaccount"),
  /** The id under which ZITADEL knows the public key. */
  keyId: z.string(),
  /** The private key, as PEM: PKCS#1 in ZITADEL's files. */
  key: z.string().check(z.includes("PRIVATE KEY")),
  /** The service user, as issuer and subject of the assertion. */
  userId: z.string(),
  /** When the key expires, as an ISO time; absent in files of some releases. */
  expirationDate: z.catch(z.optional(z.string()), undefined),
});

function readKeyFile(text: string) {
  const { data } = KeyFile.safeParse(parseObject(text));
  check(
    data,
    "is not the text of a service user's JSON key file (with type, keyId, key and userId)",
  );
  const { type: _, ...key } = data;
  check(
    isPrivateKeyPem(key.key),
    "has a private key that cannot be read: set it to the whole text of the file, with the line breaks of its key as \\n",
  );
  return { key, text };
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
