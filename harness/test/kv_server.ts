import { freePort } from "../util/free_port.ts";
import { startServer } from "../util/server_process.ts";

/** Deno KV's server, from crates.io. */
export const KV_SERVER = "denokv";

export const HOW_TO_GET_KV_SERVER =
  `cargo install ${KV_SERVER} --locked    (about 8 minutes), and put ~/.cargo/bin on PATH`;

/** Finds the KV server on PATH or in cargo's folder. */
export async function findKvServer(): Promise<string | undefined> {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  folders.push(`${Deno.env.get("HOME")}/.cargo/bin`);
  for (const folder of folders) {
    const path = `${folder}/${KV_SERVER}`;
    const file = await Deno.stat(path).catch(() => undefined);
    if (file?.isFile) return path;
  }
  return undefined;
}

export type KvServer = Awaited<ReturnType<typeof startKvServer>>;

/** Starts a KV server on loopback and waits until it listens. */
export async function startKvServer(
  { file, port = freePort() }: { file: string; port?: number },
) {
  const path = await findKvServer();
  if (!path) {
    throw new Error(`${KV_SERVER} is not installed: ${HOW_TO_GET_KV_SERVER}`);
  }
  const accessToken = "access-token-of-the-tests";
  const { url, stop } = await startServer({
    name: KV_SERVER,
    command: [
      ...[path, "--sqlite-path", file, "serve"] as const,
      ...["--access-token", accessToken, "--addr", `127.0.0.1:${port}`],
    ],
    env: {},
    urlIn: (line) => /Listening on (\S+)/.exec(line)?.[1],
  });
  // Without a shutdown, as a crash would.
  const kill = async () => void await stop("SIGKILL");
  // For `KV_URL` and `DENO_KV_ACCESS_TOKEN`.
  return { url, accessToken, kill, [Symbol.asyncDispose]: kill };
}
