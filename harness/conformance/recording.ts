/**
 * Recorded exchanges with ZITADEL, and their replay against an instance.
 *
 * @module
 */
import { urlAt } from "../util/url_at.ts";

const RECORDED = new URL("../../fixtures/recorded/", import.meta.url);

type HeaderTexts = Readonly<Record<string, string>>;

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderTexts;
  readonly body?: unknown;
  readonly body_base64?: string;
}

export interface RecordedResponse {
  readonly status: number;
  readonly headers: HeaderTexts;
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

/**
 * Sends a recorded request to an instance.
 *
 * @param options Texts of the recording with their replacements here, and
 * headers in addition to the recorded ones.
 */
export async function replay(
  origin: string,
  request: RecordedRequest,
  { replace = new Map(), headers = {} }: {
    readonly replace?: ReadonlyMap<string, string>;
    readonly headers?: HeaderTexts;
  },
): Promise<Answer> {
  const here = (text: string) => {
    for (const [from, to] of replace) text = text.replaceAll(from, to);
    return text;
  };
  const { authorization: _, ...recorded } = JSON.parse(
    here(JSON.stringify(request.headers)),
  );
  const response = await fetch(urlAt(origin, here(request.path)), {
    method: request.method,
    headers: { ...recorded, ...headers },
    body: bodyOf(request, here),
  });
  return answerOf(response.status, response.headers, await response.bytes());
}

/** Returns the recorded answer. */
export function recordedAnswer(
  { status, headers, body = "", body_base64: base64 }: RecordedResponse,
): Answer {
  const bytes = base64 === undefined
    ? new TextEncoder().encode(body)
    : Uint8Array.fromBase64(base64);
  return answerOf(status, new Headers(headers), bytes);
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

function answerOf(status: number, headers: Headers, bytes: Uint8Array): Answer {
  const type = headers.get("content-type") ?? "";
  if (type.startsWith("application/grpc-web")) {
    return { status, body: grpcWebAnswer(headers, bytes) };
  }
  const text = new TextDecoder().decode(bytes);
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    return { status, body: text };
  }
}

/** One byte of flags, four of length. */
const FRAME_HEADER_BYTES = 5;
const TRAILER_FLAG = 0x80;

/** Servers send status and message as headers or as trailers. */
function grpcWebAnswer(headers: Headers, bytes: Uint8Array) {
  const trailers = new Headers(headers);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let messages = 0;
  for (let offset = 0; offset < bytes.length;) {
    const start = offset + FRAME_HEADER_BYTES;
    const end = start + view.getUint32(offset + 1);
    if (view.getUint8(offset) & TRAILER_FLAG) {
      const text = new TextDecoder().decode(bytes.subarray(start, end));
      for (const line of text.trim().split("\r\n")) {
        const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
        if (name !== undefined) trailers.set(name, value!);
      }
    } else messages++;
    offset = end;
  }
  return {
    grpcStatus: trailers.get("grpc-status"),
    grpcMessage: decodeURIComponent(trailers.get("grpc-message") ?? ""),
    messages,
  };
}
