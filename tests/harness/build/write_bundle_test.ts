import assert from "node:assert/strict";
import { dirname } from "node:path";
import { UPSTREAM_TOKEN } from "../../../harness/sandbox/upstream.ts";
import { startUpstreamServer } from "../../../harness/fixtures/upstream_server.ts";
import { writeBundle } from "../../../harness/build/run_build.ts";
import { leastPermissions } from "../../../harness/function/least_permissions.ts";
import { startFunction } from "../../../harness/function/function_process.ts";
import { freePort } from "../../../harness/util/free_port.ts";
import { projectPath } from "../../../harness/util/project_path.ts";
import { runTool } from "../../../harness/util/run_tool.ts";
import { startServer } from "../../../harness/util/server_process.ts";
import { loginOf, signed } from "../../main/_loopback.ts";

// A space, and a letter that a URL would encode.
const folder = await Deno.makeTempDir({ prefix: "bundle é " });
const files = await writeBundle(folder);
const entry = `${folder}/main.js`;
const map = JSON.parse(files.get("main.js.map")!);
const sources: readonly string[] = map.sources;

const ORGANIZATION = "1";
const metadata = { viewer: btoa('["posts:read"]') };
const organizations = { [ORGANIZATION]: { readable: true, metadata } };

const SETTINGS = {
  ZITADEL_DOMAIN: "http://127.0.0.1:9",
  AUTHORIZATION_SIGNING_KEY: "key-of-the-bundled-target",
  ACCESS_TOKEN: UPSTREAM_TOKEN,
  KV_URL: ":memory:",
  HOST: "127.0.0.1",
};

/** No package is in the cache, and no registry answers. */
const OFFLINE = {
  DENO_DIR: `${folder}/empty cache`,
  NPM_CONFIG_REGISTRY: "http://127.0.0.1:9",
};

async function logIn(url: string): Promise<unknown> {
  const { AUTHORIZATION_SIGNING_KEY } = SETTINGS;
  const login = loginOf(ORGANIZATION);
  const response = await fetch(
    await signed(url, AUTHORIZATION_SIGNING_KEY, login),
  );
  return response.json();
}

const REPLY = {
  append_claims: [{ key: "permissions", value: ["posts:read"] }],
};

Deno.test("writeBundle() writes the same bytes twice, with the licences and no path of this machine", async () => {
  const other = await Deno.makeTempDir();
  assert.deepEqual(await writeBundle(other), files);
  for (const path of [...files.keys(), "entrypoint.sh", "healthcheck.sh"]) {
    assert.deepEqual(
      await Deno.readFile(`${other}/${path}`),
      await Deno.readFile(`${folder}/${path}`),
    );
  }
  await Deno.remove(other, { recursive: true });
  const text = [...files.values()].join("\n");
  for (const path of [projectPath(""), dirname(folder) + "/"]) {
    assert.ok(!text.includes(path), path);
  }
  const licenses = files.get("LICENSES.txt")!.split(
    `\n\n${"-".repeat(80)}\n\n`,
  );
  const names = licenses.map((it) => /^(@?[^@\s]+) \d.*: \S/.exec(it)![1]!);
  for (const name of ["zod", "jose", "@zitadel/client"]) {
    assert.equal(names.filter((it) => it === name).length, 1, name);
  }
  const [jose] = licenses.filter((it) => it.startsWith("jose "));
  assert.match(
    jose!,
    /^jose \d.*: MIT\nAuthor: .*\nSource: [^]*Copyright [^]*WARRANTY/,
  );
});

