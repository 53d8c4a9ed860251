/**
 * The wiring: builds what the handler needs from the settings and from what the
 * platform provides.
 *
 * @module
 */
import project from "../deno.json" with { type: "json" };
import type { Config } from "./config/settings.ts";
import { fingerprint } from "./config/credential.ts";
import { describeFailure } from "./errors.ts";
import { MappingCache } from "./mapping/cache.ts";
import { KvStore } from "./mapping/kv_store.ts";
import { MAX_MAPPING_BYTES, MAX_VALUE_BYTES } from "./mapping/role_mapping.ts";
import type { Log } from "./observability/log.ts";
import { openTelemetry } from "./observability/telemetry.ts";
import { createAuthenticator } from "./request/authenticate.ts";
import { createEnvelopeOpener } from "./request/envelope.ts";
import { compileChecks } from "./request/payload.ts";
import { createAccessTokenSource } from "./zitadel/access_token.ts";
import { createConnection } from "./zitadel/connection.ts";
import { reportExpiry } from "./zitadel/credential_expiry.ts";
import { createMetadataReader } from "./zitadel/metadata_reader.ts";
import { createSigningKeys } from "./zitadel/signing_keys.ts";

export const VERSION: string = project.version;

/** What the place where the function runs provides. */
export interface Platform {
  readonly fetch: typeof fetch;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Returns a signal that is aborted after some milliseconds; `AbortSignal.timeout` by default. */
  readonly timeout?: (ms: number) => AbortSignal;
  /** The database that isolates share, perhaps still being opened; without it, memory alone serves. */
  readonly kv?: Deno.Kv | Promise<Deno.Kv | undefined> | undefined;
  /** The version of Deno. */
  readonly deno: string;
  readonly log: Log;
  /** Ends background work once it is aborted; without it, the end of the process does. */
  readonly shutdown?: AbortSignal;
}

/** What handling a request needs. */
export type Services = Awaited<ReturnType<typeof createServices>>;

/** @throws {TypeError} If a key in the settings cannot be used. */
export async function createServices(config: Config, platform: Platform) {
  const { now } = platform;
  const timeout = platform.timeout ?? ((ms) => AbortSignal.timeout(ms));
  const connection = createConnection({
    domainOrigin: config.origin,
    internalOrigin: config.internalOrigin,
    fetch: platform.fetch,
    now,
    timeout,
    timeoutMs: config.upstreamTimeoutMs,
  });
  const telemetry = await openTelemetry(now);
  const log = telemetry?.watch(platform.log) ?? platform.log;
  // Side by side: a start waits for the slowest only.
  const [kv, authenticate, openEnvelope, credential] = await Promise
    .all([
      platform.kv,
      createAuthenticator(config.signingKeys, { now, timeout }),
      createEnvelopeOpener(
        createSigningKeys(connection),
        config.payloadPrivateKey,
      ),
      fingerprint(config.credential),
    ]);
  const readMetadata = createMetadataReader({
    connection,
    token: createAccessTokenSource(config.credential, { connection, log }),
    maxValueBytes: MAX_VALUE_BYTES,
    maxKeptBytes: MAX_MAPPING_BYTES,
  });
  const { origin, freshMs, staleMs, upstreamTimeoutMs } = config;
  const lifetimeMs = freshMs + staleMs;
  const cache = new MappingCache({
    readMetadata: telemetry
      ? (...of) => telemetry.upstream(() => readMetadata(...of))
      : readMetadata,
    startReadingDeadline: () => timeout(upstreamTimeoutMs),
    store: kv && new KvStore({ kv, origin, lifetimeMs, now, timeout, log }),
    freshMs,
    staleMs,
    now,
    log,
    shutdown: platform.shutdown ?? new AbortController().signal,
  });
  return {
    config,
    now,
    timeout,
    log,
    telemetry,
    authenticate,
    openEnvelope,
    cache,
    /** Identifies this process to operator commands, as the answer to a canary. */
    identity: {
      /** Random, new at each start. */
      process: crypto.getRandomValues(new Uint8Array(4)).toHex(),
      version: VERSION,
      credential,
      deno: platform.deno,
    },
    /** Loads what the first login needs, in the background. It never rejects. */
    preload: () => {
      reportExpiry(config.credential, { now, timeout, log });
      return preload(config, { cache, log });
    },
  };
}

/**
 * Loads the client libraries, which takes longer than all the rest of a start,
 * and with a fixed organization its mapping. In steps, so that a call that comes
 * meanwhile waits for one of them and not for all. A failure is logged: the
 * operator sees it at the start and not at the first login.
 */
async function preload(
  { credential, metadataOrganization: setting }: Config,
  { cache, log }: { readonly cache: MappingCache; readonly log: Log },
): Promise<void> {
  try {
    compileChecks();
    await pause();
    if (credential.kind !== "personal_access_token") {
      await import("oauth4webapi");
    }
    if (credential.kind === "jwt_profile") await import("jose");
    await pause();
    await import("@connectrpc/connect");
    await import("@zitadel/client/web");
    await import("./zitadel/metadata_api.ts");
    if (setting !== "user" && setting !== "grant") await cache.get(setting);
  } catch (error) {
    log(describeFailure(error).entry);
  }
}

/** Lets calls and answers that wait run: settles in a later turn of the event loop. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
