import { freePort } from "../util/free_port.ts";

/** Deno KV's server, from crates.io. */
export const KV_SERVER = "denokv";

export const HOW_TO_GET_KV_SERVER =
  `cargo install ${KV_SERVER} --locked    (about 8 minutes), and put ~/.cargo/bin on PATH`;

/** The deadline of a start, in milliseconds. */
const START_TIMEOUT_MS = 10_000;

const RETRY_MS = 20;

export interface KvServer extends AsyncDisposable {
  /** For `KV_URL`. */
  readonly url: string;
  /** For `DENO_KV_ACCESS_TOKEN`. */
  readonly accessToken: string;
  /** Ends it without a shutdown, as a crash would. */
  kill(): Promise<void>;
}

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

/** Starts a KV server on loopback and waits until it answers. */
export async function startKvServer(
  { file, port = freePort() }: {
    readonly file: string;
    readonly port?: number;
  },
): Promise<KvServer> {
  const path = await findKvServer();
  if (!path) {
    throw new Error(`${KV_SERVER} is not installed: ${HOW_TO_GET_KV_SERVER}`);
  }
  const accessToken = "access-token-of-the-tests";
  const args = ["--sqlite-path", file, "serve"];
  args.push("--access-token", accessToken, "--addr", `127.0.0.1:${port}`);
  const child = new Deno.Command(path, {
    args,
    clearEnv: true,
    env: {},
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isOver = false;
  const ended = child.status.then(() => void (isOver = true));
  const kill = async () => {
    if (!isOver) child.kill("SIGKILL");
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!isOver && Date.now() < deadline) {
    try {
      await (await fetch(url)).body?.cancel();
      return { url, accessToken, kill, [Symbol.asyncDispose]: kill };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  await kill();
  throw new Error(`${KV_SERVER} does not answer at ${url}`);
}
