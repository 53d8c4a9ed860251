import { judgeForeignAnswer, mediaTypeOf, readAnswer } from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { UpstreamFault } from "./upstream_fault.ts";

/** A flag and the length of the message, big-endian, come first. */
const FRAME_HEADER_BYTES = 5;

/** What ZITADEL answers for a method that the release does not have (v4); v3 has a gRPC status for it. */
const NO_SUCH_PATH = "404 page not found";

/**
 * Creates the `fetch` that the client library makes its calls with. It passes
 * on gRPC-web answers alone, as far as they are not too long, and throws an
 * `UpstreamFault` for any other.
 */
export function grpcWebFetch(
  connection: ZitadelConnection,
  maxBytes: number,
  rewrite: (url: string) => string,
): typeof fetch {
  return async (input, init) => {
    const response = await connection.fetch(rewrite(String(input)), init);
    const { headers, status, body } = response;
    const isGrpcWeb = headers.has("grpc-status") ||
      mediaTypeOf(headers).startsWith("application/grpc-web");
    if (!response.ok || !isGrpcWeb) {
      const answer = await readAnswer(response);
      throw status === 404 && answer.text.trim() === NO_SUCH_PATH
        ? new UpstreamFault("unimplemented")
        : judgeForeignAnswer(answer);
    }
    if (!body) return response;
    const stream = ReadableStream.from(bounded(body, maxBytes));
    return new Response(stream, { status, headers });
  };
}

/** Passes on the body until it is, or its first chunk announces to be, longer than the bound. */
async function* bounded(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  maxBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      const announced = bytes === 0 && chunk.length >= FRAME_HEADER_BYTES
        ? new DataView(chunk.buffer, chunk.byteOffset).getUint32(1)
        : 0;
      bytes += chunk.length;
      if (Math.max(bytes, announced) > maxBytes) {
        const seen = `the answer has more than ${maxBytes} bytes`;
        throw new UpstreamFault("oversized", seen);
      }
      yield chunk;
    }
  } catch (cause) {
    throw cause instanceof UpstreamFault
      ? cause
      : new UpstreamFault("unreachable", "the answer breaks off", { cause });
  }
}
