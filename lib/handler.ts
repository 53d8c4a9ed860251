/**
 * The function: ZITADEL's call in, the permissions claim out. It reads like
 * Step 3 of ZITADEL's guide: verify, parse, collect roles, fetch the mapping,
 * map, answer.
 *
 * @module
 */
import { createBodyReader } from "./request/body.ts";
import { MappingCache, type MappingLookup } from "./mapping/cache.ts";
import {
  attributesReply,
  claimsReply,
  collectPermissions,
  LARGE_CLAIM_BYTES,
  roleGrants,
} from "./claims/claims.ts";
import type { Config } from "./config.ts";
import { createEnvelopeOpener } from "./request/envelope.ts";
import { describeFailure, FunctionError } from "./errors.ts";
import type { Log } from "./observability/log.ts";
import { LruMap } from "./util/lru_map.ts";
import { KvStore } from "./mapping/kv_store.ts";
import { createMetadataReader } from "./zitadel/metadata_reader.ts";
import { chooseOrganization } from "./mapping/organization.ts";
import { parsePayload } from "./request/payload.ts";
import { createAccessTokenSource } from "./zitadel/access_token.ts";
import {
  findSigningKey,
  importSigningKeys,
  isTimely,
  parseSignatureHeader,
} from "./request/signature.ts";
import { openTelemetry } from "./observability/open_telemetry.ts";

/** The functions of ZITADEL that are answered with permissions. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  "function/preaccesstoken",
  "function/preuserinfo",
  "function/presamlresponse",
]);

/** Events of this kind void an organization's mapping. */
const METADATA_EVENT_PREFIX = "org.metadata.";

/** For how many organizations a large claim is remembered as pointed out. */
const REMEMBERED = { maxEntries: 10_000, maxBytes: Infinity };

const encoder = new TextEncoder();
const JSON_TYPE = { "content-type": "application/json" };

/** What the function is given by the place where it runs. */
export interface Platform {
  /** Sends requests to ZITADEL. */
  readonly fetch: typeof fetch;
  /** Tells the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** The database that isolates share; absent, memory alone serves. */
  readonly kv?: Deno.Kv | undefined;
  /** Takes the log. */
  readonly log: Log;
  /** Ends what goes on in the background. */
  readonly signal?: AbortSignal;
}

/** Answers a request; it never throws. */
export type Handler = (request: Request) => Promise<Response>;

/** What is said of a call in the log and the metrics. */
type Account = {
  readonly level: "info";
  readonly message: string;
  condition: string;
  outcome: string;
  signingKey?: number;
  source?: string;
  organization?: string;
  roles?: number;
  permissions?: number;
  ms?: number;
};

/**
 * Makes the function.
 *
 * @param config The settings.
 * @param platform What the place where it runs gives.
 * @returns The handler of all requests.
 * @throws {TypeError} Where a key in the settings cannot be used.
 */
