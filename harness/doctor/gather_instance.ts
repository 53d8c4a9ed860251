import { lookup } from "node:dns/promises";
import type { Credential } from "../../lib/config/credential.ts";
import type { Config } from "../../lib/config/settings.ts";
import { FunctionError } from "../../lib/errors.ts";
import { judgeMissingApis } from "../../lib/zitadel/answer.ts";
import { upstreamError } from "../../lib/zitadel/upstream_fault.ts";
import { skewOf } from "../function/clock_skew.ts";
import type { Instance } from "../zitadel/client.ts";
import { listCredentials } from "../zitadel/credential.ts";
import { connectionTo } from "../zitadel/connection.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { networkCauseOf } from "../zitadel/network_cause.ts";
import type { Me } from "../zitadel/user.ts";
import { type Answer, answer, problemOf } from "./answer.ts";
import type { HealthFacts } from "./facts.ts";

/** How long the instance may take to describe itself, in milliseconds. */
const HEALTH_TIMEOUT_MS = 10_000;

/** At which addresses an instance is asked. */
interface Origins {
  readonly domainOrigin: string;
  readonly internalOrigin?: string;
}

/**
 * Asks for the discovery document, which is open to everyone: it shows whether
 * ZITADEL answers, and how the clocks differ.
 *
 * @throws {FunctionError} With the function's own words for what answered.
 */
export async function askHealth(origins: Origins): Promise<HealthFacts> {
  let date: string | null = null;
  const connection = connectionTo({
    ...origins,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      date = response.headers.get("date");
      return response;
    },
    timeoutMs: HEALTH_TIMEOUT_MS,
  });
  const signal = connection.startDeadline();
  const started = Date.now();
  try {
    const fault = await judgeMissingApis(connection, signal);
    // With a document, the APIs are the only thing that could be missing.
    if (fault.kind !== "no_metadata_api") throw fault;
  } catch (error) {
    const action = "Cannot reach the instance";
    throw explain(upstreamError(error, { action, connection, signal }));
  }
  const ended = Date.now();
  return {
    milliseconds: ended - started,
    skewSeconds: skewOf(date, (started + ended) / 2),
  };
}

/** Names the cause if the network's error does. */
function explain(error: unknown): unknown {
  const cause = networkCauseOf(error);
  if (!cause || !(error instanceof FunctionError)) return error;
  return new FunctionError(error.code, `${error.message}: ${cause.seen}`, {
    ...error.details,
    remedy: cause.fix,
  });
}

/** Asks at ZITADEL_INTERNAL_URL, if its host can be resolved from here. */
export async function askInternal(
  { origin, internalOrigin }: Pick<Config, "origin" | "internalOrigin">,
): Promise<Answer<HealthFacts> | undefined> {
  if (internalOrigin === undefined) return undefined;
  const { hostname } = new URL(internalOrigin);
  const addresses = await resolveHost(hostname);
  if (addresses.length === 0) {
    const text = `not checked from here: ${hostname} cannot be resolved`;
    return { problem: { text, reason: "unreachable" } };
  }
  return await answer(() =>
    askHealth({ domainOrigin: origin, internalOrigin })
  );
}

/** Returns the addresses of a host; none if it has none here. */
export async function resolveHost(
  hostname: string,
): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** No organization has this id: what is asked is who answers. */
const NO_ORGANIZATION = "0";

/**
 * Checks that ZITADEL's APIs answer, and accept a token. A proxy may pass the
 * discovery document and stop gRPC-web.
 *
 * @throws {FunctionError} With the function's own words for what answered.
 */
export async function askApi(
  instance: Instance,
  credential: string,
): Promise<void> {
  try {
    await listMetadata(instance, NO_ORGANIZATION);
  } catch (error) {
    const { reason } = problemOf(error);
    if (reason === "missing_permission") return;
    if (reason !== "credential_rejected") throw error;
    const message =
      `Cannot use the credential: ZITADEL refused the service user's ${credential}`;
    throw new FunctionError("upstream_failed", message, { reason });
  }
}

/**
 * Finds out when a user's credential expires, in milliseconds since 1970: several
 * times if it is not known which of them it is, none if it does not expire. The user
 * itself is asked first, then the administrator.
 */
export async function askExpiries(
  credential: Credential,
  { me: { organization, id }, askers }: {
    readonly me: Me;
    readonly askers: readonly (Instance | undefined)[];
  },
): Promise<Answer<readonly number[]>> {
  if (credential.kind === "client_credentials") return { value: [] };
  const key = credential.kind === "jwt_profile" ? credential.key : undefined;
  if (key?.expirationDate) return { value: [Date.parse(key.expirationDate)] };
  let asked: Answer<readonly number[]> | undefined;
  for (const asker of askers) {
    if (asker === undefined || asked?.value) continue;
    asked = await answer(async () => {
      const all = await listCredentials(asker, { organization, user: id });
      return all.filter((it) => key ? it.id === key.keyId : it.kind === "pat")
        .flatMap(({ expiresAt }) => expiresAt ?? []);
    });
  }
  return asked ?? { problem: { text: "no one may ask for it" } };
}
