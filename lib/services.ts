/**
 * The wiring: builds what the handler needs from the settings and from what the
 * platform provides.
 *
 * @module
 */
import type { Config } from "./config/settings.ts";
import { fingerprint } from "./config/credential.ts";
import { describeFailure } from "./errors.ts";
import { MappingCache } from "./mapping/cache.ts";
import { KvStore } from "./mapping/kv_store.ts";
import { MAX_MAPPING_BYTES, MAX_VALUE_BYTES } from "./mapping/role_mapping.ts";
import type { Log } from "./observability/log.ts";
import { openTelemetry } from "./observability/open_telemetry.ts";
import type { Telemetry } from "./observability/telemetry.ts";
import {
  type Authenticate,
  createAuthenticator,
} from "./request/authenticate.ts";
import { createBodyReader } from "./request/body.ts";
import { createEnvelopeOpener, type OpenEnvelope } from "./request/envelope.ts";
import { compileChecks } from "./request/payload.ts";
import { Deadline } from "./util/deadline.ts";
import { VERSION } from "./version.ts";
import { createAccessTokenSource } from "./zitadel/access_token.ts";
import {
  createConnection,
  type ZitadelConnection,
} from "./zitadel/connection.ts";
import {
  createMetadataReader,
  preload as preloadClient,
} from "./zitadel/metadata_reader.ts";
import { createSigningKeys } from "./zitadel/signing_keys.ts";
import { preload as preloadTokenRequest } from "./zitadel/token_request.ts";

/** What the place where the function runs provides. */
export interface Platform {
  /** Sends requests to ZITADEL. */
  readonly fetch: typeof fetch;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Returns a signal that is aborted after some milliseconds; `AbortSignal.timeout` by default. */
  readonly timeout?: (ms: number) => AbortSignal;
  /** The database that isolates share, perhaps still being opened; without it, memory alone serves. */
  readonly kv?: Deno.Kv | Promise<Deno.Kv | undefined> | undefined;
  /** The version of Deno. */
  readonly deno: string;
  /** Takes the log. */
  readonly log: Log;
  /** Ends background work once it is aborted; without it, the end of the process does. */
  readonly shutdown?: AbortSignal;
}

/** Identifies this process to operator commands. */
export interface Identity {
  /** Random hex digits, new at each start. */
  readonly process: string;
  /** The version of this function. */
  readonly version: string;
  /** The fingerprint of the service user's credential. */
  readonly credential: string;
  /** The version of Deno. */
  readonly deno: string;
}

/** What handling a request needs. */
export interface Services {
  /** The settings. */
  readonly config: Config;
  /** Verifies that ZITADEL sent a request. */
  readonly authenticate: Authenticate;
  /** Opens a payload in any of its three forms. */
  readonly openEnvelope: OpenEnvelope;
  /** Looks mappings up. */
  readonly cache: MappingCache;
  /** Counts and times what happens. */
  readonly telemetry: Telemetry;
  /** The answer to a canary. */
  readonly identity: Identity;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Returns a signal that is aborted after some milliseconds. */
  readonly timeout: (ms: number) => AbortSignal;
  /** Takes the log. */
  readonly log: Log;
  /** Creates the deadline of one call for all it waits for at ZITADEL. */
  readonly createLazyDeadline: () => Deadline;
  /** Loads what the first login needs, in the background. It never rejects. */
  readonly preload: () => Promise<void>;
}

/** How many random bytes identify a process. */
const PROCESS_ID_BYTES = 4;

/**
 * Builds what the handler needs.
 *
 * @param config The settings.
 * @param platform What the place where the function runs provides.
 * @returns The services.
 * @throws {TypeError} If a key in the settings cannot be used.
 */
export async function createServices(
  config: Config,
  platform: Platform,
): Promise<Services> {
  const { now, log } = platform;
  const timeout = platform.timeout ?? ((ms) => AbortSignal.timeout(ms));
  const connection = createConnection({
    domainOrigin: config.origin,
    internalOrigin: config.internalOrigin,
    fetch: platform.fetch,
    now,
    timeout,
    timeoutMs: config.upstreamTimeoutMs,
  });
  // Side by side: a start waits for the slowest only.
  const [kv, telemetry, authenticate, openEnvelope, credential] = await Promise
    .all([
      platform.kv,
      openTelemetry(now),
      createAuthenticator({
        signingKeys: config.signingKeys,
        readBody: createBodyReader({ now, timeout }),
        now,
      }),
      createEnvelopeOpener({
        findKey: createSigningKeys(connection),
        privateKey: config.payloadPrivateKey,
      }),
      fingerprint(config.credential),
    ]);
  const environment = { ...platform, timeout, connection, telemetry };
  const cache = createCache(config, kv, environment);
  return {
    config,
    authenticate,
    openEnvelope,
    cache,
    telemetry,
    identity: {
      process: randomHex(PROCESS_ID_BYTES),
      version: VERSION,
      credential,
      deno: platform.deno,
    },
    now,
    timeout,
    log,
    createLazyDeadline: () =>
      new Deadline(() => timeout(config.upstreamTimeoutMs)),
    preload: () => preload(config, { cache, log }),
  };
}

function createCache(
  { origin, credential, freshMs, staleMs, upstreamTimeoutMs }: Config,
  kv: Deno.Kv | undefined,
  { connection, telemetry, now, timeout, log, shutdown }:
    & Pick<Services, "telemetry" | "now" | "timeout" | "log">
    & Pick<Platform, "shutdown">
    & { readonly connection: ZitadelConnection },
): MappingCache {
  const readMetadata = createMetadataReader({
    connection,
    token: createAccessTokenSource(credential, { connection, log }),
    maxValueBytes: MAX_VALUE_BYTES,
    maxMappingBytes: MAX_MAPPING_BYTES,
  });
  const lifetimeMs = freshMs + staleMs;
  return new MappingCache({
    readMetadata: (organization, deadline) =>
      telemetry.upstream(() => readMetadata(organization, deadline)),
    startReadingDeadline: () => timeout(upstreamTimeoutMs),
    store: kv && new KvStore({ kv, origin, lifetimeMs, now, timeout, log }),
    freshMs,
    staleMs,
    now,
    log,
    shutdown: shutdown ?? new AbortController().signal,
  });
}

/**
 * Loads the client libraries, which takes longer than all the rest of a start,
 * and with a fixed organization its mapping. A failure is logged: the operator
 * sees it at the start and not at the first login.
 */
async function preload(
  { credential, metadataOrganization: setting }: Config,
  { cache, log }: Pick<Services, "cache" | "log">,
): Promise<void> {
  try {
    compileChecks();
    await pause();
    await preloadTokenRequest(credential.kind);
    await pause();
    await preloadClient();
    if (setting !== "user" && setting !== "grant") await cache.get(setting);
  } catch (error) {
    log(describeFailure(error).entry);
  }
}

/** Lets calls and answers that wait run: settles in a later turn of the event loop. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
