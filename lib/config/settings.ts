/**
 * The settings: read once from the environment, checked at the start.
 *
 * @module
 */
import * as z from "zod/mini";
import { LOG_LEVELS, type LogLevel } from "../observability/log.ts";
import { isSameName } from "../util/claim_name.ts";
import {
  chooseCredential,
  type Credential,
  credentialSettings,
  problemOfCredential,
} from "./credential.ts";
import { whyReserved } from "./reserved_claims.ts";
import {
  type Fail,
  listOf,
  oneOf,
  optional,
  parseObject,
  problemOfForm,
  required,
  whole,
  withDefault,
} from "./setting.ts";

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

const schema = z.object({
  ZITADEL_DOMAIN: required(
    "the host of your ZITADEL, such as example.zitadel.cloud",
    readDomain,
  ),
  AUTHORIZATION_SIGNING_KEY: required(
    "the signing key that ZITADEL shows for the target",
    readSigningKeys,
  ),
  ...credentialSettings,
  ZITADEL_INTERNAL_URL: optional(readInternalUrl),
  METADATA_ORGANIZATION: setting("METADATA_ORGANIZATION", readOrganization),
  PROJECTS: optional(listOf(checkId)),
  GRANTED_BY: optional(listOf(checkId)),
  APPLICATIONS: optional(listOf(checkClientId)),
  IMPERSONATION: setting("IMPERSONATION", oneOf(IMPERSONATION)),
  PERMISSIONS_CLAIM: setting("PERMISSIONS_CLAIM", readClaim),
  PERMISSIONS_SHAPE: setting("PERMISSIONS_SHAPE", oneOf(PERMISSIONS_SHAPES)),
  ROLES_CLAIM: optional(readClaim),
  CACHE_FRESH_SECONDS: setting("CACHE_FRESH_SECONDS", whole(0, 86_400)),
  CACHE_STALE_SECONDS: setting("CACHE_STALE_SECONDS", whole(0, 604_800)),
  UPSTREAM_TIMEOUT_MS: setting("UPSTREAM_TIMEOUT_MS", whole(1, 120_000)),
  PAYLOAD_PRIVATE_KEY: optional(readPrivateKey),
  LOG_LEVEL: setting("LOG_LEVEL", oneOf(LOG_LEVELS)),
  KV_URL: optional(readKvUrl),
  PORT: setting("PORT", whole(0, 65_535)),
  HOST: setting("HOST", readHost),
});

/** A setting with the default that the documentation lists. */
function setting<T>(
  name: SettingName,
  read: Parameters<typeof withDefault<T>>[1],
) {
  return withDefault(SETTINGS[name].default, read);
}

/**
 * Reads and checks the settings.
 *
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
  /** Names the place that a setting's value comes from. */
  sourceOf: (name: string) => string = () => "the environment",
): Config {
  const given: Record<string, string | undefined> = {};
  const problems = new Map<string, string>();
  for (const name of Object.keys(SETTINGS)) {
    const text = environment[name]?.trim() || undefined;
    const what = text && problemOfForm(name, text);
    if (what) problems.set(name, what);
    given[name] = text;
  }
  const parsed = schema.safeParse(given);
  for (const { path, message } of parsed.error?.issues ?? []) {
    const name = String(path[0]);
    if (!problems.has(name)) problems.set(name, message);
  }
  const credential = problemOfCredential(given);
  if (credential) problems.set(credential.name, credential.what);
  const { PERMISSIONS_CLAIM: claim, ROLES_CLAIM: rolesClaim } = given;
  const claimOrDefault = claim ?? SETTINGS.PERMISSIONS_CLAIM.default;
  if (rolesClaim && isSameName(rolesClaim, claimOrDefault)) {
    problems.set("ROLES_CLAIM", "is the same as PERMISSIONS_CLAIM");
  }
  if (problems.size > 0 || !parsed.success) {
    throw new TypeError(describe(problems, given, sourceOf));
  }
  return toConfig(parsed.data);
}

function toConfig(settings: z.infer<typeof schema>): Config {
  return {
    origin: settings.ZITADEL_DOMAIN,
    internalOrigin: settings.ZITADEL_INTERNAL_URL,
    signingKeys: settings.AUTHORIZATION_SIGNING_KEY,
    credential: chooseCredential(settings)!,
    metadataOrganization: settings.METADATA_ORGANIZATION,
    projects: settings.PROJECTS,
    grantedBy: settings.GRANTED_BY,
    applications: settings.APPLICATIONS,
    impersonation: settings.IMPERSONATION,
    claim: settings.PERMISSIONS_CLAIM,
    shape: settings.PERMISSIONS_SHAPE,
    rolesClaim: settings.ROLES_CLAIM,
    freshMs: settings.CACHE_FRESH_SECONDS * 1_000,
    staleMs: settings.CACHE_STALE_SECONDS * 1_000,
    upstreamTimeoutMs: settings.UPSTREAM_TIMEOUT_MS,
    payloadPrivateKey: settings.PAYLOAD_PRIVATE_KEY,
    logLevel: settings.LOG_LEVEL,
    kvUrl: settings.KV_URL,
    port: settings.PORT,
    host: settings.HOST,
  };
}

