/** The status, or `closed` if no answer came. */
export type RawOutcome = number | "closed";

/** The deadline of an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000;

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
    return outcome === "closed" && isKept ? this.#sendOnce(request) : outcome;
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
    const timer = setTimeout(() => this.close(), ANSWER_TIMEOUT_MS);
    try {
      const connection = this.#connection ??= await Deno.connect(this.#address);
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
      text += new TextDecoder().decode(buffer.subarray(0, count ?? 0));
      const [head = "", ...body] = text.split("\r\n\r\n");
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      const isWhole = body.length > 0 && body.join().length >= length;
      if (!isWhole && count !== null) continue;
      if (count === null || /^connection: close/im.test(head)) this.close();
      return text && Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0) ||
        "closed";
    }
  }
}
