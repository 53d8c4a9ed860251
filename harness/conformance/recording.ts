/**
 * Recorded exchanges with ZITADEL, and their replay against an instance.
 *
 * @module
 */
import { createEnvelopeReadableStream } from "@connectrpc/connect/protocol";
import {
  trailerFlag,
  trailerParse,
} from "@connectrpc/connect/protocol-grpc-web";
import { urlAt } from "../util/url_at.ts";

const RECORDED = new URL("../../fixtures/recorded/", import.meta.url);

export type Texts = Readonly<Record<string, string>>;

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Texts;
  readonly body?: unknown;
  readonly body_base64?: string;
}

export interface RecordedResponse {
  readonly status: number;
  readonly headers: Texts;
  readonly body?: string;
  readonly body_base64?: string;
}

/** The part of an answer that is compared. */
export interface Answer {
  readonly status: number;
  /** Parsed if it is JSON. */
  readonly body: unknown;
}

export async function readRecorded<Shape>(name: string): Promise<Shape> {
  const url = new URL(`${name}.json`, RECORDED);
  return JSON.parse(await Deno.readTextFile(url));
}

/** Reads the body of a recorded call of a target. */
export async function readCall(name: string): Promise<string> {
  type Call = { readonly request: { readonly body: string } };
  return (await readRecorded<Call>(`../${name}`)).request.body;
}

/**
 * Sends a recorded request to an instance.
 *
 * @param headers In addition to the recorded ones.
 * @param replace Texts of the recording, and what they are here.
 */
export async function replay(
  origin: string,
  request: RecordedRequest,
  headers: Texts,
  replace: Texts = {},
): Promise<Answer> {
  const here = (text: string) =>
    Object.entries(replace).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      text,
    );
  const { authorization: _, ...recorded } = JSON.parse(
    here(JSON.stringify(request.headers)),
  );
  return await readAnswer(
    await fetch(urlAt(origin, here(request.path)), {
      method: request.method,
      headers: { ...recorded, ...headers },
      body: bodyOf(request, here),
    }),
  );
}

/** Returns the recorded answer. */
export function recordedAnswer(
  { status, headers, body = "", body_base64: base64 }: RecordedResponse,
): Promise<Answer> {
  const content = base64 === undefined ? body : Uint8Array.fromBase64(base64);
  return readAnswer(
    new Response(content.length > 0 ? content : null, { status, headers }),
  );
}

function bodyOf(
  { method, headers, body, body_base64: base64 }: RecordedRequest,
  here: (text: string) => string,
): BodyInit | null {
  if (method === "GET" || method === "DELETE") return null;
  // Ids have one length, so they can be replaced within a message.
  if (base64 !== undefined) {
    return Uint8Array.from(here(atob(base64)), (char) => char.charCodeAt(0));
  }
  const text = here(JSON.stringify(body));
  return headers["content-type"] === "application/x-www-form-urlencoded"
    ? new URLSearchParams(JSON.parse(text)).toString()
    : text;
}

async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  if (headers.get("content-type")?.startsWith("application/grpc-web")) {
    return { status, body: await grpcWebAnswer(response) };
  }
  const text = await response.text();
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    return { status, body: text };
  }
}

/** Servers send status and message as headers or as trailers. */
async function grpcWebAnswer({ headers, body }: Response) {
  let trailers = headers;
  let messages = 0;
  const stream = body ? createEnvelopeReadableStream(body) : [];
  for await (const { flags, data } of stream) {
    if (flags & trailerFlag) trailers = trailerParse(data);
    else messages++;
  }
  return {
    grpcStatus: trailers.get("grpc-status"),
    grpcMessage: decodeURIComponent(trailers.get("grpc-message") ?? ""),
    messages,
  };
}
