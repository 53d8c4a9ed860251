/**
 * Who answered: tells ZITADEL's answers from those of proxies, firewalls and
 * login pages, so that an operator does not look for a missing role because of
 * a firewall's 403.
 *
 * @module
 */
import type { ZitadelConnection } from "./connection.ts";
import { networkFault } from "./network_error.ts";
import { addressSetting, UpstreamFault } from "./upstream_error.ts";

/** How much of a foreign answer is looked at, in bytes: more than any of ZITADEL's texts. */
const MAX_TEXT_BYTES = 4_096;

/** ZITADEL's words for a host that is no domain of an instance, in all releases since v3. */
const INSTANCE_NOT_FOUND =
  /Instance not found|unable to set instance using origin|Errors\.(?:Instance|IAM)\.NotFound/;

/** What servers and proxies say to plain http at their https port. */
const NEEDS_HTTPS =
  /HTTP request (?:was sent )?to (?:an )?HTTPS (?:server|port)/i;

/** What proxies answer if the server behind them does not. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/** What was seen of an answer. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** The media type without parameters; empty if there is none. */
  readonly mediaType: string;
  /** Where a redirect leads. */
  readonly location?: string | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

/**
 * Sends a request to ZITADEL.
 *
 * @param connection The connection.
 * @param url The endpoint.
 * @param init The request.
 * @returns The response, which may not be ZITADEL's.
 * @throws {UpstreamFault} If there is no response.
 */
export async function send(
  connection: ZitadelConnection,
  url: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  try {
    return await connection.fetch(url, init);
  } catch (cause) {
    throw cause instanceof UpstreamFault
      ? cause
      : networkFault(cause, connection);
  }
}

/**
 * Reads the beginning of an answer and drops the rest.
 *
 * @param response The response.
 * @param maxBytes How much to read, in bytes.
 * @returns What was seen; of an answer that breaks off, what came.
 */
export async function readAnswer(
  response: Response,
  maxBytes: number = MAX_TEXT_BYTES,
): Promise<Answer> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
  } catch {
    // What came is enough to tell who answered.
  }
  return {
    status: response.status,
    mediaType: mediaTypeOf(response.headers),
    location: response.headers.get("location") ?? undefined,
    text,
  };
}

/**
 * Returns an answer's media type.
 *
 * @param headers The answer's headers.
 * @returns The media type in lower case, without parameters; empty if there is none.
 */
export function mediaTypeOf(headers: Headers): string {
  const [type = ""] = (headers.get("content-type") ?? "").split(";", 1);
  return type.trim().toLowerCase();
}

/**
 * Judges an answer that has not the form that was asked for.
 *
 * @param answer What was seen.
 * @param connection The connection.
 * @returns The fault: never a missing permission or a refused credential, which ZITADEL reports in the form asked for.
 */
export function judgeForeignAnswer(
  answer: Answer,
  connection: Pick<ZitadelConnection, "baseUrl" | "instanceHost">,
): UpstreamFault {
  const { status, text } = answer;
  const seen = `answered ${describeAnswer(answer)}`;
  if (status === 429) return new UpstreamFault("rate_limited", seen);
  if (isInstanceNotFound(text)) return unknownInstance(seen);
  if (GATEWAY_STATUSES.has(status)) {
    return new UpstreamFault("unreachable", seen, {
      remedy:
        "Check that ZITADEL runs behind the proxy that answered, and that the proxy reaches it",
    });
  }
  const remedy = isHttpsNeeded(answer, connection.baseUrl)
    ? `It expects https: write ${
      connection.baseUrl.replace("http:", "https:")
    } in ${addressSetting(connection)}`
    : undefined;
  return new UpstreamFault("intercepted", seen, { remedy });
}

/**
 * Describes an answer without quoting it.
 *
 * @param answer What was seen.
 * @returns The description, such as "403 text/html".
 */
export function describeAnswer(
  { status, mediaType, location }: Answer,
): string {
  if (isRedirect(status)) {
    const origin = location && URL.parse(location)?.origin;
    return `${status}, a redirect${origin ? ` to ${origin}` : ""}`;
  }
  return `${status} ${mediaType || "without a content type"}`;
}

/**
 * Reports whether a text of ZITADEL says that the host is no domain of an instance.
 *
 * @param text A gRPC message or a body.
 * @returns `true` if it does.
 */
export function isInstanceNotFound(text: string): boolean {
  return INSTANCE_NOT_FOUND.test(text);
}

/**
 * Creates the fault of a host that is no domain of an instance.
 *
 * @param seen What was seen.
 * @returns The fault.
 */
export function unknownInstance(seen: string): UpstreamFault {
  return new UpstreamFault("unknown_instance", `${seen}: Instance not found`);
}

function isHttpsNeeded(
  { status, location, text }: Answer,
  baseUrl: string,
): boolean {
  if (!baseUrl.startsWith("http:")) return false;
  const target = location && URL.parse(location, baseUrl);
  const leadsToHttps = isRedirect(status) && target &&
    target.protocol === "https:" &&
    target.hostname === new URL(baseUrl).hostname;
  return leadsToHttps || NEEDS_HTTPS.test(text);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}
