/**
 * The settings: read once from the environment, checked at the start.
 *
 * @module
 */
import { LOG_LEVELS, type LogLevel } from "../observability/log.ts";
import { isSameName } from "../util/claim_name.ts";
import { type Credential, readCredential } from "./credential.ts";
import { whyReserved } from "./reserved_claims.ts";
import { parseObject, SettingReader } from "./setting_reader.ts";

/** The forms that the permissions claim can have. */
export const PERMISSIONS_SHAPES = [
  "list",
  "string",
  "by_project",
  "by_organization",
] as const;

/** One of {@linkcode PERMISSIONS_SHAPES}. */
export type PermissionsShape = typeof PERMISSIONS_SHAPES[number];

/** What a token gets if one user acts as another: the permissions of the user it is for, or none. */
export const IMPERSONATION = ["full", "none"] as const;

/** The function's settings. */
export interface Config {
  /** The instance's public origin, as users see it. */
  readonly origin: string;
  /** The origin at which this function reaches ZITADEL, if not the public one. */
  readonly internalOrigin?: string | undefined;
  /** The signing keys of the targets that call. */
  readonly signingKeys: readonly string[];
  /** How the function proves to ZITADEL that it is its service user. */
  readonly credential: Credential;
  /** Whose metadata holds the mapping: `user`, `grant`, or one organization's id. */
  readonly metadataOrganization: string;
  /** The projects whose grants count; `undefined` if all do. */
  readonly projects?: ReadonlySet<string> | undefined;
  /** The organizations whose grants count, and `user` for the user's own; `undefined` if all do. */
  readonly grantedBy?: ReadonlySet<string> | undefined;
  /** The applications whose tokens get permissions, by client id; `undefined` if all do. */
  readonly applications?: ReadonlySet<string> | undefined;
  /** What a token gets if one user acts as another. */
  readonly impersonation: typeof IMPERSONATION[number];
  /** The name of the permissions claim. */
  readonly claim: string;
  /** The form of the permissions claim. */
  readonly shape: PermissionsShape;
  /** The name of the claim with role names; `undefined` for none. */
  readonly rolesClaim?: string | undefined;
  /** How long a mapping is served as is, in milliseconds. */
  readonly freshMs: number;
  /** How long after that it is served while it is read again, in milliseconds. */
  readonly staleMs: number;
  /** How long a call may wait for ZITADEL in all, in milliseconds. */
  readonly upstreamTimeoutMs: number;
  /** Private keys for encrypted payloads: PKCS#8 PEM, JWK or JWK set. */
  readonly payloadPrivateKey?: string | undefined;
  /** The least level that is logged. */
  readonly logLevel: LogLevel;
  /** Where Deno KV is; `undefined` for the platform's database or a local file. */
  readonly kvUrl?: string | undefined;
  /** The port to listen on; 0 for any free one. */
  readonly port: number;
  /** The address to listen on; IPv6 without brackets. */
  readonly host: string;
}

/** A setting, as the documentation lists it. */
export interface Setting {
  /** What applies if it is unset. */
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
  ZITADEL_INTERNAL_URL: { default: "unset" },
  METADATA_ORGANIZATION: { default: "user" },
  PROJECTS: { default: "unset" },
  GRANTED_BY: { default: "unset" },
  APPLICATIONS: { default: "unset" },
  IMPERSONATION: { default: "full" },
  PERMISSIONS_CLAIM: { default: "permissions" },
  PERMISSIONS_SHAPE: { default: "list" },
  ROLES_CLAIM: { default: "unset" },
  CACHE_FRESH_SECONDS: { default: "60" },
  CACHE_STALE_SECONDS: { default: "600" },
  UPSTREAM_TIMEOUT_MS: { default: "2000" },
  PAYLOAD_PRIVATE_KEY: { default: "unset", secret: true },
  LOG_LEVEL: { default: "info" },
  KV_URL: { default: "unset" },
  PORT: { default: "8000" },
  HOST: { default: "0.0.0.0" },
} as const satisfies Record<string, Setting>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

