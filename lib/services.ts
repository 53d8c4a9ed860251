/**
 * The wiring: builds what the handler needs from the settings and from what the
 * platform provides.
 *
 * @module
 */
import type { Config } from "./config.ts";
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
import { createConnection } from "./zitadel/connection.ts";
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
  /** The database that isolates share; without it, memory alone serves. */
  readonly kv?: Deno.Kv | undefined;
  /** Takes the log. */
  readonly log: Log;
  /** Ends background work once it is aborted. */
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
  readonly createCallDeadline: () => Deadline;
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
  const { fetch, now, log, kv } = platform;
  const timeout = platform.timeout ?? ((ms) => AbortSignal.timeout(ms));
  const shutdown = platform.shutdown ?? new AbortController().signal;
  const { origin, freshMs, staleMs, upstreamTimeoutMs } = config;
  const telemetry = await openTelemetry(now);
  const connection = createConnection({
    domainOrigin: origin,
    internalOrigin: config.internalOrigin,
    fetch,
    now,
    timeoutMs: upstreamTimeoutMs,
  });
  const readMetadata = createMetadataReader({
    connection,
    token: createAccessTokenSource(config.credential, { connection, log }),
    maxValueBytes: MAX_VALUE_BYTES,
    maxMappingBytes: MAX_MAPPING_BYTES,
  });
  const store = kv &&
    new KvStore({
      kv,
      origin,
      lifetimeMs: freshMs + staleMs,
      now,
      timeout,
      log,
    });
  const cache = new MappingCache({
    readMetadata: (organization, deadline) =>
      telemetry.upstream(() => readMetadata(organization, deadline)),
    startReadingDeadline: () => timeout(upstreamTimeoutMs),
    store,
    freshMs,
    staleMs,
    now,
    log,
    shutdown,
  });
  return {
    config,
    authenticate: await createAuthenticator({
      signingKeys: config.signingKeys,
      readBody: createBodyReader({ now, timeout }),
      now,
    }),
    openEnvelope: await createEnvelopeOpener({
      findKey: createSigningKeys(connection),
      privateKey: config.payloadPrivateKey,
    }),
    cache,
    telemetry,
    identity: {
      process: randomHex(PROCESS_ID_BYTES),
      version: VERSION,
      credential: await fingerprint(config.credential),
    },
    now,
    timeout,
    log,
    createCallDeadline: () => new Deadline(() => timeout(upstreamTimeoutMs)),
    preload: () => preload(config, { cache, log }),
  };
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
    await preloadTokenRequest(credential.kind);
    await preloadClient();
    if (setting !== "user" && setting !== "grant") await cache.get(setting);
  } catch (error) {
    log(describeFailure(error).entry);
  }
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
