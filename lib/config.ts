import { RESERVED_CLAIM_PREFIX } from "./claims/claims.ts";
import type { LogEntry } from "./observability/log.ts";

/** How the function proves to ZITADEL that it is its service user. */
export type Credential =
  | { readonly kind: "personal_access_token"; readonly token: string }
  | {
    readonly kind: "client_credentials";
    readonly clientId: string;
    readonly clientSecret: string;
  }
  | { readonly kind: "jwt_profile"; readonly key: ServiceAccountKey };

/** The JSON key file of a service user, as ZITADEL makes it. */
export interface ServiceAccountKey {
  /** The key's id. */
  readonly keyId: string;
  /** The private key, as PEM. */
  readonly key: string;
  /** The service user's id. */
  readonly userId: string;
  /** When the key expires, as an ISO time, where the file says so. */
  readonly expirationDate?: string | undefined;
}

/** The function's settings. */
export interface Config {
  /** The instance's origin. */
  readonly origin: string;
  /** The signing keys of the targets that call. */
  readonly signingKeys: readonly string[];
  /** The service user's credential. */
  readonly credential: Credential;
  /** Whose metadata holds the mapping: `user`, `grant`, or one organization's id. */
  readonly metadataOrganization: string;
  /** The name of the claim. */
  readonly claim: string;
  /** How long a mapping is served as it is, in milliseconds. */
  readonly freshMs: number;
  /** How long after that it is served while it is read anew, in milliseconds. */
  readonly staleMs: number;
  /** How long one reading of metadata may take, in milliseconds. */
  readonly upstreamTimeoutMs: number;
  /** Private keys for encrypted payloads, as text, where any are expected. */
  readonly payloadPrivateKey?: string | undefined;
  /** Where Deno KV is; unset, the platform's database. */
  readonly kvUrl?: string | undefined;
  /** The port to listen on. */
  readonly port: number;
  /** The address to listen on. */
  readonly host: string;
}

/** A setting, as the README's table shows it. */
export interface Setting {
  /** What happens without it. */
  readonly default: string;
  /** Whether it must never be shown. */
  readonly secret?: true;
}

/** The settings, by the names of their environment variables. */
export const SETTINGS = {
  ZITADEL_DOMAIN: { default: "required" },
  AUTHORIZATION_SIGNING_KEY: { default: "required", secret: true },
  ACCESS_TOKEN: { default: "one credential is required", secret: true },
  CLIENT_ID: { default: "one credential is required" },
  CLIENT_SECRET: { default: "one credential is required", secret: true },
  SERVICE_ACCOUNT_KEY: { default: "one credential is required", secret: true },
  METADATA_ORGANIZATION: { default: "user" },
  PERMISSIONS_CLAIM: { default: "permissions" },
  CACHE_FRESH_SECONDS: { default: "60" },
  CACHE_STALE_SECONDS: { default: "600" },
  UPSTREAM_TIMEOUT_MS: { default: "2000" },
  PAYLOAD_PRIVATE_KEY: { default: "unset", secret: true },
  KV_URL: { default: "unset" },
  PORT: { default: "8000" },
  HOST: { default: "0.0.0.0" },
} as const satisfies Record<string, Setting>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/**
 * Claims and SAML attributes that ZITADEL sets itself, or that have a type by
 * RFC 7519, RFC 9068, RFC 7662 or OpenID Connect Core: ZITADEL refuses its own
 * token where one of those holds an array (seen with `azp`, `act`, `scope`,
 * `nonce`, `auth_time` and `acr`). In lower case: Go reads names in any.
 */
const TAKEN_CLAIMS: ReadonlySet<string> = new Set(
  ("iss sub aud exp nbf iat jti client_id azp act scope sid nonce auth_time acr " +
    "amr at_hash c_hash s_hash active token_type username name given_name " +
    "family_name middle_name nickname preferred_username profile picture " +
    "website email email_verified gender birthdate zoneinfo locale " +
    "phone_number phone_number_verified address updated_at " +
    "surname firstname fullname userid").split(" "),
);

const ORGANIZATION_ID = /^[A-Za-z0-9_-]{1,200}$/;
const SIGNING_KEY = /^[\x21-\x2b\x2d-\x7e]+$/;

