/**
 * Converts between node:http, which oidc-provider needs, and the web's Request
 * and Response, which everything else uses.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

/** Reads a Node request and its body into a web request. */
export async function toRequest(
  incoming: IncomingMessage,
  origin: string,
): Promise<{ request: Request; body: Uint8Array }> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) {
      headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
  }
  const method = incoming.method ?? "GET";
  const body = new Uint8Array(await buffer(incoming));
  const url = new URL(incoming.url ?? "/", origin);
  const hasBody = method !== "GET" && method !== "HEAD";
  const request = new Request(url, {
    method,
    headers,
    body: hasBody ? body : null,
  });
  return { request, body };
}

/** Creates a copy of a consumed Node request, whose body can be read again. */
export function replay(
  incoming: IncomingMessage,
  body: Uint8Array,
): IncomingMessage {
  const { method, url, headers, rawHeaders, httpVersion, socket } = incoming;
  return Object.assign(Readable.from([body]), {
    method,
    url,
    headers,
    rawHeaders,
    httpVersion,
    socket,
  }) as unknown as IncomingMessage;
}

/** Sends a web response. */
export async function sendResponse(
  response: Response,
  outgoing: ServerResponse,
): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
}