const ORGANIZATION_ID = /^[A-Za-z0-9_-]{1,200}$/;
const SIGNING_KEY = /^[\x21-\x2b\x2d-\x7e]+$/;
const SIGNATURE_HEADER = /^t=[0-9]|(?:^|,)\s*v1=/;
/** A host name, an IPv4 address, or an IPv6 address. */
const HOST = /^[A-Za-z0-9._-]+$|^(?=.*:.*:)[0-9A-Fa-f:.]+(?:%[\w.-]+)?$/;
/** The longest project or organization id that ZITADEL accepts, in characters. */
const MAX_ID_LENGTH = 200;
/** What shows that a list is written in another notation, such as JSON. */
const NOT_IN_ID = /[\s:;[\](){}"'`]/;

/**
 * Reads and checks the settings.
 *
 * @param environment The environment variables.
 * @returns The settings.
 * @throws {TypeError} If any is missing, malformed or contradictory; the message names every problem and shows no secret.
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
  const reader = new SettingReader(environment, Object.keys(SETTINGS));
  const whole = (name: SettingName, min: number, max: number) =>
    reader.whole(name, { default: SETTINGS[name].default, min, max });
  const config: Config = {
    origin: readDomain(reader),
    signingKeys: readSigningKeys(reader),
    credential: readCredential(reader) ?? NO_CREDENTIAL,
    internalOrigin: readInternalUrl(reader),
    metadataOrganization: readMetadataOrganization(reader),
    projects: readIds(reader, "PROJECTS"),
    grantedBy: readIds(reader, "GRANTED_BY"),
    applications: readApplications(reader),
    impersonation: reader.choice("IMPERSONATION", IMPERSONATION),
    claim: readClaim(reader, "PERMISSIONS_CLAIM") ??
      SETTINGS.PERMISSIONS_CLAIM.default,
    shape: reader.choice("PERMISSIONS_SHAPE", PERMISSIONS_SHAPES),
    rolesClaim: readRolesClaim(reader),
    freshMs: whole("CACHE_FRESH_SECONDS", 0, 86_400) * 1_000,
    staleMs: whole("CACHE_STALE_SECONDS", 0, 604_800) * 1_000,
    upstreamTimeoutMs: whole("UPSTREAM_TIMEOUT_MS", 1, 120_000),
    payloadPrivateKey: readPrivateKey(reader),
    logLevel: reader.choice("LOG_LEVEL", LOG_LEVELS),
    kvUrl: reader.text("KV_URL") || undefined,
    port: whole("PORT", 0, 65_535),
    host: readHost(reader),
  };
  reader.finish();
  return config;
}

/** Stands for the credential until the problems are reported. */
const NO_CREDENTIAL: Credential = { kind: "personal_access_token", token: "" };

function readDomain(reader: SettingReader): string {
  const domain = reader.text("ZITADEL_DOMAIN");
  const origin = /^https?:\/\//.test(domain)
    ? readOrigin(domain)
    : readOrigin(`https://${domain}`);
  if (!origin) {
    reader.problem(
      "ZITADEL_DOMAIN",
      domain
        ? "is not a host such as example.zitadel.cloud, or an origin such as https://example.zitadel.cloud"
        : "is missing: set it to the host of your ZITADEL, such as example.zitadel.cloud",
    );
  }
  return origin ?? "";
}

function readInternalUrl(reader: SettingReader): string | undefined {
  const url = reader.text("ZITADEL_INTERNAL_URL");
  if (!url) return undefined;
  const origin = /^https?:\/\//.test(url) ? readOrigin(url) : undefined;
  if (!origin) {
    reader.problem(
      "ZITADEL_INTERNAL_URL",
      "is not an origin such as http://zitadel:8080: give scheme, host and port, without a path",
    );
  }
  return origin;
}

function readOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isOrigin = url.pathname === "/" && !url.search && !url.hash &&
    !url.username && !url.password;
  return isOrigin ? url.origin : undefined;
}

function readSigningKeys(reader: SettingReader): readonly string[] {
  const name = "AUTHORIZATION_SIGNING_KEY";
  const text = reader.text(name);
  const keys = text.split(",").map((key) => key.trim());
  if (keys.join("") === "") {
    reader.problem(
      name,
      "is missing: set it to the signing key that ZITADEL shows for the target",
    );
  } else if (SIGNATURE_HEADER.test(text)) {
    reader.problem(
      name,
      "is a ZITADEL-Signature header: set it to the target's signing key, not to the signature of one request",
    );
  } else if (!keys.every((key) => SIGNING_KEY.test(key))) {
    reader.problem(
      name,
      "holds an empty key, or one with spaces or characters that no key has",
    );
  } else if (new Set(keys).size < keys.length) {
    reader.problem(name, "holds the same key twice");
  }
  return keys;
}