/** Lists the problems in the order of the settings. */
function describe(
  problems: ReadonlyMap<string, string>,
  given: Readonly<Record<string, string | undefined>>,
  sourceOf: (name: string) => string,
): string {
  const order = Object.keys(SETTINGS);
  const lines = [...problems]
    .toSorted(([a], [b]) => indexIn(order, a) - indexIn(order, b))
    .map(([name, what]) => {
      const sources = name.split(/, | and /).filter((each) => given[each])
        .map((each) => sourceOf(each));
      const from = [...new Set(sources)].filter(Boolean).join(" and ");
      return `  ${name} ${what}${from && ` (from ${from})`}`;
    });
  const count = problems.size === 1
    ? "1 setting needs"
    : `${problems.size} settings need`;
  return `Cannot start: ${count} attention\n${lines.join("\n")}`;
}

function indexIn(order: readonly string[], names: string): number {
  return order.findIndex((name) => names.startsWith(name));
}

function readDomain(text: string, fail: Fail): string {
  const url = /^https?:\/\//.test(text) ? text : `https://${text}`;
  return originOf(url) ??
    fail(
      "is not a host such as example.zitadel.cloud, or an origin such as https://example.zitadel.cloud",
    );
}

function readInternalUrl(text: string, fail: Fail): string {
  const origin = /^https?:\/\//.test(text) ? originOf(text) : undefined;
  return origin ??
    fail(
      "is not an origin such as http://zitadel:8080: give scheme, host and port, without a path",
    );
}

function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isOrigin = url.pathname === "/" && !url.search && !url.hash &&
    !url.username && !url.password;
  return isOrigin ? url.origin : undefined;
}

function readSigningKeys(text: string, fail: Fail): readonly string[] {
  const keys = text.split(",").map((key) => key.trim());
  if (keys.join("") === "") {
    fail(
      "is missing: set it to the signing key that ZITADEL shows for the target",
    );
  }
  if (SIGNATURE_HEADER.test(text)) {
    fail(
      "is a ZITADEL-Signature header: set it to the target's signing key, not to the signature of one request",
    );
  }
  if (!keys.every((key) => SIGNING_KEY.test(key))) {
    fail(
      "holds an empty key, or one with spaces or characters that no key has",
    );
  }
  if (keys.some((key) => /[[\](){}"'`;]/.test(key))) {
    fail("is a list in another notation: write keys separated by commas");
  }
  if (new Set(keys).size < keys.length) fail("holds the same key twice");
  return keys;
}

function readOrganization(text: string, fail: Fail): string {
  // An id such as `User` would fail loudly too, but only at the first login.
  const isMisspelt = !/^(?:user|grant)$/.test(text) &&
    /^(?:user|grant)s?$/i.test(text);
  return ORGANIZATION_ID.test(text) && !isMisspelt
    ? text
    : fail("is neither user, nor grant, nor an organization's id");
}

/** Checks an id. A project whose id has a colon cannot have entries of its own. */
function checkId(id: string, fail: Fail): void {
  if (id.length > MAX_ID_LENGTH) {
    fail(`holds an id of more than ${MAX_ID_LENGTH} characters`);
  }
  if (NOT_IN_ID.test(id)) {
    fail(
      "holds what is no id: write ids separated by commas, without colons, semicolons, brackets, quotes or spaces",
    );
  }
}

/** Checks a client id. An old one is `<id>@<project name>`, and a project's name may have spaces. */
function checkClientId(id: string, fail: Fail): void {
  if (/^[[("'`{]/.test(id)) {
    fail(
      "holds a bracket or a quote before an id: write client ids separated by commas",
    );
  }
}

function readClaim(claim: string, fail: Fail): string {
  const reason = whyReserved(claim);
  return reason === undefined ? claim : fail(reason);
}

function readPrivateKey(text: string, fail: Fail): string {
  return looksLikePrivateKey(text) ? text : fail(
    "is neither a private JWK (or a set of them) nor a private key in PKCS#8 PEM",
  );
}

function looksLikePrivateKey(text: string): boolean {
  if (text.includes("-----BEGIN PRIVATE KEY-----")) return true;
  const json = parseObject(text);
  const keys = Array.isArray(json.keys) ? json.keys : [json];
  return keys.length > 0 &&
    keys.every((key) => typeof key?.kty === "string" && "d" in key);
}

function readKvUrl(text: string, fail: Fail): string {
  if (text === ":memory:") return text;
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  if (text.startsWith("~")) {
    fail("begins with ~, which only a shell replaces: write the whole path");
  }
  if (text.replace(/^[A-Za-z]:(?=[\\/])/, "").includes(":")) {
    fail(
      "is neither a path, nor :memory:, nor an http URL such as http://denokv:4512",
    );
  }
  return text.includes(",")
    ? fail("is a path with a comma, which Deno's permissions cannot express")
    : text;
}

function readHost(text: string, fail: Fail): string {
  const host = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
  return HOST.test(host) ? host : fail(
    "is not an address to listen on, such as 0.0.0.0, 127.0.0.1 or ::; the port goes into PORT",
  );
}
