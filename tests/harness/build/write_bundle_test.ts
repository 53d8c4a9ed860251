import assert from "node:assert/strict";
import { dirname } from "node:path";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../../harness/sandbox/upstream.ts";
import { writeBundle } from "../../../harness/build/run_build.ts";
import { leastPermissions } from "../../../harness/function/least_permissions.ts";
import { startFunction } from "../../../harness/function/function_process.ts";
import { freePort } from "../../../harness/util/free_port.ts";
import { projectPath } from "../../../harness/util/project_path.ts";
import { signPayload } from "../../../harness/util/sign_payload.ts";

const KEY = "key-of-the-bundled-target";

const ORGANIZATION = "1";

// A space, and a letter that a URL would encode.
const folder = await Deno.makeTempDir({ prefix: "bundle é " });
const files = await writeBundle(folder);
const entry = `${folder}/main.js`;

/** No package is in the cache, and no registry answers. */
const OFFLINE = {
  DENO_DIR: `${folder}/empty cache`,
  NPM_CONFIG_REGISTRY: "http://127.0.0.1:9",
};

/** What a shell would run, if it saw it. */
const KV_FILE = `${folder}/it's \`touch pwned\` $(touch pwned) kv.sqlite3`;

const upstream = createUpstream({
  organizations: {
    [ORGANIZATION]: {
      readable: true,
      metadata: { viewer: btoa('["posts:read"]') },
    },
  },
});

async function signed(): Promise<RequestInit> {
  const body = JSON.stringify({
    function: "function/preaccesstoken",
    org: { id: ORGANIZATION },
    user_grants: [{
      project_id: "2",
      resource_owner: ORGANIZATION,
      state: 1,
      roles: ["viewer"],
    }],
  });
  const now = Math.floor(Date.now() / 1_000);
  const signature = await signPayload(KEY, now, body);
  return { method: "POST", body, headers: { "zitadel-signature": signature } };
}

function serveUpstream() {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => upstream.fetch(request),
  );
}

Deno.test("writeBundle() writes the same bytes twice, with the licences and no path of this machine", async () => {
  const other = await Deno.makeTempDir();
  assert.deepEqual(await writeBundle(other), files);
  for (const path of [...files.keys(), "entrypoint.sh", "healthcheck.sh"]) {
    assert.deepEqual(
      await Deno.readFile(`${other}/${path}`),
      await Deno.readFile(`${folder}/${path}`),
    );
  }
  const text = [...files.values()].join("\n");
  for (const path of [projectPath(""), dirname(folder) + "/"]) {
    assert.ok(!text.includes(path), path);
  }
  const licenses = files.get("LICENSES.txt")!;
  for (const name of ["zod", "jose", "@zitadel/client"]) {
    assert.match(licenses, new RegExp(`^${name} \\d`, "m"));
  }
  await Deno.remove(other, { recursive: true });
});

Deno.test("the bundle holds none of the harness, and no locale of zod", () => {
  const map = JSON.parse(files.get("main.js.map")!);
  const sources: string[] = map.sources;
  assert.ok(sources.includes("../lib/handler.ts"));
  assert.deepEqual(
    sources.filter((it) => /^\.\.\/(?:harness|tasks)\/|\/locales\//.test(it)),
    [],
  );
});

Deno.test("the bundle answers with the least permissions and without cache or registry, and can do nothing else", async () => {
  await using server = serveUpstream();
  const env = {
    ZITADEL_DOMAIN: `http://127.0.0.1:${server.addr.port}`,
    AUTHORIZATION_SIGNING_KEY: KEY,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    KV_URL: ":memory:",
    HOST: "127.0.0.1",
    PORT: "0",
    ...OFFLINE,
  };
  const forbidden = projectPath("tests/main/_forbidden.ts");
  await using running = await startFunction({
    env,
    entry,
    permissions: [...leastPermissions(env), `--preload=${forbidden}`],
  });
  const response = await fetch(running.url, await signed());
  assert.equal(response.status, 200, running.lines.join("\n"));
  assert.deepEqual((await response.json()).append_claims[0].value, [
    "posts:read",
  ]);
  const attempts = JSON.parse(
    /^ATTEMPTS (.*)$/m.exec(running.lines.join("\n"))![1]!,
  );
  assert.equal(Object.keys(attempts).length, 14);
  for (const [name, result] of Object.entries(attempts)) {
    const expected = name.startsWith("import ") ? "NotAsked" : "NotCapable";
    assert.equal(result, expected, name);
  }
  assert.equal(await running.stop(), 0, running.lines.join("\n"));
});

Deno.test("the bundle answers from a warm KV before it loads what a reading needs", async () => {
  await using server = serveUpstream();
  const env = {
    ZITADEL_DOMAIN: `http://127.0.0.1:${server.addr.port}`,
    AUTHORIZATION_SIGNING_KEY: KEY,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    KV_URL: `${folder}/kv.sqlite3`,
  };
  {
    await using running = await startFunction({ env, entry });
    await (await fetch(running.url, await signed())).body?.cancel();
    assert.equal(await running.stop(), 0);
  }
  const lean = `${folder}/lean`;
  await Deno.mkdir(`${lean}/chunks`, { recursive: true });
  // What is imported before the start is kept; what is loaded late is gone.
  const kept = new Set(["main.js", ...staticImports("main.js")]);
  for (const path of kept) {
    await Deno.writeTextFile(`${lean}/${path}`, files.get(path)!);
  }
  assert.ok(kept.size < files.size / 2 - 3);
  await using running = await startFunction({ env, entry: `${lean}/main.js` });
  const response = await fetch(running.url, await signed());
  await response.body?.cancel();
  assert.equal(response.status, 200, running.lines.join("\n"));
  await running.stop();
  assert.ok(running.lines.some((line) => line.includes('"source":"kv"')));
});

/** The chunks that a file of the bundle imports at once, and those that they import. */
function staticImports(path: string): string[] {
  const imports = files.get(path)!.matchAll(
    /^(?:import|\} from) .*?"(\.[^"]+)"/gm,
  );
  return Array.from(imports, ([, it]) => {
    const base = new URL(path, "file:///");
    return new URL(it!, base).pathname.slice(1);
  }).flatMap((it) => [it, ...staticImports(it)]);
}

