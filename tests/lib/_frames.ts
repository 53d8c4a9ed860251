import {
  type DescMessage,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";

const TYPE = "application/grpc-web+proto";
const HEADER_BYTES = 5;
const TRAILER_FLAG = 0x80;

/**
 * Frames a message for gRPC-web: a flag, the length, the bytes.
 *
 * @param bytes The message's bytes.
 * @param flag What kind of frame it is; 0 for a message.
 * @returns The frame.
 */
export function frame(bytes: Uint8Array, flag = 0): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(HEADER_BYTES + bytes.length);
  framed[0] = flag;
  new DataView(framed.buffer).setUint32(1, bytes.length);
  framed.set(bytes, HEADER_BYTES);
  return framed;
}

/**
 * Creates the answer that holds one message.
 *
 * @param schema The message's descriptor.
 * @param message The message.
 * @returns The answer.
 */
export function grpcWebAnswer<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
): Response {
  const trailer = new TextEncoder().encode("grpc-status: 0\r\n");
  return new Response(
    new Blob([frame(toBinary(schema, message)), frame(trailer, TRAILER_FLAG)]),
    { headers: { "content-type": TYPE } },
  );
}

/**
 * Creates the answer of a failed call.
 *
 * @param status The gRPC status.
 * @param message ZITADEL's message.
 * @returns The answer.
 */
export function grpcWebError(status: number, message: string): Response {
  return new Response(null, {
    headers: {
      "content-type": TYPE,
      "grpc-status": String(status),
      "grpc-message": message,
    },
  });
}

/**
 * Creates a `fetch` that answers nothing until the caller gives up.
 *
 * @returns The `fetch`.
 */
export function silentFetch(): typeof fetch {
  return (input, init) => {
    const signal = init?.signal ??
      (input instanceof Request ? input.signal : undefined);
    return new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason))
    );
  };
}
