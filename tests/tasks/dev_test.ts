import { projectPath } from "../../harness/util/project_path.ts";
import assert from "node:assert/strict";
import { freePort } from "../../harness/util/free_port.ts";

const TASK = projectPath("tasks/dev.ts");
const TIMEOUT_MS = 20_000;

function start(...args: string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", TASK, ...args],
    clearEnv: true,
    env: {
      ...Object.fromEntries(
        ["PATH", "HOME", "DENO_DIR"].flatMap((name) => {
          const value = Deno.env.get(name);
          return value === undefined ? [] : [[name, value]];
        }),
      ),
      NO_COLOR: "1",
    },
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).spawn();
}

Deno.test("dev prints where everything is, and stops all of it", async () => {
  const port = freePort();
  const child = start("--port", String(port), "--env-file", "/dev/null");
  const errors = new Response(child.stderr).text();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk);
    if (/Ctrl-C/.test(output)) break;
  }
  const addresses = ["Inspector", "Function", "ZITADEL"].map((name) =>
    new RegExp(`^${name} +(http\\S+)`, "m").exec(output)?.[1] ?? name
  );
  assert.equal(addresses[0], `http://localhost:${port}`);
  for (const address of addresses) {
    const { body, status } = await fetch(
      new URL(address === addresses[0] ? "/" : "/healthz", address),
    );
    await body?.cancel();
    assert.ok(status < 500, address);
  }
  child.kill("SIGINT");
  assert.equal((await child.status).code, 0, await errors);
  for (const address of addresses) {
    await assert.rejects(fetch(address), TypeError, address);
  }
});

Deno.test("dev reports what is wrong with its arguments", async (t) => {
  const cases: [string[], RegExp][] = [
    [["--port", "0"], /--port 0: expected a whole number from 1 to 65,535/],
    [["--prot", "1"], /--prot/],
  ];
  for (const [args, message] of cases) {
    await t.step(args.join(" "), async () => {
      const child = start(...args);
      const { code, stderr } = await child.output();
      assert.equal(code, 64);
      assert.match(new TextDecoder().decode(stderr), message);
    });
  }
});
