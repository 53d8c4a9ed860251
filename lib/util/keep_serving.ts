/**
 * How long accepted requests may take once the server drains, in milliseconds.
 * Platforms kill a process 5 s after the signal.
 */
export const DRAIN_MS = 4_000;

/** How long to wait before listening again, in milliseconds. */
const LISTEN_RETRY_MS = 200;

/** A server as `Deno.serve` returns it. */
export type Server = Pick<Deno.HttpServer, "finished" | "shutdown">;

/**
 * Keeps a server running until it is told to drain. Deno ends a server that runs
 * out of file descriptors; then it listens again.
 *
 * @param serve Starts to listen.
 * @param onFailure Told before each restart what the server failed with.
 */
export function keepServing(
  serve: () => Server,
  onFailure: (error: unknown) => void,
) {
  const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
  let server = serve();
  let isDraining = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const run = async () => {
    let finished = server.finished;
    while (!isDraining) {
      try {
        return await finished;
      } catch (error) {
        onFailure(error);
      }
      await new Promise((resolve) => setTimeout(resolve, LISTEN_RETRY_MS));
      if (isDraining) return;
      // Listening may fail too, as long as there is no file descriptor left.
      finished = Promise.try(() => {
        server = serve();
        return server.finished;
      });
    }
  };

  return {
    /** Settles once it has drained, within {@linkcode DRAIN_MS} even if clients keep connections open. */
    finished: Promise.race([run(), late]).finally(() => clearTimeout(timer)),
    /** Accepts no more connections, and answers what was accepted. */
    drain() {
      if (isDraining) return;
      isDraining = true;
      void server.shutdown();
      timer = setTimeout(giveUp, DRAIN_MS);
    },
  };
}
