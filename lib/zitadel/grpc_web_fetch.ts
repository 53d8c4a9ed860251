import { judgeForeignAnswer, mediaTypeOf, readAnswer, send } from "./answer.ts";
import type { ZitadelConnection } from "./connection.ts";
import { UpstreamFault } from "./upstream_error.ts";

/** A flag and the length of the message come first. */
const FRAME_HEADER_BYTES = 5;

/** What ZITADEL answers for a method that the release does not have (v4); v3 has a gRPC status for it. */
const NO_SUCH_PATH = "404 page not found";

/** What a `fetch` for gRPC-web needs. */
export interface GrpcWebFetchOptions {
  /** The longest answer that is read, in bytes. */
  readonly maxBytes: number;
  /** Called with the length of each part that is received; may throw to end the call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Changes the URL of a call. */
  readonly rewrite?: ((url: string) => string) | undefined;
}

/**
 * Creates the `fetch` that the client library makes its calls with. It passes
 * on gRPC-web answers alone, and counts their bytes before they are decoded.
 *
 * @param connection The connection.
 * @param options What it needs.
 * @returns The `fetch`. It throws an `UpstreamFault` for any other answer.
 */
export function grpcWebFetch(
  connection: ZitadelConnection,
  { rewrite = (url) => url, ...options }: GrpcWebFetchOptions,
): typeof fetch {
  return async (input, init) => {
    const response = await send(connection, rewrite(String(input)), init);
    const { headers, status, body } = response;
    const isGrpcWeb = headers.has("grpc-status") ||
      mediaTypeOf(headers).startsWith("application/grpc-web");
    if (!response.ok || !isGrpcWeb) {
      const answer = await readAnswer(response);
      throw status === 404 && answer.text.trim() === NO_SUCH_PATH
        ? new UpstreamFault("unimplemented", "does not have the API")
        : judgeForeignAnswer(answer, connection);
    }
    if (!body) return response;
    return new Response(ReadableStream.from(bounded(body, options)), {
      status,
      headers,
    });
  };
}

/** Passes on the body until it is, or announces to be, longer than the bound. */
async function* bounded(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { maxBytes, onBytes }: GrpcWebFetchOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  let bytes = 0;
  try {
    for await (const chunk of body) {
      if (bytes < FRAME_HEADER_BYTES) {
        header.set(chunk.subarray(0, FRAME_HEADER_BYTES - bytes), bytes);
      }
      bytes += chunk.length;
      const announced = bytes < FRAME_HEADER_BYTES
        ? 0
        : new DataView(header.buffer).getUint32(1);
      if (Math.max(bytes, announced) > maxBytes) {
        throw new UpstreamFault(
          "oversized",
          `sent an answer of more than ${maxBytes} bytes`,
          { bytes: Math.max(bytes, announced) },
        );
      }
      onBytes?.(chunk.length);
      yield chunk;
    }
  } catch (cause) {
    throw cause instanceof UpstreamFault
      ? cause
      : new UpstreamFault("unreachable", "broke its answer off", { cause });
  }
}
