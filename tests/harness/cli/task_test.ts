import assert from "node:assert/strict";
import {
  Interrupted,
  SettingsError,
  UsageError,
} from "../../../harness/cli/errors.ts";
import { printJson } from "../../../harness/cli/io.ts";
import {
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  list,
  option,
  type Options,
  toggle,
  YES_OPTION,
} from "../../../harness/cli/options.ts";
import { numberFrom, oneOf, parseFile } from "../../../harness/cli/parse.ts";
import { defineTask, type TaskDefinition } from "../../../harness/cli/task.ts";
import type { Outcome } from "../../../harness/cli/exit.ts";
import { testEach } from "../../_test_each.ts";
import { createTestIo } from "../_test_io.ts";

const HELP = {
  summary: "Tries the frame.",
  examples: [["deno task try"]],
  exit: { done: "done", failed: "not done" },
} as const;

/** A task; without a definition it is done. */
const tryTask = <const O extends Options>(
  definition: Partial<TaskDefinition<O>>,
) =>
  defineTask<O>({
    ...{ name: "try", help: HELP, options: {} as O, run: () => "done" },
    ...definition,
  });

/** Runs a task, and returns its exit code and what it wrote. */
async function runTry<const O extends Options>(
  definition: Partial<TaskDefinition<O>>,
  args: string[] = [],
  signal = new AbortController().signal,
) {
  const { io, printed, errors } = createTestIo({ signal });
  const code = await tryTask(definition).run(args, io);
  return { code, printed: printed(), errors: errors() };
}

const runThrowing = (thrown: unknown, args: string[] = []) =>
  runTry({
    options: { json: JSON_OPTION },
    run: () => {
      throw thrown;
    },
  }, args);

Deno.test("defineTask() turns options into typed values", async () => {
  const seen: unknown[] = [];
  const task = tryTask({
    options: {
      "env-file": ENV_FILE_OPTION,
      org: list("ID", "organizations"),
      minutes: option("N", "how long", {
        default: "2",
        parse: numberFrom(1, 5),
      }),
      endpoint: option("URL", "where"),
      yes: flag("do not ask"),
      guard: toggle("guard"),
    },
    positionals: { placeholder: "FILE", help: "a file", min: 0, max: 1 },
    run(values) {
      seen.push(values);
      return "done";
    },
  });
  const { io } = createTestIo();
  assert.equal(await task.run([], io), 0);
  await task.run(
    ["--org", "1", "--org=2", "--minutes", "5", "--yes", "--no-guard", "a"],
    io,
  );
  const defaults = {
    envFile: ".env",
    org: [],
    minutes: 2,
    endpoint: undefined,
    yes: false,
    guard: undefined,
    positionals: [],
  };
  assert.deepEqual(seen, [defaults, {
    ...defaults,
    org: ["1", "2"],
    minutes: 5,
    yes: true,
    guard: false,
    positionals: ["a"],
  }]);
});

Deno.test("defineTask() points wrong usage to --help in one line, with 64", async () => {
  const task = tryTask({
    options: {
      minutes: option("N", "long", { parse: numberFrom(1, 5) }),
      unit: option("UNIT", "of it", { parse: oneOf(["days", "hours"]) }),
      file: option("FILE", "where", { parse: parseFile }),
      guard: toggle("guard"),
      yes: YES_OPTION,
    },
    positionals: { placeholder: "FILE", help: "a file", min: 1, max: 1 },
  });
  const cases: Record<string, string> = {
    "--minute 1": "Unknown option '--minute' (did you mean --minutes?)",
    "--nonsense": "Unknown option '--nonsense'",
    "a minutes": "Unexpected argument 'minutes' (did you mean --minutes?)",
    "--minutes 1 --minutes 1 a": "--minutes is given a second time",
    "--guard --no-guard a": "--no-guard is given a second time",
    "--minutes= a": "--minutes has no value",
    "--unit dyas a": "--unit dyas: expected days, hours (did you mean days?)",
    "--unit x a": "--unit x: expected days, hours",
    "--file none/a.json a":
      `--file: there is no file ${Deno.cwd()}/none/a.json`,
    "--file / a": "--file /: expected a file, and this is a folder",
    "--minutes": "Option '--minutes <value>' argument missing",
    "--minutes 6 a": "--minutes 6: expected a whole number from 1 to 5",
    "a b": "Unexpected argument 'b'",
    "": "Missing FILE",
    "\x1b[31m b\x1b[31m": "Unexpected argument 'b\\u{1b}[31m'",
  };
  for (const [line, message] of Object.entries(cases)) {
    const { io, errors } = createTestIo();
    assert.equal(await task.run(line.split(" ").filter(Boolean), io), 64);
    assert.equal(
      errors(),
      `error: ${message}; see \`deno task try --help\``,
    );
  }
  // A script may add what a wrapper of it has added already.
  assert.equal(await task.run(["a", "--yes", "--yes"], createTestIo().io), 0);
});

