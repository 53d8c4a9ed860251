/** The status, or `closed` if no answer came. */
export type RawOutcome = number | "closed";

/** The deadline of an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000;

const decoder = new TextDecoder("latin1");

/**
 * A client that sends bytes as they are, so they need not be HTTP. Keeps its
 * connection as long as the server does.
 */
export class RawClient {
  readonly #address: Deno.ConnectOptions;
  #connection: Deno.TcpConn | undefined;

  constructor(origin: string) {
    const { hostname, port } = new URL(origin);
    this.#address = { hostname, port: Number(port) };
  }

  async send(request: Uint8Array): Promise<RawOutcome> {
    // The server may have closed a kept connection: try once more on a new one.
    const isKept = this.#connection !== undefined;
    const outcome = await this.#sendOnce(request);
    return outcome === "closed" && isKept
      ? await this.#sendOnce(request)
      : outcome;
  }

  close(): void {
    try {
      this.#connection?.close();
    } catch {
      // The timeout closed it.
    }
    this.#connection = undefined;
  }

  async #sendOnce(request: Uint8Array): Promise<RawOutcome> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const connection = this.#connection ??= await Deno.connect(this.#address);
      timer = setTimeout(() => this.close(), ANSWER_TIMEOUT_MS);
      for (let sent = 0; sent < request.length;) {
        sent += await connection.write(request.subarray(sent));
      }
      return await this.#receive(connection);
    } catch {
      this.close();
      return "closed";
    } finally {
      clearTimeout(timer);
    }
  }

  async #receive(connection: Deno.TcpConn): Promise<RawOutcome> {
    const buffer = new Uint8Array(16 * 1024);
    let text = "";
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      text += decoder.decode(buffer.subarray(0, count));
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) continue;
      const head = text.slice(0, end);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (text.length < end + 4 + length) continue;
      if (/^connection: close/im.test(head)) this.close();
      return statusOf(text);
    }
    this.close();
    return text ? statusOf(text) : "closed";
  }
}

function statusOf(text: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
}
