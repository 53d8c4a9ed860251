/**
 * Who answered: tells ZITADEL's answers from those of proxies, firewalls and
 * login pages, so that an operator does not look for a missing role because of
 * a firewall's 403.
 *
 * @module
 */
import type { ZitadelConnection } from "./connection.ts";
import { UpstreamFault } from "./upstream_fault.ts";

/** How much of a foreign answer is looked at, in bytes: more than any of ZITADEL's texts. */
const MAX_TEXT_BYTES = 4_096;

/** ZITADEL's words for a host that is no domain of an instance, in all releases since v3. */
export const INSTANCE_NOT_FOUND =
  /Instance not found|unable to set instance using origin|Errors\.(?:Instance|IAM)\.NotFound/;

/** What servers and proxies say to plain http at their https port. */
const NEEDS_HTTPS =
  /HTTP request (?:was sent )?to (?:an )?HTTPS (?:server|port)/i;

const JSON_TYPE = /^application\/(?:jwk-set\+)?json$/;

const DISCOVERY_PATH = "/.well-known/openid-configuration";

/** ZITADEL's document has some 3 kB. */
const MAX_DISCOVERY_BYTES = 64 * 1024;

/** What was seen of an answer. */
export type Answer = Awaited<ReturnType<typeof readAnswer>>;

/** Reads the beginning of an answer and drops the rest; of an answer that breaks off, what came. */
export async function readAnswer(
  { status, headers, body }: Response,
  maxBytes: number = MAX_TEXT_BYTES,
) {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
  } catch {
    // What came is enough to tell who answered.
  }
  const location = headers.get("location");
  return { status, mediaType: mediaTypeOf(headers), location, text } as const;
}

/** Returns an answer's media type in lower case, without parameters; empty if there is none. */
export function mediaTypeOf(headers: Headers): string {
  const [type = ""] = (headers.get("content-type") ?? "").split(";", 1);
  return type.trim().toLowerCase();
}

/** Parses the JSON of an answer: `undefined` if that is of another type, `null` if it is broken. */
// deno-lint-ignore no-explicit-any
export function jsonOf({ mediaType, text }: Answer): any {
  if (!JSON_TYPE.test(mediaType)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Judges an answer that has not the form that was asked for. It is never a
 * missing permission or a refused credential: ZITADEL reports those in the form
 * asked for.
 */
export function judgeForeignAnswer(answer: Answer): UpstreamFault {
  const { status, text } = answer;
  const seen = `the answer is ${describeAnswer(answer)}`;
  const fields = { upstream_status: status };
  if (status === 429) {
    return new UpstreamFault("rate_limited", seen, { fields });
  }
  if (INSTANCE_NOT_FOUND.test(text)) {
    return new UpstreamFault("unknown_instance", undefined, { fields });
  }
  // What proxies answer if the server behind them does not.
  if ([502, 503, 504].includes(status)) {
    return new UpstreamFault("unreachable", seen, { fields });
  }
  const hint = NEEDS_HTTPS.test(text) ? ", which expects https" : "";
  return new UpstreamFault("intercepted", seen + hint, { fields });
}

/** Describes an answer without quoting it, such as "403 text/html". */
function describeAnswer({ status, mediaType, location }: Answer): string {
  if (status >= 300 && status < 400) {
    const origin = location && URL.parse(location)?.origin;
    return `${status}, a redirect${origin ? ` to ${origin}` : ""}`;
  }
  return `${status} ${mediaType || "without a content type"}`;
}

/**
 * Finds out why no API answered: other servers, too, answer "404 page not
 * found" to paths they do not know, but only ZITADEL has a discovery document.
 */
export async function judgeMissingApis(
  { baseUrl, fetch }: ZitadelConnection,
  signal: AbortSignal,
): Promise<UpstreamFault> {
  const response = await fetch(`${baseUrl}${DISCOVERY_PATH}`, { signal });
  const answer = await readAnswer(response, MAX_DISCOVERY_BYTES);
  const isDiscovery = answer.status === 200 &&
    typeof jsonOf(answer)?.issuer === "string";
  return isDiscovery
    ? new UpstreamFault("no_metadata_api", "no API there lists metadata")
    : judgeForeignAnswer(answer);
}
