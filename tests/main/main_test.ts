import assert from "node:assert/strict";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { SETTINGS } from "../../lib/config/settings.ts";
import { signPayload } from "../../lib/request/signature.ts";
import { login, loginPayload } from "../lib/_function.ts";

const NAMES = Object.keys(SETTINGS).join(",");
const RIGHT = {
  AUTHORIZATION_SIGNING_KEY: login.signing_key,
  ACCESS_TOKEN: UPSTREAM_TOKEN,
  HOST: "127.0.0.1",
  PORT: "0",
  // No test may find what another, or a developer, left in the local database.
  KV_URL: "/nonexistent/kv",
};

/** Starts `main.ts` with these settings and no permission that it does not need. */
function start(
  settings: Record<string, string>,
  { permissions = [] }: { permissions?: string[] } = {},
): Deno.ChildProcess {
  const inherited = ["HOME", "PATH", "DENO_DIR"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--cached-only",
      "--no-prompt",
      `--allow-env=${NAMES}`,
      "--allow-net=127.0.0.1",
      ...permissions,
      "main.ts",
    ],
    cwd: new URL("../..", import.meta.url),
    clearEnv: true,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...settings },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** A function that listens, and what it logs. */
class Running implements AsyncDisposable {
  readonly log: Record<string, unknown>[] = [];
  #url = "";
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = linesOf(process.stdout)[Symbol.asyncIterator]();
  }

  static async start(...args: Parameters<typeof start>): Promise<Running> {
    const running = new Running(start(...args));
    for (;;) {
      const { value, done } = await running.#lines.next();
      if (done) {
        assert.fail(await new Response(running.#process.stderr).text());
      }
      const entry = JSON.parse(value);
      running.log.push(entry);
      if (entry.message !== "Listening") continue;
      running.#url = `http://127.0.0.1:${entry.port}`;
      return running;
    }
  }

  get url(): URL {
    return new URL(this.#url);
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for the end; gives the exit code and what was on standard error. */
  async ended(): Promise<{ code: number; stderr: string }> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) break;
      this.log.push(JSON.parse(value));
    }
    const stderr = await new Response(this.#process.stderr).text();
    return { code: (await this.#process.status).code, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill("SIGKILL");
    } catch {
      // It ended before.
    }
    if (!this.#process.stderr.locked) await this.#process.stderr.cancel();
    while (!(await this.#lines.next()).done);
    await this.#process.status;
  }
}

async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** A ZITADEL on loopback that has the recorded metadata. */
function serveUpstream(gate: () => Promise<void> = () => Promise.resolve()) {
  const upstream = createUpstream(login);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ url, method, headers, body }) => {
      await gate();
      return await upstream.fetch(url, { method, headers, body });
    },
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return { origin, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function call(url: URL): Promise<{ status: number; body: unknown }> {
  const body = JSON.stringify(loginPayload());
  const seconds = Math.floor(Date.now() / 1000);
  const signature = await signPayload(login.signing_key, seconds, body);
  const headers = { "zitadel-signature": signature };
  const response = await fetch(url, { method: "POST", headers, body });
  return { status: response.status, body: await response.json() };
}

Deno.test("main.ts does not start when settings are missing, contradictory or empty", async (t) => {
  const cases: Record<string, [Record<string, string>, string[]]> = {
    "missing": [{}, [
      "ZITADEL_DOMAIN",
      "AUTHORIZATION_SIGNING_KEY",
      "ACCESS_TOKEN",
    ]],
    "empty": [
      {
        ZITADEL_DOMAIN: "",
        AUTHORIZATION_SIGNING_KEY: "",
        ACCESS_TOKEN: "canary-token",
      },
      ["ZITADEL_DOMAIN", "AUTHORIZATION_SIGNING_KEY"],
    ],
    "contradictory and wrong": [
      {
        ZITADEL_DOMAIN: "https://example.com/canary",
        AUTHORIZATION_SIGNING_KEY: "canary-key,",
        ACCESS_TOKEN: "canary-token",
        CLIENT_ID: "canary-id",
        CLIENT_SECRET: "canary-secret",
        PAYLOAD_PRIVATE_KEY: "canary-private-key",
        PERMISSIONS_CLAIM: "sub",
        PORT: "canary",
      },
      [
        "ZITADEL_DOMAIN",
        "AUTHORIZATION_SIGNING_KEY",
        "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET",
        "PERMISSIONS_CLAIM",
        "PAYLOAD_PRIVATE_KEY",
        "PORT",
      ],
    ],
    "a private key that cannot be used": [
      {
        ...RIGHT,
        ZITADEL_DOMAIN: "example.com",
        PAYLOAD_PRIVATE_KEY:
          "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
      },
      ["PAYLOAD_PRIVATE_KEY"],
    ],
  };
  await Promise.all(
    Object.entries(cases).map(([name, [settings, named]]) =>
      t.step({
        name,
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        fn: async () => {
          const { code, stdout, stderr } = await start(settings).output();
          const decoder = new TextDecoder();
          const message = decoder.decode(stderr);
          assert.equal(code, 1);
          assert.match(message, /^Cannot start: /);
          assert.equal(message.match(/Cannot start/g)?.length, 1);
          for (const setting of named) {
            assert.ok(message.includes(setting), message);
          }
          assert.doesNotMatch(message + decoder.decode(stdout), /canary/);
          assert.doesNotMatch(message, /^ +at /m);
        },
      })
    ),
  );
});

Deno.test("main.ts answers a call with no permission but its settings and the network", async () => {
  await using upstream = serveUpstream();
  await using running = await Running.start({
    ...RIGHT,
    ZITADEL_DOMAIN: upstream.origin,
  });
  assert.deepEqual(await call(running.url), login.expected);
  const health = await fetch(new URL("/healthz", running.url));
  assert.deepEqual(await health.json(), { status: "ok" });
  running.kill("SIGTERM");
  assert.deepEqual(await running.ended(), { code: 0, stderr: "" });
  const [kv] = running.log.filter(({ message }) => /KV/.test(String(message)));
  assert.equal(kv?.level, "warn");
  assert.match(String(kv?.remedy), /KV_URL/);
  assert.equal(running.log[0]?.setting, "METADATA_ORGANIZATION=user");
  const answered = running.log.at(-1);
  assert.equal(answered?.message, "Answered");
  assert.equal(answered?.source, "zitadel");
  assert.match(String(answered?.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

Deno.test("main.ts writes no line but its start line for a good call at LOG_LEVEL=warn", async () => {
  await using upstream = serveUpstream();
  await using running = await Running.start({
    ...RIGHT,
    ZITADEL_DOMAIN: upstream.origin,
    LOG_LEVEL: "warn",
  });
  assert.deepEqual(await call(running.url), login.expected);
  running.kill("SIGTERM");
  assert.equal((await running.ended()).code, 0);
  assert.deepEqual(
    running.log.filter(({ level }) => level === "info")
      .map(({ message }) => message),
    ["Listening"],
  );
});

Deno.test("main.ts finds in Deno KV what another process read", async () => {
  await using upstream = serveUpstream();
  const folder = await Deno.makeTempDir();
  const settings = {
    ...RIGHT,
    ZITADEL_DOMAIN: upstream.origin,
    KV_URL: `${folder}/kv`,
  };
  const permissions = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  try {
    for (const source of ["zitadel", "kv"]) {
      await using running = await Running.start(settings, { permissions });
      assert.deepEqual(await call(running.url), login.expected);
      await mappingIn(settings.KV_URL);
      running.kill("SIGTERM");
      assert.equal((await running.ended()).code, 0);
      assert.equal(running.log.at(-1)?.source, source);
      assert.ok(running.log.every(({ level }) => level === "info"));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("main.ts answers what it has begun when it is told to end", async (t) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await t.step(signal, async () => {
      const asked = Promise.withResolvers<void>();
      const ending = Promise.withResolvers<void>();
      await using upstream = serveUpstream(() => {
        asked.resolve();
        return ending.promise;
      });
      await using running = await Running.start({
        ...RIGHT,
        ZITADEL_DOMAIN: upstream.origin,
      });
      const end = async () => {
        await asked.promise;
        running.kill(signal);
        await refusalAt(running.url);
        ending.resolve();
      };
      const [reply] = await Promise.all([call(running.url), end()]);
      assert.deepEqual(reply, login.expected);
      assert.deepEqual(await running.ended(), { code: 0, stderr: "" });
      assert.equal(running.log.at(-1)?.outcome, "permissions");
    });
  }
});

/** Waits until a database holds a mapping, which is written after the reply. */
async function mappingIn(path: string): Promise<void> {
  using kv = await Deno.openKv(path);
  const prefix = ["role_permissions"];
  while ((await Array.fromAsync(kv.list({ prefix }))).length === 0);
}

/** Waits until nothing listens any more. */
async function refusalAt({ hostname, port }: URL): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname, port: Number(port) })).close();
    } catch {
      return;
    }
  }
}
