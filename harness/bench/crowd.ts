import {
  generateCall,
  isRightReply,
  readRecordedLogin,
  signCalls,
} from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import { serveUpstream } from "./served_upstream.ts";

/** The size of an organization's mapping that is not cached yet. */
const ENTRIES = 100;
const ROLES = 2;

/** The answers to a crowd of calls. */
export interface Crowd {
  /** The number of calls. */
  readonly requests: number;
  readonly right: number;
  /** How many of the upstream's requests asked for metadata. */
  readonly lookups: number;
  /** From the last request to the last answer, in milliseconds. */
  readonly ms: number;
}

/**
 * Sends many first calls for one organization at once. Each has its own
 * connection, and ZITADEL does not answer before all are sent, so all wait for
 * the same mapping.
 */
export async function measureCrowd(
  size: number,
  context: BenchContext,
): Promise<Crowd> {
  const { folder, signal, progress } = context;
  const login = await readRecordedLogin();
  const kind = { organization: "1", entries: ENTRIES, roles: ROLES };
  const { call, known } = generateCall(login, kind);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using upstream = serveUpstream(
    { organizations: { [call.organization]: known } },
    { gate },
  );
  await using server = startFunction(upstream, {
    kv: `${folder}/crowd.db`,
    log: `${folder}/crowd.log`,
  }, context);
  await server.ready();

  progress(`crowd: ${size} connections`);
  const { hostname, port } = new URL(server.url);
  const connections: Deno.TcpConn[] = [];
  try {
    while (connections.length < size) {
      signal.throwIfAborted();
      connections.push(await Deno.connect({ hostname, port: Number(port) }));
    }
    const [signed] = await signCalls([call]);
    const request = requestBytes(signed!.signature, signed!.body);
    progress(`crowd: ${size} calls`);
    const replies = connections.map(readReply);
    await Promise.all(
      connections.map((connection) => writeAll(connection, request)),
    );
    const sent = performance.now();
    open();
    const answered = await Promise.all(replies);
    return {
      requests: size,
      right: answered.filter((reply) => isRightReply(call, reply)).length,
      lookups: upstream.lookups,
      ms: performance.now() - sent,
    };
  } finally {
    open();
    for (const connection of connections) connection.close();
  }
}

function requestBytes(signature: string, text: string): Uint8Array {
  const encoder = new TextEncoder();
  const body = encoder.encode(text);
  const head = encoder.encode(
    [
      "POST / HTTP/1.1",
      "host: localhost",
      "content-type: application/json",
      `content-length: ${body.length}`,
      `zitadel-signature: ${signature}`,
      "connection: close",
      "\r\n",
    ].join("\r\n"),
  );
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

async function writeAll(
  connection: Deno.TcpConn,
  bytes: Uint8Array,
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await connection.write(bytes.subarray(sent));
  }
}

/**
 * Reads until the server closes; returns the body, or `undefined` if the status
 * is not 200.
 */
async function readReply(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  for (;;) {
    const read = await connection.read(buffer);
    if (read === null) break;
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
  return text.startsWith("HTTP/1.1 200 ") ? text.split("\r\n\r\n")[1]! : "";
}
