import { parseObject, type SettingReader } from "./setting_reader.ts";

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
  /** The private key, as PEM. */
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

/** How many hex digits of its hash identify a credential. */
const FINGERPRINT_DIGITS = 8;

/**
 * Identifies a credential without revealing it, so that an operator can see
 * which one a running function uses.
 *
 * @param credential The service user's credential.
 * @returns The first 8 hex digits of the SHA-256 of `ACCESS_TOKEN`, `CLIENT_SECRET` or `SERVICE_ACCOUNT_KEY`.
 */
export async function fingerprint(credential: Credential): Promise<string> {
  const secret = secretOf(credential);
  const bytes = new TextEncoder().encode(secret);
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

/**
 * Reads the service user's credential from the settings.
 *
 * @param reader Reads the settings.
 * @returns The credential, or `undefined` if there is none that can be used; the reader knows why.
 */
export function readCredential(reader: SettingReader): Credential | undefined {
  const token = reader.text("ACCESS_TOKEN");
  const clientId = reader.text("CLIENT_ID");
  const clientSecret = reader.text("CLIENT_SECRET");
  const keyFile = reader.text("SERVICE_ACCOUNT_KEY");
  const given = [
    token && "ACCESS_TOKEN",
    [clientId && "CLIENT_ID", clientSecret && "CLIENT_SECRET"]
      .filter(Boolean).join(" and "),
    keyFile && "SERVICE_ACCOUNT_KEY",
  ].filter((name) => name !== "");
  if (given.length === 0) {
    reader.problem(
      "ACCESS_TOKEN",
      "is missing: set it to a personal access token of the service user, or set CLIENT_ID and CLIENT_SECRET, or SERVICE_ACCOUNT_KEY",
    );
    return undefined;
  }
  if (given.length > 1) {
    reader.problem(
      given.join(", "),
      "are all set: the service user has one credential, so remove the others",
    );
    return undefined;
  }
  if (token) return readToken(token, reader);
  if (keyFile) return readKeyFile(keyFile, reader);
  if (clientId && clientSecret) {
    return { kind: "client_credentials", clientId, clientSecret };
  }
  reader.problem(
    clientId ? "CLIENT_SECRET" : "CLIENT_ID",
    "is missing: client credentials need both CLIENT_ID and CLIENT_SECRET",
  );
  return undefined;
}

function readToken(
  token: string,
  reader: SettingReader,
): Credential | undefined {
  if (/^[\x21-\x7e]+$/.test(token)) {
    return { kind: "personal_access_token", token };
  }
  reader.problem("ACCESS_TOKEN", "has spaces or characters that no token has");
  return undefined;
}

function readKeyFile(
  text: string,
  reader: SettingReader,
): Credential | undefined {
  const { type, keyId, key, userId, expirationDate } = parseObject(text);
  if (
    type === "serviceaccount" && typeof keyId === "string" &&
    typeof key === "string" && typeof userId === "string" &&
    key.includes("PRIVATE KEY")
  ) {
    const expires = typeof expirationDate === "string"
      ? expirationDate
      : undefined;
    return {
      kind: "jwt_profile",
      key: { keyId, key, userId, expirationDate: expires },
      text,
    };
  }
  reader.problem(
    "SERVICE_ACCOUNT_KEY",
    "is not the text of a service user's JSON key file (with type, keyId, key and userId)",
  );
  return undefined;
}