function readMetadataOrganization(reader: SettingReader): string {
  const value = reader.text("METADATA_ORGANIZATION") ||
    SETTINGS.METADATA_ORGANIZATION.default;
  // An id such as `User` would fail loudly too, but only at the first login.
  const isMisspelt = !/^(?:user|grant)$/.test(value) &&
    /^(?:user|grant)s?$/i.test(value);
  if (!ORGANIZATION_ID.test(value) || isMisspelt) {
    reader.problem(
      "METADATA_ORGANIZATION",
      "is neither user, nor grant, nor an organization's id",
    );
  }
  return value;
}

/** Reads ids of projects or organizations. A project whose id has a colon cannot have entries of its own. */
function readIds(
  reader: SettingReader,
  name: "PROJECTS" | "GRANTED_BY",
): ReadonlySet<string> | undefined {
  return readList(
    reader,
    name,
    (id) =>
      id.length > MAX_ID_LENGTH
        ? `holds an id of more than ${MAX_ID_LENGTH} characters`
        : NOT_IN_ID.test(id)
        ? `holds ${
          JSON.stringify(id)
        }, which is no id: write ids separated by commas, without colons, brackets, quotes or spaces`
        : undefined,
  );
}

/** Reads client ids. An old one is `<id>@<project name>`, and a project's name may have spaces. */
function readApplications(
  reader: SettingReader,
): ReadonlySet<string> | undefined {
  return readList(
    reader,
    "APPLICATIONS",
    (id) =>
      /^[[("'`{]/.test(id)
        ? "begins with a bracket or a quote: write client ids separated by commas"
        : undefined,
  );
}

function readList(
  reader: SettingReader,
  name: SettingName,
  problemOf: (item: string) => string | undefined,
): ReadonlySet<string> | undefined {
  const text = reader.text(name);
  if (!text) return undefined;
  const items = text.split(",").map((item) => item.trim());
  const problem = items.includes("")
    ? "holds an empty id: write ids separated by commas"
    : items.map(problemOf).find((problem) => problem !== undefined);
  if (problem) reader.problem(name, problem);
  return new Set(items);
}

function readRolesClaim(reader: SettingReader): string | undefined {
  const claim = readClaim(reader, "ROLES_CLAIM");
  const other = reader.text("PERMISSIONS_CLAIM") ||
    SETTINGS.PERMISSIONS_CLAIM.default;
  if (claim && isSameName(claim, other)) {
    reader.problem("ROLES_CLAIM", "is the same as PERMISSIONS_CLAIM");
  }
  return claim;
}

function readClaim(
  reader: SettingReader,
  name: SettingName,
): string | undefined {
  const claim = reader.text(name) || undefined;
  const reason = claim && whyReserved(claim);
  if (reason) reader.problem(name, reason);
  return claim;
}

function readPrivateKey(reader: SettingReader): string | undefined {
  const text = reader.text("PAYLOAD_PRIVATE_KEY");
  if (!text) return undefined;
  if (!looksLikePrivateKey(text)) {
    reader.problem(
      "PAYLOAD_PRIVATE_KEY",
      "is neither a private JWK (or a set of them) nor a private key in PKCS#8 PEM",
    );
  }
  return text;
}

function looksLikePrivateKey(text: string): boolean {
  if (text.includes("-----BEGIN PRIVATE KEY-----")) return true;
  const json = parseObject(text);
  const keys = Array.isArray(json.keys) ? json.keys : [json];
  return keys.length > 0 &&
    keys.every((key) => typeof key?.kty === "string" && "d" in key);
}

function readHost(reader: SettingReader): string {
  const value = reader.text("HOST") || SETTINGS.HOST.default;
  const host = /^\[(.+)\]$/.exec(value)?.[1] ?? value;
  if (!HOST.test(host)) {
    reader.problem(
      "HOST",
      "is not an address to listen on, such as 0.0.0.0, 127.0.0.1 or ::; the port goes into PORT",
    );
  }
  return host;
}
