import assert from "node:assert/strict";
import { projectPath } from "../../harness/util/project_path.ts";

/** Ends a demo that hangs. */
const TIMEOUT_MS = 60_000;

/** Runs the demo with a folder of its own, and interrupts it at a mark of its output. */
async function runDemo(args: readonly string[], mark?: string) {
  const folder = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", projectPath("tasks/demo.ts"), ...args],
    env: { NO_COLOR: "1", TMPDIR: folder },
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).spawn();
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  let isInterrupted = mark === undefined;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    stdout += text;
    if (isInterrupted || !stdout.includes(mark!)) continue;
    isInterrupted = true;
    child.kill("SIGINT");
  }
  const { code } = await child.status;
  const left = await Array.fromAsync(Deno.readDir(folder));
  await Deno.remove(folder, { recursive: true });
  assert.deepEqual(left, []);
  return { code, stdout, stderr: await stderr };
}

Deno.test("demo --json prints two tokens and what the API answers to them", async () => {
  const { code, stdout, stderr } = await runDemo(["--json"]);
  assert.equal(code, 0, stderr);
  const { logins: [person, robot], answers } = JSON.parse(stdout);
  assert.deepEqual(person.sources, [
    { permission: "read:all", roles: ["admin"] },
    { permission: "write:all", roles: ["admin"] },
    { permission: "delete:all", roles: ["admin"] },
    { permission: "posts:read", roles: ["viewer"] },
  ]);
  assert.deepEqual(
    person.claims.permissions,
    person.sources.map((it: { permission: string }) => it.permission),
  );
  assert.deepEqual(robot.claims.permissions, ["posts:read"]);
  assert.equal(person.accessToken.split(".").length, 3);
  assert.deepEqual(
    answers.map((answer: Record<string, unknown>) =>
      [answer["user"] ?? "-", answer["request"], answer["status"]].join(" ")
    ),
    [
      "- GET /posts 401",
      "Alice Åström GET /posts 200",
      "Alice Åström DELETE /posts 200",
      "ci-runner GET /posts 200",
      "ci-runner DELETE /posts 403",
    ],
  );
  assert.equal(
    answers.at(-1).challenge,
    'Bearer error="insufficient_scope", scope="delete:all"',
  );
});

Deno.test("demo shows every step in 80 columns, and leaves nothing behind, interrupted or not", async () => {
  const [shown] = await Promise.all(
    [undefined, "Step 3"].map(async (mark) => {
      const { code, stdout, stderr } = await runDemo([], mark);
      assert.equal(code, mark ? 130 : 0, stderr);
      if (mark) {
        assert.match(stderr, /^interrupted: everything is stopped and/m);
      }
      assert.equal(stdout.includes("Done in"), mark === undefined);
      for (const [endpoint] of stdout.matchAll(/http:\/\/127\.0\.0\.1:\d+/g)) {
        await assert.rejects(fetch(endpoint), TypeError, endpoint);
      }
      return stdout;
    }),
  );
  for (const step of ["1", "2", "3", "4", "5"]) {
    assert.match(shown!, new RegExp(`^Step ${step}  `, "m"));
  }
  assert.match(shown!, /\+ metadata admin: \["read:all",/);
  assert.match(shown!, /ZITADEL-Signature: t=\d+,v1=[0-9a-f]+/);
  assert.match(
    shown!,
    /^ +"delete:all", {2}\/\/ admin\n +"posts:read" {3}\/\/ viewer\n +\]\n +\}$/m,
  );
  assert.match(shown!, /^ {8}no token {6}GET \/posts {5}401 /m);
  assert.match(
    shown!,
    /^ {22}WWW-Authenticate: .*,\n {22}scope="delete:all"$/m,
  );
  const wide = shown!.split("\n").filter((line) => line.length > 80);
  assert.deepEqual(wide, []);
});
