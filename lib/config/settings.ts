/**
 * The settings: read once from the environment, checked at the start.
 *
 * @module
 */
import * as z from "zod/mini";
import {
  chooseCredential,
  credentialSettings,
  problemOfCredential,
} from "./credential.ts";
import { isSameName, whyReserved } from "./claim_name.ts";
import {
  check,
  listOf,
  oneOf,
  optional,
  parseObject,
  required,
  trimAll,
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

export type PermissionsShape = typeof PERMISSIONS_SHAPES[number];

/** The function's settings. */
export type Config = Readonly<ReturnType<typeof readConfig>>;

export type SettingName = keyof typeof SETTINGS;

const ORGANIZATION_ID = /^[A-Za-z0-9_-]{1,200}$/;
const SIGNING_KEY_HINT = "the signing key that ZITADEL shows for the target";
const SIGNING_KEY = /^[\x21-\x2b\x2d-\x7e]+$/;
const SIGNATURE_HEADER = /^t=[0-9]|(?:^|,)\s*v1=/;
/** A host name, an IPv4 address, or an IPv6 address. */
const HOST = /^[A-Za-z0-9._-]+$|^(?=.*:.*:)[0-9A-Fa-f:.]+(?:%[\w.-]+)?$/;
/** A URL's host may have more characters, such as a comma; a host of ZITADEL has none. */
const URL_HOST = /^[\w.-]+$|^\[/;
/** The longest project or organization id that ZITADEL accepts, in characters. */
const MAX_ID_LENGTH = 200;
/** What shows that a list is written in another notation, such as JSON. */
const NOT_IN_ID = /[\s:;[\](){}<>"'`*|/\\$&+=]/;
/** What is written for "every one" or "no one", which only an unset list means. */
const NO_ID = /^(?:all|any|every|none|null|undefined|unset|true|false)$/i;

/** The settings, by the names of their environment variables. */
export const SETTINGS = {
  ZITADEL_DOMAIN: required(
    "the host of your ZITADEL, such as example.zitadel.cloud",
    readDomain,
  ),
  AUTHORIZATION_SIGNING_KEY: required(SIGNING_KEY_HINT, readSigningKeys, {
    secret: true,
  }),
  ...credentialSettings,
  ZITADEL_INTERNAL_URL: optional(readInternalUrl),
  METADATA_ORGANIZATION: withDefault("user", readOrganization),
  PROJECTS: optional(listOf(checkId)),
  GRANTED_BY: optional(listOf(checkGranting)),
  APPLICATIONS: optional(listOf(checkClientId)),
  IMPERSONATION: withDefault("full", oneOf(["full", "none"])),
  PERMISSIONS_CLAIM: withDefault("permissions", readClaim),
  PERMISSIONS_SHAPE: withDefault("list", oneOf(PERMISSIONS_SHAPES)),
  ROLES_CLAIM: optional(readClaim),
  CACHE_FRESH_SECONDS: withDefault("60", whole(0, 86_400)),
  CACHE_STALE_SECONDS: withDefault("600", whole(0, 604_800)),
  UPSTREAM_TIMEOUT_MS: withDefault("2000", whole(1, 120_000)),
  PAYLOAD_PRIVATE_KEY: optional(readPrivateKey, {
    secret: true,
    multiline: true,
  }),
  LOG_LEVEL: withDefault("info", oneOf(["info", "warn"])),
  KV_URL: optional(readKvUrl),
  PORT: withDefault("8000", whole(0, 65_535)),
  HOST: withDefault("0.0.0.0", readHost),
};

const schema = z.object(SETTINGS);

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
) {
  const given = trimAll(environment);
  const { data: settings, error } = schema.safeParse(given);
  const problems = new Map(
    error?.issues.map(({ path, message }) => [String(path[0]), message]),
  );
  const ofCredential = problemOfCredential(given);
  if (ofCredential) problems.set(...ofCredential);
  const { PERMISSIONS_CLAIM: claim, ROLES_CLAIM: rolesClaim } = given;
  const claimOrDefault = claim ?? SETTINGS.PERMISSIONS_CLAIM.default;
  if (rolesClaim && isSameName(rolesClaim, claimOrDefault)) {
    problems.set("ROLES_CLAIM", "is the same as PERMISSIONS_CLAIM");
  }
  if (problems.size > 0 || !settings) {
    throw new TypeError(describe(problems, given, sourceOf));
  }
  return {
    /** The instance's public origin, as users see it. */
    origin: settings.ZITADEL_DOMAIN,
    /** The origin at which this function reaches ZITADEL, if not the public one. */
    internalOrigin: settings.ZITADEL_INTERNAL_URL,
    signingKeys: settings.AUTHORIZATION_SIGNING_KEY,
    credential: chooseCredential(settings)!,
    /** Whose metadata holds the mapping: `user`, `grant`, or one organization's id. */
    metadataOrganization: settings.METADATA_ORGANIZATION,
    /** The projects whose grants count; `undefined` if all do. */
    projects: settings.PROJECTS,
    /** The organizations whose grants count, and `user` for the user's own; `undefined` if all do. */
    grantedBy: settings.GRANTED_BY,
    /** The applications whose tokens get permissions, by client id; `undefined` if all do. */
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
  const indexOf = (names: string) =>
    order.findIndex((name) => names.startsWith(name));
  const lines = [...problems]
    .toSorted(([a], [b]) => indexOf(a) - indexOf(b))
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

function readDomain(text: string): string {
  const isUrl = /^https?:\/\//.test(text);
  const origin = originOf(isUrl ? text : `https://${text}`);
  check(
    origin,
    "is not a host such as example.zitadel.cloud, or an origin such as https://example.zitadel.cloud",
  );
  return origin;
}

function readInternalUrl(text: string): string {
  const origin = /^https?:\/\//.test(text) && originOf(text);
  check(
    origin,
    "is not an origin such as http://zitadel:8080: give scheme, host and port, without a path",
  );
  return origin;
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url) return undefined;
  const { pathname, search, hash, username, password } = url;
  const isOrigin = pathname + search + hash + username + password === "/";
  return isOrigin && URL_HOST.test(url.hostname) ? url.origin : undefined;
}

function readSigningKeys(text: string): readonly string[] {
  const keys = text.split(",").map((key) => key.trim());
  check(keys.join("") !== "", `is missing: set it to ${SIGNING_KEY_HINT}`);
  check(
    !SIGNATURE_HEADER.test(text),
    "is a ZITADEL-Signature header: set it to the target's signing key, not to the signature of one request",
  );
  check(
    keys.every((key) => SIGNING_KEY.test(key)),
    "holds an empty key, or one with spaces or characters that no key has",
  );
  check(
    !/[[\](){}<>"'`;$]/.test(text),
    "is a list in another notation: write keys separated by commas",
  );
  check(new Set(keys).size === keys.length, "holds the same key twice");
  return keys;
}

function readOrganization(text: string): string {
  // An id such as `User` would fail loudly too, but only at the first login.
  const isMisspelt = NO_ID.test(text) ||
    !/^(?:user|grant)$/.test(text) && /^(?:user|grant)s?$/i.test(text);
  check(
    ORGANIZATION_ID.test(text) && !isMisspelt,
    "is neither user, nor grant, nor an organization's id",
  );
  return text;
}

/** Checks an id. A project whose id has a colon cannot have entries of its own. */
function checkId(id: string): void {
  check(
    id.length <= MAX_ID_LENGTH,
    `holds an id of more than ${MAX_ID_LENGTH} characters`,
  );
  check(
    !NOT_IN_ID.test(id),
    "holds what is no id: write ids separated by commas, without colons, semicolons, brackets, quotes, wildcards or spaces",
  );
  checkWord(id);
}

function checkWord(id: string): void {
  check(
    !NO_ID.test(id),
    "holds a word that is no id: leave it unset if it is to limit nothing",
  );
}

function checkGranting(id: string): void {
  checkId(id);
  check(
    id === "user" || !/^(?:users?|grants?|own|self)$/i.test(id),
    "holds a word that is no id: the user's own organization is called user",
  );
}

/** Checks a client id. An old one is `<id>@<project name>`, and a project's name may have spaces. */
function checkClientId(id: string): void {
  check(
    !/^[[("'`{*<$]|^\d+[\s;|&+]+\d/.test(id),
    "is a list in another notation, or a wildcard: write client ids separated by commas",
  );
  checkWord(id);
}

function readClaim(claim: string): string {
  const reason = whyReserved(claim);
  check(reason === undefined, reason!);
  check(
    !/[\s,;[\](){}<>"'`$]/.test(claim),
    "is a list or in another notation: write the name of one claim, without spaces, commas or brackets",
  );
  return claim;
}

function readPrivateKey(text: string): string {
  const json = parseObject(text);
  const keys = Array.isArray(json.keys) ? json.keys : [json];
  const isJwk = keys.length > 0 &&
    keys.every((key) => typeof key?.kty === "string" && "d" in key);
  check(
    isJwk || text.includes("-----BEGIN PRIVATE KEY-----"),
    "is neither a private JWK (or a set of them) nor a private key in PKCS#8 PEM",
  );
  return text;
}

function readKvUrl(text: string): string {
  if (text === ":memory:") return text;
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  check(
    !text.startsWith("~"),
    "begins with ~, which only a shell replaces: write the whole path",
  );
  check(
    !text.replace(/^[A-Za-z]:(?=[\\/])/, "").includes(":"),
    "is neither a path, nor :memory:, nor an http URL such as http://denokv:4512",
  );
  check(
    !text.includes(","),
    "is a path with a comma, which Deno's permissions cannot express",
  );
  return text;
}

function readHost(text: string): string {
  const host = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
  const urlHost = host.includes(":") ? `[${host.replace(/%.*/, "")}]` : host;
  check(
    // A URL's host that ends in a number is an IPv4 address, or refused.
    HOST.test(host) && URL.canParse(`http://${urlHost}`),
    "is not an address to listen on, such as 0.0.0.0, 127.0.0.1 or ::; the port goes into PORT",
  );
  return host;
}