Deno.test("defineTask() prints the help with -h, and the version", async () => {
  const print = async (option: string) => {
    const { code, printed } = await runTry({ run: () => "failed" }, [option]);
    assert.equal(code, 0);
    return printed;
  };
  assert.match(await print("-h"), /^Tries the frame\.\n/);
  assert.equal(await print("-h"), await print("--help"));
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  assert.ok((await print("--version")).startsWith(`${version}, on Deno `));
});

testEach("defineTask() maps each outcome to its exit code", {
  ...{ done: 0, changes: 1, warnings: 1, declined: 1, failed: 2 },
}, async (code, outcome) => {
  const run = () => outcome as Outcome;
  assert.equal((await runTry({ run })).code, code);
});

Deno.test("defineTask() tells usage, settings, failures, crashes and interrupts apart", async () => {
  const fetchFailed = await fetch("http://127.0.0.1:1/")
    .catch((error: unknown) => error);
  const cases: [unknown, number, RegExp][] = [
    [new UsageError("Wrong"), 64, /^error: Wrong; see .*--help`$/],
    [new SettingsError("A is not set"), 64, /^error: A is not set$/],
    [new Error("Cannot do it"), 2, /^error: Cannot do it$/],
    [new Deno.errors.NotFound("no file"), 2, /^error: no file$/],
    [fetchFailed, 2, /^error: .*(?:refused|blocked)/],
    [new Interrupted("half is done"), 130, /^interrupted: half is done$/],
    [new TypeError("x is not a function"), 70, /^crash: TypeError: x is not/],
    ["text", 70, /^crash: Thrown: text/],
  ];
  for (const [thrown, code, message] of cases) {
    const result = await runThrowing(thrown);
    assert.equal(result.code, code, result.errors);
    assert.match(result.errors, message);
    assert.equal(result.printed, "");
  }
});

Deno.test("defineTask() reports a crash with a short stack", async () => {
  const { errors } = await runThrowing(new RangeError("out of range"));
  assert.match(errors, /^ {6}at .*task_test\.ts/m);
  assert.match(errors, /Please report it, with the lines above\.$/);
  assert.ok(errors.split("\n").length <= 6, errors);
});

Deno.test("defineTask() never writes control characters of an error", async () => {
  const { errors } = await runThrowing(new Error("a \x1b[2J\u202e\r b\nc"));
  assert.equal(errors, "error: a \\u{1b}[2J\\u{202e}\\u{0d} b\n  c");
});

Deno.test("defineTask() prints a JSON document for a failure, too", async () => {
  const { printed, errors } = await runThrowing(new Error("No"), ["--json"]);
  assert.deepEqual(JSON.parse(printed), { outcome: "failed", error: "No" });
  assert.equal(errors, "error: No");
  const { io, printed: document } = createTestIo();
  assert.equal(printJson(io, "changes", { steps: [1] }), "changes");
  assert.deepEqual(JSON.parse(document()), { outcome: "changes", steps: [1] });
});

Deno.test("printJson() escapes what steers a terminal, and keeps its meaning", () => {
  const { io, printed } = createTestIo();
  const name = "a\u009b31m\u202eb\nc";
  printJson(io, "done", { name });
  assert.doesNotMatch(printed(), /[\u009b\u202e]/);
  assert.deepEqual(JSON.parse(printed()), { outcome: "done", name });
});

Deno.test("defineTask() ends with 130 if anything is thrown after an interrupt", async () => {
  const controller = new AbortController();
  const { code, errors } = await runTry(
    {
      run(_, { untilInterrupted }) {
        untilInterrupted();
        controller.abort(new Interrupted("stopped before the end"));
        throw new TypeError("a child process was gone");
      },
    },
    [],
    controller.signal,
  );
  assert.equal(code, 130);
  assert.equal(errors, "interrupted: stopped before the end");
});

Deno.test("defineTask() forwards every word that is not its own", async () => {
  const { printed } = await runTry({
    options: { screenshot: flag("take a picture") },
    positionals: { placeholder: "...", help: "forwarded", isForwarded: true },
    run({ positionals, screenshot }, { print }) {
      print(JSON.stringify({ positionals, screenshot }));
      return "done";
    },
  }, ["--filter", "a b", "--screenshot", "--fail-fast=2"]);
  assert.deepEqual(JSON.parse(printed), {
    positionals: ["--filter", "a b", "--fail-fast=2"],
    screenshot: true,
  });
});

const FRAME = new URL("../../../harness/cli/task.ts", import.meta.url);

/** Runs a task in a process of its own. */
async function runProcess(run: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { defineTask, runTask } from "${FRAME}";
      await runTask(defineTask({
        name: "try",
        help: ${JSON.stringify(HELP)},
        options: {},
        run: async (_, io) => { ${run}; await new Promise(() => setTimeout(() => {}, 5_000)); },
      }));`,
    ],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

Deno.test("runTask() escapes whatever a command prints, on both outputs", async () => {
  const evil = JSON.stringify("a\x1b[2J\nok\u202e\u2028");
  const escaped = "a\\u{1b}[2J\\u{0a}ok\\u{202e}\\u{2028}\n";
  const { stdout, stderr } = await runProcess(
    `io.print(${evil}); io.error(${evil}); Deno.exit()`,
  );
  assert.deepEqual({ stdout, stderr }, { stdout: escaped, stderr: escaped });
});

Deno.test("runTask() sends no request to this machine through a proxy", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("here"),
  );
  const fetched = `console.error(await (await fetch(
    "http://localhost:${server.addr.port}/")).text()); Deno.exit(3)`;
  const proxies = [
    { HTTP_PROXY: "http://127.0.0.1:1" },
    { http_proxy: "http://127.0.0.1:1", no_proxy: "example.com" },
    { ALL_PROXY: "http://127.0.0.1:1", NO_PROXY: "example.com" },
  ];
  for (const env of proxies) {
    const ended = await runProcess(fetched, env);
    assert.deepEqual(ended, { code: 3, stdout: "", stderr: "here\n" });
  }
  await server.shutdown();
});

Deno.test("runTask() names the proxy of a request that failed", async () => {
  const { code, stderr } = await runProcess(
    'await fetch("https://example.com/")',
    { HTTPS_PROXY: "http://127.0.0.1:1", ALL_PROXY: "", NO_PROXY: "" },
  );
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: tcp connect error: .*, through the proxy in HTTPS_PROXY$/m,
  );
});

Deno.test("runTask() ends with 70 at an error that nothing catches", async (t) => {
  const cases = [
    'Promise.reject(new Error("lost"))',
    'setTimeout(() => { throw new Error("lost") })',
  ];
  for (const run of cases) {
    await t.step(run, async () => {
      const { code, stderr } = await runProcess(run);
      assert.equal(code, 70, stderr);
      assert.match(stderr, /^crash: Error: lost\n/);
    });
  }
});
