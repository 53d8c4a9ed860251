/**
 * Recorded exchanges with ZITADEL, and their replay against an instance.
 *
 * @module
 */

import { urlAt } from "../util/url_at.ts";

const RECORDED = new URL("../../fixtures/recorded/", import.meta.url);

export interface Recording {
  readonly name: string;
  readonly description: string;
  /** The release that it was recorded from. */
  readonly source: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly body_base64?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly body_base64?: string;
  };
}

/** The part of an answer that is compared. */
export interface Answer {
  readonly status: number;
  /** Parsed if it is JSON. */
  readonly body: unknown;
}

export interface ReplayOptions {
  /** Texts of the recording, and their replacements here. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Headers in addition to the recorded ones, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export async function readRecording<Shape = Recording>(
  name: string,
): Promise<Shape> {
  const url = new URL(`${name}.json`, RECORDED);
  return JSON.parse(await Deno.readTextFile(url));
}

export async function replayRecording(
  origin: string,
  { request }: Recording,
  { replace = {}, headers = {} }: ReplayOptions = {},
): Promise<Answer> {
  const here = (text: string) => {
    for (const [from, to] of Object.entries(replace)) {
      text = text.replaceAll(from, to);
    }
    return text;
  };
  const recorded = Object.entries(request.headers)
    .filter(([name]) => name !== "authorization")
    .map(([name, value]) => [name, here(value)]);
  const response = await fetch(urlAt(origin, here(request.path)), {
    method: request.method,
    headers: { ...Object.fromEntries(recorded), ...headers },
    body: bodyOf(request, here),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return answerOf(response.status, response.headers, bytes);
}

/** Returns the recorded answer. */
export function recordedAnswer({ response }: Recording): Answer {
  const bytes = response.body_base64 === undefined
    ? new TextEncoder().encode(response.body ?? "")
    : Uint8Array.fromBase64(response.body_base64);
  return answerOf(response.status, new Headers(response.headers), bytes);
}

function bodyOf(
  { method, headers, body, body_base64: base64 }: Recording["request"],
  here: (text: string) => string,
): BodyInit | null {
  if (method === "GET" || method === "DELETE") return null;
  // Ids have one length, so they can be replaced within a message.
  if (base64 !== undefined) {
    return Uint8Array.from(
      here(atob(base64)),
      (character) => character.charCodeAt(0),
    );
  }
  if (headers["content-type"] === "application/x-www-form-urlencoded") {
    const form = JSON.parse(here(JSON.stringify(body)));
    return new URLSearchParams(form).toString();
  }
  return here(JSON.stringify(body));
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
  const trailers = new Headers(
    [...headers].filter(([name]) => name.startsWith("grpc-")) as [
      string,
      string,
    ][],
  );
  let messages = 0;
  for (let offset = 0; offset < bytes.length;) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
    const length = view.getUint32(1);
    const start = offset + FRAME_HEADER_BYTES;
    if (view.getUint8(0) & TRAILER_FLAG) {
      const text = new TextDecoder().decode(
        bytes.subarray(start, start + length),
      );
      for (const line of text.trim().split("\r\n")) {
        const [name, value] = line.split(/:\s*/, 2);
        trailers.set(name!, value ?? "");
      }
    } else {
      messages++;
    }
    offset = start + length;
  }
  return {
    grpcStatus: trailers.get("grpc-status"),
    grpcMessage: decodeURIComponent(trailers.get("grpc-message") ?? ""),
    messages,
  };
}
