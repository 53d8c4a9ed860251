import { type Call, signCalls } from "./call.ts";
import type { BenchContext } from "./context.ts";
import type { LoadGenerator, LoadResult } from "./load.ts";
import type { ServerProcess } from "./server_process.ts";

/** A server under load, or a kind of call to one. */
export interface Contender {
  readonly name: string;
  readonly server: ServerProcess;
  readonly call: Call;
}

/** A contender's figures of one round. */
export interface Round extends LoadResult {
  readonly requestsPerSecond: number;
  /**
   * Processor time per request, in microseconds; absent if the system does not
   * report it.
   */
  readonly cpuPerRequest?: number;
  /**
   * The server's memory at the end, in bytes; absent if the system does not
   * report it.
   */
  readonly residentBytes?: number;
}

/**
 * Runs contenders in turn, in many short rounds and changing order, so that
 * other activity on the machine affects all of them alike.
 */
export async function runRounds(
  contenders: readonly Contender[],
  { title, rounds, seconds, generator }: {
    title: string;
    rounds: number;
    seconds: number;
    generator: LoadGenerator;
  },
  context: BenchContext,
): Promise<Map<string, Round[]>> {
  const results = new Map<string, Round[]>(
    contenders.map(({ name }) => [name, []]),
  );
  for (let round = 0; round < rounds; round++) {
    for (const { name, server, call } of inTurn(contenders, round)) {
      context.progress(`${title}, round ${round + 1} of ${rounds}: ${name}`);
      // Signed again: a signature is valid for five minutes.
      const calls = await signCalls([call]);
      const before = await server.usage();
      const load = await generator.run(
        { url: server.url, calls, seconds },
        context,
      );
      const after = await server.usage();
      results.get(name)!.push({
        ...load,
        requestsPerSecond: load.requests / load.seconds,
        ...before && after && {
          cpuPerRequest: (after.cpuMicroseconds - before.cpuMicroseconds) /
            load.requests,
          residentBytes: after.residentBytes,
        },
      });
    }
  }
  return results;
}

/**
 * Changes the order of a list from round to round: each item starts in turn,
 * and every second cycle runs backwards, so that no item always follows the
 * same other.
 */
export function inTurn<T>(list: readonly T[], round: number): T[] {
  const first = round % list.length;
  const turned = [...list.slice(first), ...list.slice(0, first)];
  return Math.floor(round / list.length) % 2 === 0 ? turned : turned.reverse();
}