/** Starts the entrypoint as a container does, and waits until the function listens. */
async function startEntrypoint(
  args: readonly string[],
  env: Record<string, string>,
) {
  const bin = dirname(Deno.execPath());
  const child = new Deno.Command(`${folder}/entrypoint.sh`, {
    args: [...args],
    cwd: folder,
    clearEnv: true,
    env: {
      PATH: `${bin}:${Deno.env.get("PATH")}`,
      HOME: Deno.env.get("HOME") ?? "",
      ...OFFLINE,
      ...env,
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let written = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    written += value;
    if (written.includes('"Listening"')) break;
  }
  return { child, reader, written };
}

/** Deno itself may read these files only with all permissions. */
async function readProc(pid: number, file: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/${file}`],
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("entrypoint.sh becomes the function: one process, without other variables, that drains on SIGTERM", async () => {
  const port = freePort();
  const { child, reader, written } = await startEntrypoint([], {
    ZITADEL_DOMAIN: "http://127.0.0.1:9",
    AUTHORIZATION_SIGNING_KEY: "key",
    ACCESS_TOKEN: "secret-of-the-service-user",
    KV_URL: KV_FILE,
    HOST: "127.0.0.1",
    PORT: String(port),
    ZITADEL_ADMIN_TOKEN: "admin",
    "A.NAME": "that no shell can unset",
    MANY: "lines\nZITADEL_DOMAIN=other.example",
  });
  const stderr = new Response(child.stderr).text();
  try {
    assert.match(written, /"Listening"/);
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    await response.body?.cancel();
    assert.equal(response.status, 200);
    if (Deno.build.os === "linux") {
      // The process that was started is Deno itself.
      const environment = await readProc(child.pid, "environ");
      const names = environment.split("\0").filter(Boolean)
        .map((it) => it.slice(0, it.indexOf("=")));
      const others = names.filter((it) =>
        !["HOME", "DENO_NO_UPDATE_CHECK", ...Object.keys(OFFLINE)].includes(it)
      );
      assert.deepEqual(others.sort(), [
        "ACCESS_TOKEN",
        "AUTHORIZATION_SIGNING_KEY",
        "HOST",
        "KV_URL",
        "PORT",
        "ZITADEL_DOMAIN",
      ]);
      const line = await readProc(child.pid, "cmdline");
      assert.match(line, /\0run\0/);
      assert.ok(!line.includes("secret-of"));
    }
    const health = await new Deno.Command(`${folder}/healthcheck.sh`, {
      env: { PORT: String(port) },
    }).output();
    assert.equal(health.code, 0);
  } finally {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    while (!(await reader.read()).done);
    const { code } = await child.status;
    clearTimeout(late);
    assert.equal(code, 0, await stderr);
  }
  assert.ok((await Deno.stat(KV_FILE)).isFile);
  assert.ok(
    ![...Deno.readDirSync(folder)].some(({ name }) => name === "pwned"),
  );
  const { success } = await new Deno.Command(`${folder}/healthcheck.sh`, {
    env: { PORT: String(port) },
    stderr: "null",
  }).output();
  assert.ok(!success);
});

Deno.test("entrypoint.sh takes the settings of an env file, and refuses one with an administrator's token", async () => {
  const envFile = `${folder}/my settings.env`;
  const port = freePort();
  const text =
    `ZITADEL_DOMAIN=http://127.0.0.1:9\nAUTHORIZATION_SIGNING_KEY='key'\nACCESS_TOKEN="token"\nKV_URL=:memory:\nHOST=127.0.0.1\nPORT=1\n`;
  await Deno.writeTextFile(envFile, text);
  const args = ["--env-file", envFile];
  // The environment wins.
  const started = await startEntrypoint(args, { PORT: String(port) });
  try {
    assert.ok(started.written.includes(`"port":${port}`), started.written);
  } finally {
    started.child.kill("SIGTERM");
    while (!(await started.reader.read()).done);
    await started.child.stderr.cancel();
    assert.equal((await started.child.status).code, 0);
  }

  await Deno.writeTextFile(envFile, `${text}ZITADEL_ADMIN_TOKEN=admin\n`);
  const refused = await startEntrypoint(args, {});
  const stderr = await new Response(refused.child.stderr).text();
  assert.match(stderr, /also sets ZITADEL_ADMIN_TOKEN/);
  assert.equal((await refused.child.status).code, 64);
});

Deno.test("entrypoint.sh reports wrong settings, with start's exit code", async () => {
  const { child, written } = await startEntrypoint([], {
    ZITADEL_DOMAIN: "a.example",
  });
  assert.equal(written, "");
  assert.match(
    await new Response(child.stderr).text(),
    /AUTHORIZATION_SIGNING_KEY is missing/,
  );
  assert.equal((await child.status).code, 64);
});

addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
