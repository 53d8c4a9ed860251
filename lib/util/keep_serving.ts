import type { Log } from "../observability/log.ts";

/**
 * How long accepted requests may take once the server drains, in milliseconds.
 * Platforms kill after 5 s; a client that never ends its request gets less.
 */
export const DRAIN_MS = 4_000;

/** How long to wait before listening anew, in milliseconds. */
const LISTEN_RETRY_MS = 200;

/** What is kept running: a server as `Deno.serve` gives it. */
export type Server = Pick<Deno.HttpServer, "finished" | "shutdown">;

/** A server that is kept running. */
export interface KeptServer {
  /** Settles once it has drained. */
  readonly finished: Promise<void>;
  /** Takes no more connections, and answers what was accepted. */
  drain(): void;
}

/**
 * Keeps a server running until it is told to drain. Deno ends one that has no
 * file left for a connection; then it listens anew.
 *
 * @param serve Begins to listen.
 * @param log Told when it listens anew.
 * @returns The server. It finishes within {@linkcode DRAIN_MS} of its draining, whoever holds a connection open.
 */
export function keepServing(serve: () => Server, log: Log): KeptServer {
  const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
  let server = serve();
  let isDraining = false;

  const run = async () => {
    while (!isDraining) {
      try {
        await server.finished;
        return;
      } catch (error) {
        log({
          level: "error",
          message: "Cannot take more connections; listening anew",
          cause: error instanceof Error ? error.name : typeof error,
          remedy: "Raise the limit of open files, or bound the connections",
        });
        await new Promise((resolve) => setTimeout(resolve, LISTEN_RETRY_MS));
        if (!isDraining) server = serve();
      }
    }
  };

  return {
    finished: Promise.race([run(), late]),
    drain() {
      if (isDraining) return;
      isDraining = true;
      void server.shutdown();
      setTimeout(giveUp, DRAIN_MS);
    },
  };
}
