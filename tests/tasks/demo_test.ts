import { projectPath } from "../../harness/util/project_path.ts";
import assert from "node:assert/strict";

const TASK = projectPath("tasks/demo.ts");
const TIMEOUT_MS = 20_000;

/** Starts the demo with a folder of its own, to see what it leaves behind. */
async function startDemo(...args: string[]) {
  const folder = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", TASK, ...args],
    env: { NO_COLOR: "1", TMPDIR: folder },
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).spawn();
  const left = async () => {
    const names = await Array.fromAsync(Deno.readDir(folder));
    await Deno.remove(folder, { recursive: true });
    return names;
  };
  return { child, left };
}

async function runDemo(...args: string[]) {
  const { child, left } = await startDemo(...args);
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
    left: await left(),
  };
}

Deno.test("demo --json prints two tokens and what the API answers to them", async () => {
  const { code, stdout, stderr, left } = await runDemo("--json");
  assert.equal(code, 0, stderr);
  const { logins, answers } = JSON.parse(stdout);
  const [person, robot] = logins;
  assert.deepEqual(person.claims.permissions, [
    "read:all",
    "write:all",
    "delete:all",
    "posts:read",
  ]);
  assert.deepEqual(
    person.sources.map(({ roles }: { roles: string[] }) => roles),
    [
      ["admin"],
      ["admin"],
      ["admin"],
      ["viewer"],
    ],
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
  assert.deepEqual(left, []);
});

Deno.test("demo shows every step in 80 columns", async () => {
  const { code, stdout, stderr } = await runDemo();
  assert.equal(code, 0, stderr);
  for (const step of ["1", "2", "3", "4", "5"]) {
    assert.match(stdout, new RegExp(`^Step ${step}  `, "m"));
  }
  assert.match(stdout, /\+ metadata admin: \["read:all",/);
  assert.match(stdout, /ZITADEL-Signature: t=\d+,v1=[0-9a-f]+/);
  assert.match(stdout, /^ +"posts:read" +\/\/ viewer$/m);
  assert.match(stdout, /^ +Alice Åström +DELETE \/posts +200 /m);
  assert.match(
    stdout,
    /^ +ci-runner +DELETE \/posts +403 +Missing permission: delete:all$/m,
  );
  const wide = stdout.split("\n").filter((line) => line.length > 80);
  assert.deepEqual(wide, []);
});

Deno.test("demo leaves nothing behind when it is interrupted", async (t) => {
  for (const mark of ["Step 1", "Step 3", "API  "]) {
    await t.step(`at ${mark}`, async () => {
      const { child, left } = await startDemo();
      let output = "";
      const decoder = new TextDecoder();
      for await (const chunk of child.stdout) {
        const isBefore = !output.includes(mark);
        output += decoder.decode(chunk);
        if (isBefore && output.includes(mark)) child.kill("SIGINT");
      }
      const errors = await new Response(child.stderr).text();
      assert.equal((await child.status).code, 130, errors);
      assert.match(errors, /^interrupted: everything is stopped and removed$/m);
      assert.doesNotMatch(output, /Done in/);
      assert.deepEqual(await left(), []);
      const endpoints = output.matchAll(/http:\/\/127\.0\.0\.1:\d+/g);
      for (const [endpoint] of endpoints) {
        await assert.rejects(fetch(endpoint), TypeError, endpoint);
      }
    });
  }
});

Deno.test("demo refuses an unknown option", async () => {
  const { code, stderr } = await runDemo("--jason");
  assert.equal(code, 64);
  assert.match(stderr, /--jason/);
});
