import { judgeForeignAnswer, mediaTypeOf, readAnswer, send } from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { UpstreamFault } from "./upstream_error.ts";

const DISCOVERY_PATH = "/.well-known/openid-configuration";

/** ZITADEL's document has some 3 kB. */
const MAX_DISCOVERY_BYTES = 64 * 1024;

/**
 * Finds out why no API answered: other servers, too, answer "404 page not
 * found" to paths they do not know, but only ZITADEL has a discovery document.
 *
 * @param connection The connection.
 * @param signal Ends the request.
 * @returns The fault.
 * @throws {UpstreamFault} If the document cannot be asked for.
 */
export async function judgeMissingApis(
  connection: ZitadelConnection,
  signal: AbortSignal,
): Promise<UpstreamFault> {
  const response = await send(
    connection,
    `${connection.baseUrl}${DISCOVERY_PATH}`,
    { signal },
  );
  const isJson = mediaTypeOf(response.headers) === "application/json";
  const answer = await readAnswer(response, MAX_DISCOVERY_BYTES);
  if (!response.ok || !isJson || !hasIssuer(answer.text)) {
    return judgeForeignAnswer(answer, connection);
  }
  return new UpstreamFault(
    "no_metadata_api",
    "has none of the APIs that list metadata",
  );
}

function hasIssuer(text: string): boolean {
  try {
    return typeof JSON.parse(text)?.issuer === "string";
  } catch {
    return false;
  }
}
