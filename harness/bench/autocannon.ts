import { z } from "zod";
import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";
import type { BenchContext } from "./context.ts";
import { CONNECTIONS, type LoadOptions, type LoadResult } from "./load.ts";

const PROCESS = new URL("autocannon_process.ts", import.meta.url);

const Result = z.object({
  duration: z.number(),
  requests: z.object({ total: z.number() }),
  latency: z.object({ p50: z.number(), p99: z.number() }),
  /** Broken connections, timeouts included. */
  errors: z.number(),
  non2xx: z.number(),
});

/** Creates load with `autocannon`. Its latencies are whole milliseconds. */
export async function runAutocannon(
  { url, calls, seconds }: LoadOptions,
  { signal }: BenchContext,
): Promise<LoadResult> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", PROCESS.href],
    clearEnv: true,
    env: denoEnvironment(Deno.env.toObject(), OF_TOOLS),
    stdin: "piped",
    stdout: "piped",
    signal,
  }).spawn();
  const input = new Blob([JSON.stringify({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    method: "POST",
    requests: calls.map(({ signature, body }) => ({
      headers: {
        "content-type": "application/json",
        "zitadel-signature": signature,
      },
      body,
    })),
  })]);
  await input.stream().pipeTo(child.stdin);
  const { stdout } = await child.output();
  signal.throwIfAborted();
  return parseAutocannon(new TextDecoder().decode(stdout));
}

/** Parses autocannon's result. */
export function parseAutocannon(output: string): LoadResult {
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch {
    // Reported below, with JSON of another shape.
  }
  const parsed = Result.safeParse(json);
  if (!parsed.success) {
    throw new Error(`Cannot read autocannon's output: ${output.trim()}`);
  }
  const { duration, requests, latency, errors, non2xx } = parsed.data;
  return {
    requests: requests.total,
    seconds: duration,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    errors: errors + non2xx,
  };
}
