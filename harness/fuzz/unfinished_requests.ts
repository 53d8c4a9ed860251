import fc from "fast-check";
import { sleep } from "../util/sleep.ts";

/** How many connections are opened at once. */
const AT_ONCE = 50;
/** How long a client tries to send, in milliseconds: a refused one is no longer read. */
const SEND_MS = 500;
/** What bodies are made of. */
const FILLER = new Uint8Array(10_000_000).fill(0x61);

/** A request that is never finished: its head, and how many bytes follow. */
export interface UnfinishedRequest {
  readonly head: string;
  readonly sentBytes: number;
}

/** The head of a forged call of now, without its end: an old one is refused before its body is read. */
function signedHead(): string {
  const seconds = Math.floor(Date.now() / 1_000);
  return `POST / HTTP/1.1\r\nhost: a\r\nzitadel-signature: t=${seconds},v1=${
    "0".repeat(64)
  }\r\n`;
}

/** Announces a body and sends all of it but its last byte. */
export function unfinishedBody(bytes: number): UnfinishedRequest {
  const head = `${signedHead()}content-length: ${bytes}\r\n\r\n`;
  return { head, sentBytes: bytes - 1 };
}

/** Strangers' requests: mostly small bodies, some large, and some that stop before. */
export const unfinishedRequest: fc.Arbitrary<UnfinishedRequest> = fc.oneof(
  { weight: 32, arbitrary: fc.integer({ min: 2, max: 128 * 1024 }) },
  { weight: 2, arbitrary: fc.integer({ min: 128 * 1024, max: 2_000_000 }) },
).map(unfinishedBody).chain((whole) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(whole) },
    fc.nat(whole.sentBytes).map((sentBytes) => ({ ...whole, sentBytes })),
    fc.constantFrom(
      "",
      "POST / HTTP/1.1\r\nhost: a\r\n",
      `${signedHead()}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`,
    ).map((head) => ({ head, sentBytes: 0 })),
  )
);

/** Opens a connection for each request, and leaves it open. */
export async function holdOpen(
  url: string,
  requests: readonly UnfinishedRequest[],
): Promise<Disposable> {
  const { hostname, port } = new URL(url);
  const held = new DisposableStack();
  const queue = requests.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const { head, sentBytes } of queue) {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      let isClosed = false;
      held.defer(() => isClosed || connection.close());
      const bytes = [
        new TextEncoder().encode(head),
        FILLER.subarray(0, sentBytes),
      ];
      // A write that fails closes it: a connection that the server closed has cost it enough.
      const sent = ReadableStream.from(bytes)
        .pipeTo(connection.writable, { preventClose: true })
        .catch(() => isClosed = true);
      await Promise.race([sent, sleep(SEND_MS)]);
    }
  }));
  return held;
}
