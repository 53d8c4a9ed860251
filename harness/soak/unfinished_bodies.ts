/**
 * Strangers who announce bodies and never finish them, in a function process of
 * their own: they must cost little memory and keep no one else from logging in.
 *
 * @module
 */
import { startFunction } from "../function/function_process.ts";
import { measureProcess } from "../fuzz/process_figures.ts";
import { signPayload } from "../util/sign_payload.ts";
import { load, loginCall } from "./load.ts";
import { samplePeak } from "./sample_peak.ts";
import type { SoakCheck } from "./soak_check.ts";
import { startUpstreamServer } from "./upstream_server.ts";

const KEY = "key-of-the-soaked-target";

/** Many bodies of a size that was once read at once and counted against no bound. */
const MANY = { count: 1_200, bytes: 64 * 1024 };
/** How often they come back: what a round leaves behind shows in the next. */
const ROUNDS = 3;
const MAX_GROWTH_MB = 200;
/** By how much the slowest hundredth of logins may be slower, in milliseconds: opening the connections keeps both processes busy. */
const LATENCY_SLACK_MS = 1_000;

/** Few large bodies and many middling ones fill any budget. */
const LARGE = { count: 12, bytes: 9_500_000 };
const MIDDLING = { count: 300, bytes: 75_000 };
const PAYLOAD_BYTES = 300_000;
const PAYLOADS = 10;

/** How many connections are opened at once. */
const AT_ONCE = 50;
/** How long a client tries to send, in milliseconds: a refused one is no longer read. */
const SEND_MS = 500;

/** Bodies that lack their last byte. */
interface UnfinishedBodies {
  /** How many. */
  readonly count: number;
  /** The length that each announces. */
  readonly bytes: number;
}

/**
 * Holds unfinished bodies open against a function of its own, and logs in
 * meanwhile.
 */
export async function soakUnfinishedBodies(): Promise<SoakCheck[]> {
  const upstream = startUpstreamServer();
  try {
    const env = {
      ZITADEL_DOMAIN: upstream.origin,
      AUTHORIZATION_SIGNING_KEY: KEY,
      ACCESS_TOKEN: upstream.token,
      KV_URL: ":memory:",
    };
    return [await holdMany(env), await holdLarge(env)];
  } finally {
    await upstream.stop();
  }
}

async function holdMany(env: Record<string, string>): Promise<SoakCheck> {
  await using target = await startFunction({ env });
  const { url, pid } = target;
  const next = () => loginCall("1", KEY);
  const login = (seconds: number) =>
    load({ url, seconds, concurrency: 4, next });
  const alone = await login(3);
  const { memoryMb: before } = await measureProcess(pid);
  const peak = samplePeak(pid);
  let p99 = 0;
  let isServing = true;
  for (let round = 0; round < ROUNDS; round++) {
    const logins = login(4);
    const connections = await holdUnfinished(url, MANY);
    const { p99: slow, statuses } = await logins;
    p99 = Math.max(p99, slow);
    isServing &&= Object.keys(statuses).join() === "200";
    for (const connection of connections) connection.close();
  }
  const growth = await peak.stop() - before;
  return {
    text:
      `${ROUNDS} times ${MANY.count} unfinished bodies of ${MANY.bytes} bytes: ${
        growth.toFixed(0)
      } MB over ${before.toFixed(0)} MB, logins continue with p99 ${
        p99.toFixed(0)
      } ms (alone ${alone.p99.toFixed(0)} ms)`,
    holds: growth < MAX_GROWTH_MB && isServing &&
      p99 < 2 * alone.p99 + LATENCY_SLACK_MS,
  };
}

async function holdLarge(env: Record<string, string>): Promise<SoakCheck> {
  await using target = await startFunction({ env });
  const { url } = target;
  const connections = [
    ...await holdUnfinished(url, LARGE),
    ...await holdUnfinished(url, MIDDLING),
  ];
  const statuses: number[] = [];
  for (let i = 0; i < PAYLOADS; i++) statuses.push(await sendLargePayload(url));
  for (const connection of connections) connection.close();
  return {
    text:
      `signed payloads of ${PAYLOAD_BYTES} bytes beside ${LARGE.count} unfinished bodies of ${LARGE.bytes} bytes and ${MIDDLING.count} of ${MIDDLING.bytes}: ${
        statuses.join(" ")
      }`,
    holds: statuses.every((status) => status === 200),
  };
}

async function sendLargePayload(url: string): Promise<number> {
  const payload = JSON.parse(loginCall("1", KEY).body);
  payload.user_metadata = [{ key: "long", value: "A".repeat(PAYLOAD_BYTES) }];
  const body = JSON.stringify(payload);
  const seconds = Math.floor(Date.now() / 1_000);
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "zitadel-signature": await signPayload(KEY, seconds, body) },
  });
  await response.bytes();
  return response.status;
}

/** Opens connections that each send all of a body but its last byte. */
async function holdUnfinished(
  url: string,
  { count, bytes }: UnfinishedBodies,
): Promise<Deno.TcpConn[]> {
  const { hostname, port } = new URL(url);
  const seconds = Math.floor(Date.now() / 1_000);
  const head =
    `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${bytes}\r\nzitadel-signature: t=${seconds},v1=${
      "0".repeat(64)
    }\r\n\r\n`;
  const request = new Uint8Array(head.length + bytes - 1).fill(0x61);
  request.set(new TextEncoder().encode(head));
  const connections: Deno.TcpConn[] = [];
  let begun = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (begun++ < count) {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      connections.push(connection);
      await send(connection, request);
    }
  }));
  return connections;
}

async function send(
  connection: Deno.TcpConn,
  request: Uint8Array,
): Promise<void> {
  const late = AbortSignal.timeout(SEND_MS);
  const write = async () => {
    let rest = request;
    while (rest.length > 0 && !late.aborted) {
      rest = rest.subarray(await connection.write(rest));
    }
  };
  // A connection that the server closed has cost it enough.
  await Promise.race([
    write().catch(() => {}),
    new Promise((resolve) => late.addEventListener("abort", resolve)),
  ]);
}
