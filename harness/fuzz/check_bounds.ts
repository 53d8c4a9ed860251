/**
 * What strangers, tenants and outages may cost: bounds on the memory of a
 * running function and on the logins of others.
 *
 * @module
 */
import fc from "fast-check";
import { sleep } from "../util/sleep.ts";
import type { Check } from "./check.ts";
import { HUGE } from "./huge_metadata.ts";
import { areServed, logIn, type Logins, sendLogin } from "./logins.ts";
import { measureProcess } from "./process_figures.ts";
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
const SECONDS = 4;

/** Attacks the function in turn, and checks what must hold meanwhile and afterwards. */
export async function checkBounds(
  subject: Subject,
  { seed, progress }: {
    readonly seed: number;
    readonly progress: (text: string) => void;
  },
): Promise<Check[]> {
  let count = 0;
  const log = (organization: () => string, atOnce = 4, seconds = SECONDS) =>
    logIn(subject.target.url, { seconds, atOnce, organization });
  const known = () => log(() => "1");
  const unknown = (atOnce?: number) => log(() => `${++count}`, atOnce);
  progress("warm-up");
  await unknown(64);
  const alone = await known();
  const before = await measureProcess(subject.target.pid);
  progress("outage");
  const outage = await checkOutage(subject, { known, unknown });
  await sleep(1_000);
  const after = await measureProcess(subject.target.pid);
  const atRest = {
    text: `afterwards: ${mb(before.memoryMb)}, then ${mb(after.memoryMb)}; ${
      before.sockets ?? "?"
    } sockets, then ${after.sockets ?? "?"}`,
    holds: after.memoryMb < before.memoryMb + MEMORY_SLACK_MB &&
      (after.sockets ?? 0) <= (before.sockets ?? 0) + SOCKET_SLACK,
  };
  progress("strangers");
  const strangers = await checkStrangers(subject, { seed, known, alone });
  progress("tenants");
  const tenants = await checkTenants(subject, {
    huge: () => log(() => HUGE[count++ % HUGE.length]!),
    others: unknown,
  });
  return [...outage, atRest, ...strangers, ...tenants];
}

async function checkStrangers(
  { target: { url, pid } }: Subject,
  { seed, known, alone }: {
    readonly seed: number;
    readonly known: () => Promise<Logins>;
    readonly alone: Logins;
  },
): Promise<Check[]> {
  const rounds: Logins[] = [];
  const statuses: Record<string, number> = {};
  const growthMb = await growthDuring(pid, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const requests = fc.sample(unfinishedRequest, {
        numRuns: STRANGERS,
        seed: seed + round,
      });
      const logins = known();
      using _held = await holdOpen(url, requests);
      rounds.push(await logins);
    }
    using _held = await holdOpen(url, FILLING.map(unfinishedBody));
    for (let i = 0; i < LARGE_LOGINS; i++) {
      const status = await sendLogin(url, "1", { bytes: LARGE_LOGIN_BYTES });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  });
  return [
    growth(`${ROUNDS} times ${STRANGERS} unfinished requests`, growthMb),
    ...rounds.map((logins) =>
      served("beside them, a login", logins, 2 * alone.p99 + MAX_OTHERS_MS)
    ),
    {
      text:
        `beside ${FILLING.length} unfinished large bodies, logins of ${LARGE_LOGIN_BYTES} bytes: ${
          format(statuses)
        }`,
      holds: areServed({ statuses }),
    },
  ];
}

async function checkTenants(
  { target: { pid } }: Subject,
  { huge, others }: Readonly<
    Record<"huge" | "others", () => Promise<Logins>>
  >,
): Promise<Check[]> {
  let refused!: Logins, logins!: Logins;
  const growthMb = await growthDuring(pid, async () => {
    [refused, logins] = await Promise.all([huge(), others()]);
  });
  return [
    growth(`${HUGE.length} organizations with huge metadata`, growthMb),
    served("beside them, a first login of another", logins),
    {
      text: `their own logins are refused: ${format(refused.statuses)}`,
      holds: !refused.statuses["200"] && !refused.statuses["500"],
    },
  ];
}

async function checkOutage(
  { upstream }: Subject,
  { known, unknown }: {
    readonly known: () => Promise<Logins>;
    readonly unknown: (atOnce?: number) => Promise<Logins>;
  },
): Promise<Check[]> {
  await known();
  await upstream.stop();
  const down = await known();
  upstream.start();
  const back = await unknown();
  upstream.delayMs = 2 * UPSTREAM_TIMEOUT_MS;
  const [overload, cached] = await Promise.all([unknown(OVERLOAD), known()]);
  upstream.delayMs = 0;
  // Answers that are still delayed must not weigh on what follows.
  await sleep(3 * UPSTREAM_TIMEOUT_MS);
  const maxMs = UPSTREAM_TIMEOUT_MS + OVERLOAD_SLACK_MS;
  return [
    served("while ZITADEL is down, a login of a known organization", down),
    served("when it is back, a first login", back),
    {
      text: `${OVERLOAD} first logins at once while ZITADEL is slow: ${
        format(overload.statuses)
      }, slowest ${overload.max.toFixed(0)} ms, at most ${maxMs}`,
      holds: overload.max < maxMs && !overload.statuses["500"] &&
        !overload.statuses.failed,
    },
    served("beside them, a login of a known organization", cached),
  ];
}

/** Measures by how many megabytes a process's memory grows at most. */
async function growthDuring(
  pid: number,
  work: () => Promise<void>,
): Promise<number> {
  const { memoryMb: before } = await measureProcess(pid);
  let peak = before;
  let isDone = false;
  const done = work().finally(() => isDone = true);
  while (!isDone) {
    peak = Math.max(peak, (await measureProcess(pid)).memoryMb);
    await sleep(50);
  }
  await done;
  return peak - before;
}

function growth(name: string, megabytes: number): Check {
  return {
    text: `${name}: memory grows by ${mb(megabytes)}, less than ${
      mb(MAX_GROWTH_MB)
    }`,
    holds: megabytes < MAX_GROWTH_MB,
  };
}

function served(
  name: string,
  logins: Logins,
  maxMs = MAX_OTHERS_MS,
): Check {
  return {
    text: `${name}: ${format(logins.statuses)}, p99 ${
      logins.p99.toFixed(0)
    } ms, less than ${maxMs.toFixed(0)}`,
    holds: areServed(logins) && logins.p99 < maxMs,
  };
}

function mb(megabytes: number): string {
  return `${megabytes.toFixed(0)} MB`;
}

function format(statuses: Logins["statuses"]): string {
  return Object.entries(statuses).map(([it, count]) => `${it} ${count} times`)
    .join(", ");
}