export async function createHandler(
  config: Config,
  platform: Platform,
): Promise<Handler> {
  const { fetch, now, log } = platform;
  const signal = platform.signal ?? new AbortController().signal;
  const telemetry = await openTelemetry(now);
  const signingKeys = await importSigningKeys(config.signingKeys);
  const openEnvelope = await createEnvelopeOpener({
    origin: config.origin,
    privateKey: config.payloadPrivateKey,
    timeoutMs: config.upstreamTimeoutMs,
    fetch,
  });
  const readMetadata = createMetadataReader({
    origin: config.origin,
    token: createAccessTokenSource(config.credential, {
      origin: config.origin,
      timeoutMs: config.upstreamTimeoutMs,
      fetch,
      now,
      log,
    }),
    timeoutMs: config.upstreamTimeoutMs,
    fetch,
    now,
  });
  const { freshMs, staleMs } = config;
  const cache = new MappingCache({
    readMetadata: (organization) =>
      telemetry.upstream(() => readMetadata(organization)),
    store: platform.kv && new KvStore({
      kv: platform.kv,
      origin: config.origin,
      lifetimeMs: freshMs + staleMs,
      now,
      timeout: (ms) => AbortSignal.timeout(ms),
      log,
    }),
    freshMs,
    staleMs,
    now,
    log,
    signal,
  });
  const readBody = createBodyReader();
  const pointedOut = new LruMap<true>(REMEMBERED);

  return async (request) => {
    const begin = now();
    const pathname = pathOf(request);
    if (pathname === "/healthz") return health(request);
    const account: Account = {
      level: "info",
      message: "Answered",
      condition: "none",
      outcome: "error",
    };
    try {
      if (pathname !== "/") {
        throw new FunctionError("not_found", "No such path");
      }
      if (request.method !== "POST") {
        throw new FunctionError("method_not_allowed", "Not a POST");
      }
      const reply = await answer(request, account);
      account.ms = now() - begin;
      telemetry.call(account.outcome, account.condition, account.ms);
      log(account);
      return new Response(reply, { headers: JSON_TYPE });
    } catch (error) {
      account.ms = now() - begin;
      const response = refuse(error, account);
      telemetry.call(account.outcome, account.condition, account.ms);
      return response;
    }
  };

  async function answer(request: Request, account: Account): Promise<string> {
    const header = parseSignatureHeader(
      request.headers.get("zitadel-signature"),
    );
    if (!header) throw unsigned("the header is missing or malformed");
    if (!isTimely(header.timestamp, now())) {
      throw unsigned("it was signed too long ago, or in the future", {
        remedy: "See whether the clocks here and at ZITADEL agree",
      });
    }
    const { body, signingKey } = await readBody(request, async (body) => ({
      body,
      signingKey: await findSigningKey(signingKeys, header, body),
    }));
    if (signingKey < 0) {
      throw unsigned("no signing key made it", {
        remedy:
          "Where ZITADEL is the caller: set AUTHORIZATION_SIGNING_KEY to the signing key of the target",
      });
    }
    account.signingKey = signingKey;

    const opened = openEnvelope(body);
    const payload = parsePayload(
      opened instanceof Promise ? await opened : opened,
    );

    if ("event_type" in payload) {
      account.condition = payload.event_type;
      account.outcome = "ignored";
      if (payload.event_type.startsWith(METADATA_EVENT_PREFIX)) {
        account.outcome = "invalidated";
        account.organization = payload.aggregateID;
        await cache.invalidate(payload.aggregateID);
      }
      return "{}";
    }
    account.condition = payload.function;
    if (!FUNCTIONS.has(payload.function)) {
      account.outcome = "unknown_function";
      return "{}";
    }

    const grants = roleGrants(payload.user_grants);
    if (grants.length === 0) {
      account.outcome = "no_roles";
      return "{}";
    }

    const organizationOf = chooseOrganization(
      config.metadataOrganization,
      payload.org?.id ?? payload.user?.resource_owner ?? undefined,
    );
    const organizations = [
      ...new Set(grants.map((grant) => organizationOf(grant.resourceOwner))),
    ];
    account.organization = organizations.join(",");
    const pending = organizations.map((organization) =>
      cache.get(organization)
    );
    // What memory has is used in this turn of the event loop.
    const lookups = pending.some((lookup) => lookup instanceof Promise)
      ? await Promise.all(pending)
      : pending as MappingLookup[];
    account.source = lookups.map(({ source }) => source).join(",");
    for (const { source } of lookups) telemetry.lookup(source);
    const permissions = collectPermissions(grants, (grant) => {
      const organization = organizationOf(grant.resourceOwner);
      return lookups[organizations.indexOf(organization)]!.mapping;
    });

    account.outcome = "permissions";
    account.roles = grants.reduce((sum, { roles }) => sum + roles.length, 0);
    account.permissions = permissions.length;
    const { claim } = config;
    const earlier = payload.response;
    const reply = JSON.stringify(
      payload.function === "function/presamlresponse"
        ? attributesReply(claim, permissions, earlier?.append_attribute)
        : claimsReply(claim, permissions, earlier?.append_claims),
    );
    measureClaim(reply, account.organization);
    return reply;
  }

  function measureClaim(reply: string, organization = ""): void {
    telemetry.claim(reply);
    // A character takes three bytes at most, so most need no exact count.
    if (3 * reply.length <= LARGE_CLAIM_BYTES) return;
    const bytes = encoder.encode(reply).length;
    if (bytes <= LARGE_CLAIM_BYTES || pointedOut.get(organization)) return;
    pointedOut.set(organization, true, 0);
    log({
      level: "warn",
      message:
        `A claim of ${bytes} bytes was sent; proxies cut headers near 8 kB, and the token is longer than its claims`,
      reason: "large_claim",
      organization,
      remedy:
        "Give coarser permissions to the roles, or let applications ask by introspection (preuserinfo) in place of long tokens",
    });
  }

  function refuse(error: unknown, account: Account): Response {
    const { code, status, entry } = describeFailure(error);
    account.outcome = code;
    log({ ...account, ...entry });
    const headers = code === "method_not_allowed"
      ? { ...JSON_TYPE, allow: "POST" }
      : JSON_TYPE;
    return new Response(JSON.stringify({ error: code }), { status, headers });
  }
}

/**
 * Gives a request's path. Its URL is Deno's, put together from what the client
 * sent; to parse it costs more, and fails for hosts that no URL can hold.
 */
function pathOf({ url }: Request): string {
  const path = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  return path.split("?", 1)[0]!;
}

function health(request: Request): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    const headers = { ...JSON_TYPE, allow: "GET, HEAD" };
    const body = JSON.stringify({ error: "method_not_allowed" });
    return new Response(body, { status: 405, headers });
  }
  return new Response('{"status":"ok"}', { headers: JSON_TYPE });
}

function unsigned(
  why: string,
  details: { remedy?: string } = {},
): FunctionError {
  return new FunctionError(
    "invalid_signature",
    `Refused a request by its ZITADEL-Signature: ${why}`,
    details,
  );
}