Deno.test("the bundle maps to its sources, holds none of the harness and no locale of zod, and hides what is loaded late", () => {
  assert.match(
    files.get("main.js")!,
    /\n\/\/# sourceMappingURL=main\.js\.map\n$/,
  );
  assert.ok(sources.includes("../lib/handler.ts"));
  assert.deepEqual(
    sources.filter((it) => /^\.\.\/(?:harness|tasks)\/|\/locales\//.test(it)),
    [],
  );
  // Deno reads every module whose name it sees in an import().
  const code = [...files].filter(([path]) => path.endsWith(".js"))
    .map(([, text]) => text).join("\n");
  assert.match(code, /\bimport\(String\("\.[\w./-]+\.js"\)\)/);
  assert.doesNotMatch(code, /\bimport\("\./);
});

Deno.test("the bundle answers with the least permissions and without cache or registry, and can do nothing else", async () => {
  await using upstream = startUpstreamServer({ organizations });
  const env = {
    ...SETTINGS,
    ...OFFLINE,
    ZITADEL_DOMAIN: upstream.origin,
    PORT: "0",
  };
  const forbidden = projectPath("tests/main/_forbidden.ts");
  await using running = await startFunction({
    env,
    entry,
    permissions: [...leastPermissions(env), `--preload=${forbidden}`],
  });
  assert.deepEqual(await logIn(running.url), REPLY);
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
  await using upstream = startUpstreamServer({ organizations });
  const env = {
    ...SETTINGS,
    ZITADEL_DOMAIN: upstream.origin,
    KV_URL: `${folder}/kv.sqlite3`,
  };
  {
    await using running = await startFunction({ env, entry });
    await logIn(running.url);
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
  assert.deepEqual(await logIn(running.url), REPLY);
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
function startEntrypoint(env: Record<string, string>, ...args: string[]) {
  return startServer({
    name: "the entrypoint",
    command: [`${folder}/entrypoint.sh`, ...args],
    env: {
      PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
      HOME: Deno.env.get("HOME") ?? "",
      ...OFFLINE,
      ...env,
    },
    urlIn: (line) =>
      line.includes('"Listening"')
        ? `http://127.0.0.1:${JSON.parse(line).port}`
        : undefined,
  });
}

async function isHealthy(url: string): Promise<boolean> {
  const { success } = await new Deno.Command(`${folder}/healthcheck.sh`, {
    env: { PORT: new URL(url).port },
    stderr: "null",
  }).output();
  return success;
}

/** Deno itself may read these files only with all permissions. */
async function readProc(pid: number, file: string): Promise<string[]> {
  const { stdout } = await runTool("cat", [`/proc/${pid}/${file}`]);
  return new TextDecoder().decode(stdout).split("\0");
}

Deno.test("entrypoint.sh becomes the function: one process, without other variables, that drains on SIGTERM", async () => {
  // What a shell would run, if it saw it.
  const kvFile = `${folder}/it's \`touch pwned\` $(touch pwned) kv.sqlite3`;
  const settings = { ...SETTINGS, KV_URL: kvFile, PORT: String(freePort()) };
  await using running = await startEntrypoint({
    ...settings,
    ZITADEL_ADMIN_TOKEN: "admin",
    "A.NAME": "that no shell can unset",
    MANY: "lines\nZITADEL_DOMAIN=other.example",
  });
  assert.ok(await isHealthy(running.url));
  if (Deno.build.os === "linux") {
    // The process that was started is Deno itself.
    const variables = (await readProc(running.pid, "environ")).filter(Boolean)
      .map((it) => it.slice(0, it.indexOf("=")));
    const others = ["HOME", "DENO_NO_UPDATE_CHECK", ...Object.keys(OFFLINE)];
    assert.deepEqual(
      variables.filter((it) => !others.includes(it)).sort(),
      Object.keys(settings).sort(),
    );
    const line = await readProc(running.pid, "cmdline");
    assert.ok(line.includes("run"));
    assert.ok(!line.join().includes(UPSTREAM_TOKEN));
  }
  assert.equal(await running.stop(), 0, running.lines.join("\n"));
  assert.ok(!await isHealthy(running.url));
  assert.ok((await Deno.stat(kvFile)).isFile);
  assert.ok(![...Deno.readDirSync(".")].some(({ name }) => name === "pwned"));
});

Deno.test("entrypoint.sh takes the settings of an env file, and refuses wrong ones with start's exit code", async () => {
  const envFile = `${folder}/my settings.env`;
  const text = Object.entries({ ...SETTINGS, PORT: "1" })
    .map(([name, value]) => `${name}='${value}'\n`).join("");
  await Deno.writeTextFile(envFile, text);
  const PORT = String(freePort());
  const args = ["--env-file", envFile];
  {
    // The environment wins.
    await using running = await startEntrypoint({ PORT }, ...args);
    assert.equal(new URL(running.url).port, PORT);
  }
  await Deno.writeTextFile(envFile, `${text}ZITADEL_ADMIN_TOKEN=admin\n`);
  await assert.rejects(
    startEntrypoint({ PORT }, ...args),
    /exit code 64\n[^]*also sets ZITADEL_ADMIN_TOKEN/,
  );
  await assert.rejects(
    startEntrypoint({ ZITADEL_DOMAIN: "a.example" }),
    /exit code 64\n[^]*AUTHORIZATION_SIGNING_KEY is missing/,
  );
});

addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
