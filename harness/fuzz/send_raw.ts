/** The deadline of an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Sends bytes as they are, so they need not be HTTP, over a connection of their
 * own. Returns the status, or `closed` if no answer came.
 */
export async function sendRaw(
  { hostname, port }: URL,
  request: Uint8Array,
): Promise<number | "closed"> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  let answer = "";
  try {
    const address = { hostname, port: Number(port) };
    const { readable, writable } = await Deno.connect(address);
    // The server need not read all of it.
    ReadableStream.from([request])
      .pipeTo(writable, { preventClose: true }).catch(() => {});
    const texts = readable.pipeThrough(new TextDecoderStream(), { signal });
    for await (const text of texts) {
      answer += text;
      // The server goes on waiting for the rest of a body that it refused.
      if (/^HTTP\S+ 413 /.test(answer)) break;
    }
  } catch {
    // What came before tells the outcome.
  }
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0) || "closed";
}
