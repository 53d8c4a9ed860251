import { generateCall, readRecordedLogin, signCalls } from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import type { LoadGenerator } from "./load.ts";
import { serveUpstream } from "./served_upstream.ts";
import type { ServerProcess } from "./server_process.ts";
import { type Figure, type Sample, summarizeWithin } from "./statistics.ts";

const ENTRIES = 10;
const ROLES = 2;
/** How often memory is sampled, in milliseconds. */
const SAMPLE_MS = 100;
/**
 * The length of a round of load, in seconds: short compared with a signature's
 * validity.
 */
const ROUND_SECONDS = 2;

/** The parts of the run that are compared. */
const SECOND_TENTH = [0.1, 0.2] as const;
const LAST_TENTH = [0.9, 1] as const;

/** The function's memory over many requests. */
export interface Memory {
  readonly requests: number;
  readonly organizations: number;
  readonly errors: number;
  /** In bytes. */
  readonly secondTenthBytes: Figure;
  readonly lastTenthBytes: Figure;
  readonly peakBytes: number;
  /** The last tenth as a multiple of the second's median. */
  readonly ratio: Figure;
}

/**
 * Measures the memory that the function holds while it answers many requests
 * for many organizations.
 */
export async function measureMemory(
  { requests, organizations, generator }: {
    requests: number;
    organizations: number;
    generator: LoadGenerator;
  },
  context: BenchContext,
): Promise<Memory | undefined> {
  const login = await readRecordedLogin();
  const created = Array.from(
    { length: organizations },
    (_, i) =>
      generateCall(login, {
        organization: String(i + 1),
        entries: ENTRIES,
        roles: ROLES,
      }),
  );
  await using upstream = serveUpstream({
    organizations: Object.fromEntries(
      created.map(({ call, known }) => [call.organization, known]),
    ),
  });
  await using server = startFunction(upstream, {
    kv: `${context.folder}/memory.db`,
    // A line for each of a million requests is too much for a disk.
    log: "/dev/null",
  }, context);
  await server.ready();
  if (!await server.usage()) return undefined;

  const samples: { answered: number; bytes: number }[] = [];
  let answered = 0;
  let errors = 0;
  while (answered < requests) {
    const percent = Math.floor(100 * answered / requests);
    context.progress(`memory: ${percent} % of ${requests} requests`);
    const calls = await signCalls(created.map(({ call }) => call));
    const begin = performance.now();
    const { seen, result } = await sampling(
      server,
      generator.run(
        { url: server.url, calls, seconds: ROUND_SECONDS },
        context,
      ),
    );
    const took = performance.now() - begin;
    for (const { at, bytes } of seen) {
      const share = (at - begin) / took;
      samples.push({ answered: answered + share * result.requests, bytes });
    }
    if (result.requests === 0) throw new Error("No request was answered");
    answered += result.requests;
    errors += result.errors;
  }

  const run: Sample[] = samples.map((sample) => ({
    at: sample.answered / answered,
    value: sample.bytes,
  }));
  const secondTenthBytes = summarizeWithin(run, SECOND_TENTH);
  const lastTenthBytes = summarizeWithin(run, LAST_TENTH);
  const ratio = ({ median }: Figure, bytes: number) => bytes / median;
  return {
    requests: answered,
    organizations,
    errors,
    secondTenthBytes,
    lastTenthBytes,
    peakBytes: Math.max(...samples.map(({ bytes }) => bytes)),
    ratio: {
      median: ratio(secondTenthBytes, lastTenthBytes.median),
      low: ratio(secondTenthBytes, lastTenthBytes.low),
      high: ratio(secondTenthBytes, lastTenthBytes.high),
    },
  };
}

/** Reads a server's memory while a round of load runs. */
async function sampling<T>(
  server: ServerProcess,
  work: Promise<T>,
): Promise<{ result: T; seen: { at: number; bytes: number }[] }> {
  const seen: { at: number; bytes: number }[] = [];
  let done = false;
  const end = () => done = true;
  work.then(end, end);
  while (!done) {
    const usage = await server.usage();
    if (usage) seen.push({ at: performance.now(), bytes: usage.residentBytes });
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  return { result: await work, seen };
}
