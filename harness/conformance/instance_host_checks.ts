import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecording } from "./recording.ts";

/** The prefix of the findings' names. */
const RECORDING = "instance_host";
const RELEASES = { "3.4": "3.4.9", "4.6": "4.6.5", "current": "4.13.1" };
const UNKNOWN_ORGANIZATION = "123456789012345678";

interface Recording {
  readonly exchanges: readonly Exchange[];
}

interface Exchange {
  readonly release: string;
  readonly path: string;
  /** The header `x-zitadel-instance-host`. */
  readonly instance_host: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body_base64: string;
}

/**
 * Compares what an instance answers at an address that is not its domain,
 * without and with `x-zitadel-instance-host`. Only local instances have such an
 * address: `localhost` or 127.0.0.1.
 */
export async function* instanceHostChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject } = context;
  const elsewhere = otherAddress(subject.origin);
  if (!elsewhere) return;
  const { exchanges } = await readRecording<Recording>(RECORDING);
  for (const exchange of exchanges) {
    if (exchange.release !== RELEASES[subject.release]) continue;
    const isNamed = exchange.instance_host !== null;
    yield await compare(
      `${RECORDING}: ${exchange.path}${isNamed ? ", named" : ""}`,
      summarize(exchange.path, {
        ...exchange,
        headers: new Headers(exchange.headers),
        body: Uint8Array.fromBase64(exchange.body_base64),
      }),
      async () => {
        const response = await ask(context, { exchange, elsewhere });
        return summarize(exchange.path, {
          status: response.status,
          headers: response.headers,
          body: await response.bytes(),
        });
      },
    );
  }
}

function otherAddress(origin: string): string | undefined {
  const url = new URL(origin);
  const others: Record<string, string> = {
    "localhost": "127.0.0.1",
    "127.0.0.1": "localhost",
  };
  const other = others[url.hostname];
  if (other === undefined) return undefined;
  url.hostname = other;
  return url.origin;
}

function ask(
  { subject }: CheckContext,
  { exchange, elsewhere }: { exchange: Exchange; elsewhere: string },
): Promise<Response> {
  const { path, instance_host: named } = exchange;
  const headers = new Headers();
  if (named !== null) {
    headers.set("x-zitadel-instance-host", new URL(subject.origin).host);
  }
  if (path === "/oauth/v2/keys") return fetch(elsewhere + path, { headers });
  if (path === "/oauth/v2/token") {
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "unknown",
      client_secret: "unknown",
    });
    return fetch(elsewhere + path, { method: "POST", headers, body });
  }
  headers.set("content-type", "application/grpc-web+proto");
  headers.set("authorization", `Bearer ${subject.adminToken}`);
  const body = frame(path.includes(".v1.") ? "" : UNKNOWN_ORGANIZATION);
  return fetch(elsewhere + path, { method: "POST", headers, body });
}

/**
 * A gRPC-web frame: a message whose first field is the text, or an empty one.
 */
function frame(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const message = text === "" ? [] : [0x0a, bytes.length, ...bytes];
  return Uint8Array.of(0, 0, 0, 0, message.length, ...message);
}

/** Reduces an answer to what clients distinguish such cases by. */
function summarize(
  path: string,
  { status, headers, body }: {
    status: number;
    headers: Headers;
    body: Uint8Array;
  },
): unknown {
  const type = headers.get("content-type");
  const text = new TextDecoder().decode(body);
  if (type?.startsWith("application/json")) {
    // The keys themselves differ.
    return { status, type, keys: Object.keys(JSON.parse(text)) };
  }
  if (!path.startsWith("/zitadel.") || status !== 200) {
    return { status, type, text: withoutHosts(text) };
  }
  const inHeaders = headers.get("grpc-status");
  return {
    status,
    type,
    grpcStatus: inHeaders ?? /grpc-status: ?(\d+)/.exec(text)?.[1],
    grpcMessage: withoutHosts(
      headers.get("grpc-message") ?? /grpc-message: ?(.*)/.exec(text)?.[1] ??
        "",
    ),
    isInHeaders: inHeaders !== null,
  };
}

/** Either address may be the domain; main leaves out what follows "Parent". */
function withoutHosts(text: string): string {
  return decodeURIComponent(text)
    .replace(/ Parent=[^]*$/, "")
    .replaceAll(/\b(?:localhost|127\.0\.0\.1)(?::\d+)?/g, "<host>");
}
