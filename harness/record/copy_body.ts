import { Buffer } from "node:buffer";

/**
 * Creates a request whose body is copied as it is read, so that only what the
 * function reads is kept.
 */
export function copyBody(
  request: Request,
): { request: Request; body: () => Uint8Array<ArrayBuffer> } {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const { url, method, headers } = request;
  const body = request.body?.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        chunks.push(chunk);
        controller.enqueue(chunk);
      },
    }),
  );
  return {
    request: new Request(url, { method, headers, ...(body && { body }) }),
    body: () => new Uint8Array(Buffer.concat(chunks)),
  };
}
