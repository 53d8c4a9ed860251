import fc from "fast-check";
import { readProcessUsage } from "../util/process_usage.ts";
import { sleep } from "../util/sleep.ts";
import type { Report } from "./attack.ts";
import { HUGE } from "./huge_metadata.ts";
import { logIn, type Logins } from "./logins.ts";
import { type Subject, UPSTREAM_TIMEOUT_MS } from "./subject.ts";
import {
  holdOpen,
  unfinishedBody,
  unfinishedRequest,
} from "./unfinished_requests.ts";

/** By how much memory may grow under attack, in megabytes; without budgets, 1,350 were seen. */
const MAX_GROWTH_MB = 200;
/** How far memory may differ afterwards, in megabytes: V8 returns it late. */
const MEMORY_SLACK_MB = 96;
const SOCKET_SLACK = 16;
/** How slow the slowest hundredth of other logins may be, in milliseconds: the attackers and the stand-in share the machine. */
const MAX_OTHERS_MS = 1_000;
/** How much longer than ZITADEL's deadline an answer may take under overload, in milliseconds. */
const OVERLOAD_SLACK_MS = 2_000;

/** How long ZITADEL waits by default, in milliseconds. */
const TARGET_TIMEOUT_MS = 10_000;

const STRANGERS = 1_200;
/** How often they come back: what a round leaves behind shows in the next. */
const ROUNDS = 3;
/** Few large bodies and many middling ones fill any budget: 590 MB, if all were kept. */
const FILLING = [...Array(60).fill(9_500_000), ...Array(300).fill(75_000)];
const LARGE_LOGIN_BYTES = 300_000;
const OVERLOAD = 512;
/** What no login may be answered with, not even in an overload. */
const CRASHED = new Set<number | string>([500, "failed"]);

/**
 * Attacks the function in turn, and checks what strangers, tenants and outages cost:
 * bounds on its memory, and on the logins of others.
 */
export async function checkBounds(
  subject: Subject,
  { seed, progress, report }: {
    readonly seed: number;
    readonly progress: (text: string) => void;
    readonly report: Report;
  },
): Promise<void> {
  const bounds = new Bounds(subject, report);
  progress("warm-up");
  await bounds.logInUnknown(64);
  const { p99 } = await bounds.logInKnown();
  progress("outage");
  await bounds.outage();
  progress("strangers");
  await bounds.strangers(seed, 2 * p99 + MAX_OTHERS_MS);
  progress("tenants");
  await bounds.tenants();
}

class Bounds {
  readonly #url: string;
  #count = 0;

  constructor(readonly subject: Subject, readonly report: Report) {
    this.#url = subject.target.url;
  }

  logInKnown(): Promise<Logins> {
    return logIn(this.#url, () => "1");
  }

  logInUnknown(atOnce = 4): Promise<Logins> {
    return logIn(this.#url, () => `${++this.#count}`, { atOnce });
  }

  async outage(): Promise<void> {
    const { upstream, target: { pid } } = this.subject;
    const before = await readProcessUsage(pid);
    await this.logInKnown();
    await upstream.stop();
    const down = await this.logInKnown();
    this.#served("while ZITADEL is down, a known organization's login", down);
    upstream.start();
    this.#served("when it is back, a first login", await this.logInUnknown());
    upstream.delayMs = 2 * UPSTREAM_TIMEOUT_MS;
    const [{ statuses, text, max }, known] = await Promise.all([
      this.logInUnknown(OVERLOAD),
      this.logInKnown(),
    ]);
    upstream.delayMs = 0;
    const maxMs = UPSTREAM_TIMEOUT_MS + OVERLOAD_SLACK_MS;
    const slowest = `slowest ${max.toFixed(0)} ms, at most ${maxMs}`;
    this.report(
      `${OVERLOAD} first logins at once while ZITADEL is slow: ${text}, ${slowest}`,
      max < maxMs && statuses.isDisjointFrom(CRASHED),
    );
    this.#served("beside them, a known organization's login", known);
    // Answers that are still delayed must not weigh on what follows.
    await sleep(3 * UPSTREAM_TIMEOUT_MS);
    const after = await readProcessUsage(pid);
    const [from, to] = [before, after].map(({ memoryMb, sockets = "?" }) =>
      `${mb(memoryMb)} and ${sockets} sockets`
    );
    this.report(
      `afterwards: ${from}, then ${to}`,
      after.memoryMb < before.memoryMb + MEMORY_SLACK_MB &&
        (after.sockets ?? 0) <= (before.sockets ?? 0) + SOCKET_SLACK,
    );
  }

  async strangers(seed: number, maxMs: number): Promise<void> {
    const others: Logins[] = [];
    const what = `${ROUNDS} times ${STRANGERS} unfinished requests`;
    const large = await this.#grows(what, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const options = { numRuns: STRANGERS, seed: seed + round };
        const requests = fc.sample(unfinishedRequest, options);
        const logins = this.logInKnown();
        using _held = await holdOpen(this.#url, requests);
        others.push(await logins);
      }
      using _held = await holdOpen(this.#url, FILLING.map(unfinishedBody));
      const options = { atOnce: 1, bytes: LARGE_LOGIN_BYTES };
      return await logIn(this.#url, () => "1", options);
    });
    for (const it of others) this.#served("beside them, a login", it, maxMs);
    // It may have to wait for strangers.
    this.#served(
      `beside ${FILLING.length} unfinished large bodies, a login of ${LARGE_LOGIN_BYTES} bytes`,
      large,
      TARGET_TIMEOUT_MS,
    );
  }

  async tenants(): Promise<void> {
    const what = `${HUGE.length} organizations with huge metadata`;
    const huge = () => HUGE[this.#count++ % HUGE.length]!;
    const [{ statuses, text }, others] = await this.#grows(
      what,
      () => Promise.all([logIn(this.#url, huge), this.logInUnknown()]),
    );
    this.#served("beside them, a first login of another", others);
    this.report(
      `their own logins are refused: ${text}`,
      statuses.isDisjointFrom(new Set([200, 500])),
    );
  }

  #served(
    what: string,
    { statuses, text, p99 }: Logins,
    maxMs = MAX_OTHERS_MS,
  ): void {
    this.report(
      `${what}: ${text}, p99 ${p99.toFixed(0)} ms, less than ${
        maxMs.toFixed(0)
      }`,
      [...statuses].join() === "200" && p99 < maxMs,
    );
  }

  /** Checks by how much the memory grows at most. */
  async #grows<T>(what: string, work: () => Promise<T>): Promise<T> {
    const memory = async () =>
      (await readProcessUsage(this.subject.target.pid)).memoryMb;
    const before = await memory();
    let peak = before;
    let isDone = false;
    const result = work().finally(() => isDone = true);
    while (!isDone) {
      peak = Math.max(peak, await memory());
      await sleep(50);
    }
    const growth = peak - before;
    this.report(
      `${what}: memory grows by ${mb(growth)}, less than ${mb(MAX_GROWTH_MB)}`,
      growth < MAX_GROWTH_MB,
    );
    return result;
  }
}

function mb(megabytes: number): string {
  return `${megabytes.toFixed(0)} MB`;
}