/**
 * Reads and checks the settings.
 *
 * @param environment The environment variables.
 * @returns The settings.
 * @throws {TypeError} Where any is missing, wrong or contradictory; the message names every problem and holds no secret.
 *
 * @example
 * ```ts
 * readConfig({
 *   ZITADEL_DOMAIN: "example.zitadel.cloud",
 *   AUTHORIZATION_SIGNING_KEY: "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp",
 *   ACCESS_TOKEN: "the service user's personal access token",
 * }).origin; // "https://example.zitadel.cloud"
 * ```
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const problems: string[] = [];
  const text = (name: SettingName) => environment[name]?.trim() ?? "";
  const problem = (name: string, what: string) =>
    void problems.push(`${name} ${what}`);

  const whole = (name: SettingName, least: number, most: number) => {
    const value = text(name) || SETTINGS[name].default;
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    problem(name, `is not a whole number from ${least} to ${most}`);
    return 0;
  };

  const origin = readOrigin(text("ZITADEL_DOMAIN"));
  if (!origin) {
    problem(
      "ZITADEL_DOMAIN",
      text("ZITADEL_DOMAIN")
        ? "is not a host such as example.zitadel.cloud, or an origin such as https://example.zitadel.cloud"
        : "is missing: the host of your ZITADEL, such as example.zitadel.cloud",
    );
  }

  const signingKeys = text("AUTHORIZATION_SIGNING_KEY").split(",")
    .map((key) => key.trim());
  if (signingKeys.join("") === "") {
    problem(
      "AUTHORIZATION_SIGNING_KEY",
      "is missing: the signing key that ZITADEL shows for the target",
    );
  } else if (!signingKeys.every((key) => SIGNING_KEY.test(key))) {
    problem(
      "AUTHORIZATION_SIGNING_KEY",
      "holds an empty key, or one with spaces or characters that no key has",
    );
  } else if (new Set(signingKeys).size < signingKeys.length) {
    problem("AUTHORIZATION_SIGNING_KEY", "holds the same key twice");
  }

  const credential = readCredential(text, problem);

  const metadataOrganization = text("METADATA_ORGANIZATION") ||
    SETTINGS.METADATA_ORGANIZATION.default;
  const isChoice = /^(?:user|grant)$/.test(metadataOrganization);
  // An id such as `User` would fail loudly too, but only at the first login.
  const isMisspelt = !isChoice &&
    /^(?:user|grant)s?$/i.test(metadataOrganization);
  if (!ORGANIZATION_ID.test(metadataOrganization) || isMisspelt) {
    problem(
      "METADATA_ORGANIZATION",
      "is neither user, nor grant, nor an organization's id",
    );
  }

  const claim = text("PERMISSIONS_CLAIM") || SETTINGS.PERMISSIONS_CLAIM.default;
  if (claim.startsWith(RESERVED_CLAIM_PREFIX)) {
    problem(
      "PERMISSIONS_CLAIM",
      `begins with ${RESERVED_CLAIM_PREFIX}: ZITADEL drops such claims silently`,
    );
  } else if (TAKEN_CLAIMS.has(claim.normalize("NFKC").toLowerCase())) {
    problem(
      "PERMISSIONS_CLAIM",
      "is a claim that ZITADEL sets itself, or could not read its own token with",
    );
  }

  const payloadPrivateKey = text("PAYLOAD_PRIVATE_KEY") || undefined;
  if (payloadPrivateKey && !looksLikePrivateKey(payloadPrivateKey)) {
    problem(
      "PAYLOAD_PRIVATE_KEY",
      "is neither a private JWK (or a set of them) nor a private key in PKCS#8 PEM",
    );
  }

  const config: Config = {
    origin: origin ?? "",
    signingKeys,
    credential: credential ?? { kind: "personal_access_token", token: "" },
    metadataOrganization,
    claim,
    freshMs: whole("CACHE_FRESH_SECONDS", 0, 86_400) * 1_000,
    staleMs: whole("CACHE_STALE_SECONDS", 0, 604_800) * 1_000,
    upstreamTimeoutMs: whole("UPSTREAM_TIMEOUT_MS", 1, 120_000),
    payloadPrivateKey,
    kvUrl: text("KV_URL") || undefined,
    port: whole("PORT", 0, 65_535),
    host: text("HOST") || SETTINGS.HOST.default,
  };
  if (problems.length > 0) {
    throw new TypeError(
      `Cannot start: ${problems.length} ${
        problems.length === 1 ? "setting needs" : "settings need"
      } attention\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
  }
  return config;
}

/**
 * Says what an operator should know about the settings, though they are valid.
 *
 * @param config The settings.
 * @returns What to log at the start.
 */
