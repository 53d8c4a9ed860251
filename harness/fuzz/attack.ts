import { readProcessUsage } from "../util/process_usage.ts";
import { generateBadRequests } from "./bad_requests.ts";
import { sendRaw } from "./send_raw.ts";
import { SIGNING_KEY, type Subject } from "./subject.ts";

/** Reports something that must hold, and whether it does. */
export type Report = (text: string, holds: boolean) => void;

const CLIENTS = 16;
const BATCH = 1_000;
/** How many wrong answers are kept. */
const MAX_WRONG = 10;
/** By how much memory may grow after the first fifth, in megabytes: heaps breathe. */
const MAX_GROWTH_MB = 64;

/**
 * Sends bad requests to the function over loopback. The same seed gives the same
 * requests.
 */
export async function attack(
  { target }: Pick<Subject, "target">,
  { requests, seed, progress = () => {}, report = () => {} }: {
    readonly requests: number;
    readonly seed: number;
    readonly progress?: (text: string) => void;
    readonly report?: Report;
  },
) {
  const url = new URL(target.url);
  // How often each kind of request had each outcome.
  const outcomes: Record<string, Record<string, number>> = {};
  // Requests that were answered with 200 or 5xx.
  const wrong: { kind: string; outcome: string; bytes: string }[] = [];
  const memory = async () => (await readProcessUsage(target.pid)).memoryMb;
  let before = 0;
  for (let sent = 0; sent < requests;) {
    const batch = generateBadRequests(Math.min(BATCH, requests - sent), {
      signingKey: SIGNING_KEY,
      now: Math.floor(Date.now() / 1000),
      seed: seed + sent,
    });
    const queue = batch.values();
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
      for (const { kind, bytes } of queue) {
        const outcome = await sendRaw(url, bytes);
        const counts = outcomes[kind] ??= {};
        counts[outcome] = (counts[outcome] ?? 0) + 1;
        // A refusal, by the function or by the server in front of it.
        const isRight = outcome === "closed" || outcome >= 400 && outcome < 500;
        if (isRight || wrong.length >= MAX_WRONG) continue;
        const start = new TextDecoder("latin1").decode(bytes.subarray(0, 300));
        wrong.push({ kind, outcome: String(outcome), bytes: start });
      }
    }));
    sent += batch.length;
    progress(`${Math.floor(100 * sent / requests)} % of ${requests}`);
    if (before === 0 && sent >= requests / 5) before = await memory();
  }
  const after = await memory();
  const kinds = Object.keys(outcomes).length;
  const answered = wrong.length === 0 ? "none" : "some";
  report(
    `${requests} bad requests of ${kinds} kinds: ${answered} answered with 200 or 5xx`,
    wrong.length === 0,
  );
  const [from, to] = [before, after].map((it) => `${it.toFixed(0)} MB`);
  report(
    `memory after a fifth of them ${from}, then ${to}`,
    after - before < MAX_GROWTH_MB,
  );
  return { outcomes, wrong };
}
