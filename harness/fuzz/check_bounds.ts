import fc from "fast-check";
import { readProcessUsage } from "../util/process_usage.ts";
import { sleep } from "../util/sleep.ts";
import type { Check } from "./attack.ts";
import { HUGE } from "./huge_metadata.ts";
import { areServed, logIn, type Logins, sendLogin } from "./logins.ts";
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

const STRANGERS = 1_200;
/** How often they come back: what a round leaves behind shows in the next. */
const ROUNDS = 3;
/** Few large bodies and many middling ones fill any budget: 590 MB, if all were kept. */
const FILLING = [...Array(60).fill(9_500_000), ...Array(300).fill(75_000)];
const LARGE_LOGIN_BYTES = 300_000;
const LARGE_LOGINS = 10;
const OVERLOAD = 512;

/**
 * Attacks the function in turn, and checks what strangers, tenants and outages cost:
 * bounds on its memory, and on the logins of others.
 */
export async function checkBounds(
  subject: Subject,
  { seed, progress }: {
    readonly seed: number;
    readonly progress: (text: string) => void;
  },
): Promise<Check[]> {
  const bounds = new Bounds(subject);
  progress("warm-up");
  await bounds.logInUnknown(64);
  const alone = await bounds.logInKnown();
  progress("outage");
  await bounds.returnToRest(() => bounds.outage());
  progress("strangers");
  await bounds.strangers(seed, alone.p99);
  progress("tenants");
  await bounds.tenants();
  return bounds.checks;
}

class Bounds {
  readonly checks: Check[] = [];
  readonly #subject: Subject;
  #count = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  logInKnown(): Promise<Logins> {
    return this.#logIn(() => "1");
  }

  logInUnknown(atOnce?: number): Promise<Logins> {
    return this.#logIn(() => `${++this.#count}`, atOnce);
  }

  async outage(): Promise<void> {
    const { upstream } = this.#subject;
    await this.logInKnown();
    await upstream.stop();
    const down = await this.logInKnown();
    this.#served(
      "while ZITADEL is down, a login of a known organization",
      down,
    );
    upstream.start();
    this.#served("when it is back, a first login", await this.logInUnknown());
    upstream.delayMs = 2 * UPSTREAM_TIMEOUT_MS;
    const [{ statuses, max }, cached] = await Promise.all([
      this.logInUnknown(OVERLOAD),
      this.logInKnown(),
    ]);
    upstream.delayMs = 0;
    // Answers that are still delayed must not weigh on what follows.
    await sleep(3 * UPSTREAM_TIMEOUT_MS);
    const maxMs = UPSTREAM_TIMEOUT_MS + OVERLOAD_SLACK_MS;
    this.#check(
      `${OVERLOAD} first logins at once while ZITADEL is slow: ${
        format(statuses)
      }, slowest ${max.toFixed(0)} ms, at most ${maxMs}`,
      max < maxMs && !statuses["500"] && !statuses.failed,
    );
    this.#served("beside them, a login of a known organization", cached);
  }

  async strangers(seed: number, aloneMs: number): Promise<void> {
    const { url } = this.#subject.target;
    const others: Logins[] = [];
    const statuses: Record<string, number> = {};
    const what = `${ROUNDS} times ${STRANGERS} unfinished requests`;
    await this.#grows(what, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const options = { numRuns: STRANGERS, seed: seed + round };
        const requests = fc.sample(unfinishedRequest, options);
        const logins = this.logInKnown();
        using _held = await holdOpen(url, requests);
        others.push(await logins);
      }
      using _held = await holdOpen(url, FILLING.map(unfinishedBody));
      for (let i = 0; i < LARGE_LOGINS; i++) {
        const status = await sendLogin(url, "1", { bytes: LARGE_LOGIN_BYTES });
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    });
    for (const logins of others) {
      this.#served("beside them, a login", logins, 2 * aloneMs + MAX_OTHERS_MS);
    }
    this.#check(
      `beside ${FILLING.length} unfinished large bodies, logins of ${LARGE_LOGIN_BYTES} bytes: ${
        format(statuses)
      }`,
      areServed({ statuses }),
    );
  }

  async tenants(): Promise<void> {
    const what = `${HUGE.length} organizations with huge metadata`;
    const [refused, others] = await this.#grows(what, () =>
      Promise.all([
        this.#logIn(() => HUGE[this.#count++ % HUGE.length]!),
        this.logInUnknown(),
      ]));
    this.#served("beside them, a first login of another", others);
    this.#check(
      `their own logins are refused: ${format(refused.statuses)}`,
      !refused.statuses["200"] && !refused.statuses["500"],
    );
  }

  /** Checks that memory and sockets are as before afterwards. */
  async returnToRest(work: () => Promise<void>): Promise<void> {
    const { pid } = this.#subject.target;
    const before = await readProcessUsage(pid);
    await work();
    await sleep(1_000);
    const after = await readProcessUsage(pid);
    this.#check(
      `afterwards: ${mb(before.memoryMb)}, then ${mb(after.memoryMb)}; ${
        before.sockets ?? "?"
      } sockets, then ${after.sockets ?? "?"}`,
      after.memoryMb < before.memoryMb + MEMORY_SLACK_MB &&
        (after.sockets ?? 0) <= (before.sockets ?? 0) + SOCKET_SLACK,
    );
  }

  #logIn(organization: () => string, atOnce?: number): Promise<Logins> {
    return logIn(this.#subject.target.url, { organization, atOnce });
  }

  #check(text: string, holds: boolean): void {
    this.checks.push({ text, holds });
  }

  #served(what: string, logins: Logins, maxMs = MAX_OTHERS_MS): void {
    const { statuses, p99 } = logins;
    this.#check(
      `${what}: ${format(statuses)}, p99 ${p99.toFixed(0)} ms, less than ${
        maxMs.toFixed(0)
      }`,
      areServed(logins) && p99 < maxMs,
    );
  }

  /** Checks by how much the memory grows at most. */
  async #grows<T>(what: string, work: () => Promise<T>): Promise<T> {
    const memory = async () =>
      (await readProcessUsage(this.#subject.target.pid)).memoryMb;
    const before = await memory();
    let peak = before;
    let isDone = false;
    const result = work().finally(() => isDone = true);
    while (!isDone) {
      peak = Math.max(peak, await memory());
      await sleep(50);
    }
    const growth = peak - before;
    this.#check(
      `${what}: memory grows by ${mb(growth)}, less than ${mb(MAX_GROWTH_MB)}`,
      growth < MAX_GROWTH_MB,
    );
    return result;
  }
}

function mb(megabytes: number): string {
  return `${megabytes.toFixed(0)} MB`;
}

function format(statuses: Logins["statuses"]): string {
  return Object.entries(statuses).map(([it, count]) => `${it} ${count} times`)
    .join(", ");
}