export function remarksOn(config: Config): readonly LogEntry[] {
  const remarks: LogEntry[] = [];
  const { metadataOrganization } = config;
  if (metadataOrganization === "user" || metadataOrganization === "grant") {
    remarks.push({
      level: "info",
      message:
        "Whoever may write an organization's metadata decides what its users' roles permit",
      setting: `METADATA_ORGANIZATION=${metadataOrganization}`,
      remedy:
        "Where those administrators are not to be trusted with that, set METADATA_ORGANIZATION to the id of one organization",
    });
  }
  const { protocol, hostname } = new URL(config.origin);
  const isLocal = hostname === "localhost" || hostname === "[::1]" ||
    /^127(?:\.\d+){3}$/.test(hostname);
  if (protocol === "http:" && !isLocal) {
    remarks.push({
      level: "warn",
      message: "The service user's token travels to ZITADEL unencrypted",
      setting: "ZITADEL_DOMAIN=http://...",
      remedy: "Use https, unless the network between the two is your own",
    });
  }
  return remarks;
}

function readOrigin(domain: string): string | undefined {
  const text = /^https?:\/\//.test(domain) ? domain : `https://${domain}`;
  if (!domain || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isOrigin = url.pathname === "/" && !url.search && !url.hash &&
    !url.username && !url.password;
  return isOrigin ? url.origin : undefined;
}

function readCredential(
  text: (name: SettingName) => string,
  problem: (name: string, what: string) => void,
): Credential | undefined {
  const token = text("ACCESS_TOKEN");
  const clientId = text("CLIENT_ID");
  const clientSecret = text("CLIENT_SECRET");
  const keyFile = text("SERVICE_ACCOUNT_KEY");
  const given = [
    token && "ACCESS_TOKEN",
    [clientId && "CLIENT_ID", clientSecret && "CLIENT_SECRET"]
      .filter(Boolean).join(" and "),
    keyFile && "SERVICE_ACCOUNT_KEY",
  ].filter((name) => name !== "");
  if (given.length === 0) {
    problem(
      "ACCESS_TOKEN",
      "is missing: a personal access token of the service user, or give CLIENT_ID and CLIENT_SECRET, or SERVICE_ACCOUNT_KEY",
    );
    return undefined;
  }
  if (given.length > 1) {
    problem(
      given.join(", "),
      "are all set: the service user has one credential, so remove the others",
    );
    return undefined;
  }
  if (token) {
    if (!/^[\x21-\x7e]+$/.test(token)) {
      problem("ACCESS_TOKEN", "has spaces or characters that no token has");
      return undefined;
    }
    return { kind: "personal_access_token", token };
  }
  if (keyFile) {
    const key = readServiceAccountKey(keyFile);
    if (key) return { kind: "jwt_profile", key };
    problem(
      "SERVICE_ACCOUNT_KEY",
      "is not the text of a service user's JSON key file (with type, keyId, key and userId)",
    );
    return undefined;
  }
  if (!clientId || !clientSecret) {
    problem(
      clientId ? "CLIENT_SECRET" : "CLIENT_ID",
      "is missing: client credentials need both CLIENT_ID and CLIENT_SECRET",
    );
    return undefined;
  }
  return { kind: "client_credentials", clientId, clientSecret };
}

function looksLikePrivateKey(text: string): boolean {
  if (text.includes("-----BEGIN PRIVATE KEY-----")) return true;
  const json = parseObject(text);
  const keys = Array.isArray(json?.keys) ? json.keys : [json];
  return keys.length > 0 &&
    keys.every((key) => typeof key?.kty === "string" && "d" in key);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readServiceAccountKey(text: string): ServiceAccountKey | undefined {
  const { type, keyId, key, userId, expirationDate } = parseObject(text) ?? {};
  if (
    type !== "serviceaccount" || typeof keyId !== "string" ||
    typeof key !== "string" || typeof userId !== "string" ||
    !key.includes("PRIVATE KEY")
  ) return undefined;
  return {
    keyId,
    key,
    userId,
    expirationDate: typeof expirationDate === "string"
      ? expirationDate
      : undefined,
  };
}
