import { startFunction } from "../function/function_process.ts";
import { generateBadRequests } from "./bad_requests.ts";
import { measureProcess } from "./process_figures.ts";
import { RawClient, type RawOutcome } from "./raw_client.ts";

export interface AttackOptions {
  readonly requests: number;
  /** The same seed gives the same requests. */
  readonly seed: number;
  readonly onProgress?: ((sent: number) => void) | undefined;
}

export interface AttackResult {
  /** How often each kind of request had each outcome. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Requests that were answered with 200 or 5xx. */
  readonly wrong: readonly { kind: string; outcome: string; bytes: string }[];
  /** Memory after the first fifth, in megabytes. */
  readonly memoryBeforeMb: number;
  readonly memoryAfterMb: number;
  /** Whether the function still runs, and drains when told to. */
  readonly survived: boolean;
}

const SIGNING_KEY = "key-of-the-attacked-target";
const CLIENTS = 16;
const BATCH = 1_000;
/** How many wrong answers are kept. */
const MAX_WRONG = 10;

/** Sends bad requests over loopback to a function in a process of its own. */
export async function attack(
  { requests, seed, onProgress }: AttackOptions,
): Promise<AttackResult> {
  await using target = await startFunction({
    env: {
      // Refused requests never need the instance.
      ZITADEL_DOMAIN: "http://127.0.0.1:9",
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: "token",
      KV_URL: ":memory:",
    },
  });
  const clients = Array.from(
    { length: CLIENTS },
    () => new RawClient(target.url),
  );
  const outcomes: Record<string, Record<string, number>> = {};
  const wrong: { kind: string; outcome: string; bytes: string }[] = [];
  let memoryBeforeMb = 0;
  for (let sent = 0; sent < requests;) {
    const now = Math.floor(Date.now() / 1000);
    const batch = generateBadRequests({
      signingKey: SIGNING_KEY,
      now,
      count: Math.min(BATCH, requests - sent),
      seed: seed + sent,
    });
    const queue = batch.values();
    await Promise.all(clients.map(async (client) => {
      for (const { kind, bytes } of queue) {
        const outcome = await client.send(bytes);
        const counts = outcomes[kind] ??= {};
        counts[outcome] = (counts[outcome] ?? 0) + 1;
        if (isRight(outcome) || wrong.length >= MAX_WRONG) continue;
        wrong.push({
          kind,
          outcome: String(outcome),
          bytes: new TextDecoder("latin1").decode(bytes.subarray(0, 300)),
        });
      }
    }));
    sent += batch.length;
    onProgress?.(sent);
    if (memoryBeforeMb === 0 && sent >= requests / 5) {
      memoryBeforeMb = (await measureProcess(target.pid)).memoryMb;
    }
  }
  const { memoryMb } = await measureProcess(target.pid);
  for (const client of clients) client.close();
  const code = await target.stop();
  return {
    outcomes,
    wrong,
    memoryBeforeMb,
    memoryAfterMb: memoryMb,
    survived: code === 0,
  };
}

/** A refusal, by the function or by the server in front of it. */
function isRight(outcome: RawOutcome): boolean {
  return outcome === "closed" || outcome >= 400 && outcome < 500;
}
