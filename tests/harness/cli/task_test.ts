import assert from "node:assert/strict";
import {
  Interrupted,
  SettingsError,
  UsageError,
} from "../../../harness/cli/errors.ts";
import { printJson } from "../../../harness/cli/io.ts";
import {
  ENV_FILE_OPTION,
  JSON_OPTION,
  list,
  option,
  type Options,
  toggle,
  YES_OPTION,
} from "../../../harness/cli/options.ts";
import {
  listOf,
  numberFrom,
  oneOf,
  parseFile,
  parseSeconds,
  parseTime,
  parseUrl,
} from "../../../harness/cli/parse.ts";
import { defineTask, type TaskDefinition } from "../../../harness/cli/task.ts";
import type { Outcome } from "../../../harness/cli/exit.ts";
import { testEach } from "../../_test_each.ts";
import { serve } from "../_serve.ts";
import { createTestIo } from "../_test_io.ts";

const HELP = {
  summary: "Tries the frame.",
  examples: [["deno task try"]],
  exit: { done: "done", failed: "not done" },
} as const;

/** Runs a task, which is done without a definition, and returns its exit code and what it wrote. */
async function runTry<const O extends Options>(
  definition: Partial<TaskDefinition<O>>,
  args: readonly string[] = [],
  signal = new AbortController().signal,
) {
  const task = defineTask<O>({
    name: "try",
    help: HELP,
    options: {} as O,
    run: () => "done",
    ...definition,
  });
  const { io, printed, errors } = createTestIo({ signal });
  const code = await task.run(args, io);
  return { code, printed: printed(), errors: errors() };
}

const runThrowing = (thrown: unknown, args: string[] = []) =>
  runTry({
    options: { json: JSON_OPTION },
    run: () => {
      throw thrown;
    },
  }, args);

const OPTIONS = {
  "env-file": ENV_FILE_OPTION,
  org: list("ID", "organizations"),
  minutes: option("N", "how long", { default: "2", parse: numberFrom(1, 5) }),
  ratio: option("N", "of it", numberFrom(0.1, 5, { isWhole: false })),
  wait: option("TIME", "how long", parseSeconds),
  unit: option("UNIT", "of it", oneOf(["days", "hours"])),
  units: option("UNITS", "of it", listOf(["days", "hours"])),
  file: option("FILE", "where", parseFile),
  url: option("URL", "where", parseUrl),
  at: option("TIME", "when", parseTime),
  guard: toggle("guard"),
  yes: YES_OPTION,
};
const DEFAULTS = {
  envFile: ".env",
  org: [],
  minutes: 2,
  yes: false,
  positionals: ["a"],
};

/** Runs a task with a command line, and returns how it ended and the values that are given. */
async function runLine(line: string) {
  let values: unknown;
  const ended = await runTry({
    options: OPTIONS,
    positionals: { placeholder: "FILE", help: "a file", min: 1, max: 1 },
    run(given) {
      // Without those that are undefined.
      values = JSON.parse(JSON.stringify(given));
      return "done";
    },
  }, line.split(" ").filter(Boolean));
  return { ...ended, values };
}

testEach<object>("defineTask() turns options into typed values", {
  "a": {},
  "--org 1 --org=2 a": { org: ["1", "2"] },
  "a --minutes 5 --ratio 1.5": { minutes: 5, ratio: 1.5 },
  "a --yes --no-guard": { yes: true, guard: false },
  // A script may add what a wrapper of it has added already.
  "a --yes --yes --guard": { yes: true, guard: true },
  "a --wait 10": { wait: 10 },
  "a --wait 1m": { wait: 60 },
  "a --wait 1m30s": { wait: 90 },
  "a --unit days --units hours,days": {
    unit: "days",
    units: ["hours", "days"],
  },
  "a --url https://a.example": { url: "https://a.example/" },
  "a --at 2026-11-29": { at: "2026-11-29T00:00:00.000Z" },
  "a --env-file deno.json": { envFile: "deno.json" },
}, async (expected, line) => {
  const { code, values, errors } = await runLine(line);
  assert.equal(code, 0, errors);
  assert.deepEqual(values, { ...DEFAULTS, ...expected });
});

const MINUTES = "expected a whole number from 1 to 5";
const TIME = "expected a time such as 10s";
const A_URL = "expected a URL such as https://my-function.example.com/";

testEach("defineTask() points wrong usage to --help in one line, with 64", {
  "--minute 1": "Unknown option '--minute' (did you mean --minutes?)",
  "--nonsense": "Unknown option '--nonsense'",
  "a minutes": "Unexpected argument 'minutes' (did you mean --minutes?)",
  "--minutes 1 --minutes 1 a": "--minutes is given a second time",
  "--guard --no-guard a": "--no-guard is given a second time",
  "--minutes= a": "--minutes has no value",
  "--unit dyas a": "--unit dyas: expected days, hours (did you mean days?)",
  "--unit x a": "--unit x: expected days, hours",
  "--units days,x a": "--units x: expected days, hours",
  "--file none/a.json a": `--file: there is no file ${Deno.cwd()}/none/a.json`,
  "--file / a": "--file /: expected a file, and this is a folder",
  "--minutes": "Option '--minutes <value>' argument missing",
  "--minutes 6 a": `--minutes 6: ${MINUTES}`,
  "--minutes 0 a": `--minutes 0: ${MINUTES}`,
  "--minutes 1.5 a": `--minutes 1.5: ${MINUTES}`,
  "--minutes x a": `--minutes x: ${MINUTES}`,
  "--wait 0 a": `--wait 0: ${TIME}`,
  "--wait 1h a": `--wait 1h: ${TIME}`,
  "--url a.example a": `--url a.example: ${A_URL}`,
  "--url ftp://a.example a": `--url ftp://a.example: ${A_URL}`,
  "--at 10:00 a":
    "--at 10:00: expected a time such as 2026-11-29T10:00:00Z, or 2026-11-29",
  "a b": "Unexpected argument 'b'",
  "": "Missing FILE",
  "\x1b[31m b\x1b[31m": "Unexpected argument 'b\\u{1b}[31m'",
}, async (message, line) => {
  const { code, errors } = await runLine(line);
  assert.equal(code, 64);
  assert.equal(errors, `error: ${message}; see \`deno task try --help\``);
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
  done: 0,
  changes: 1,
  warnings: 1,
  declined: 1,
  failed: 2,
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

Deno.test("defineTask() reports a crash with a short stack, and escapes what an error says", async () => {
  const { errors } = await runThrowing(new RangeError("out of range"));
  assert.match(errors, /^ {6}at .*task_test\.ts/m);
  assert.match(errors, /Please report it, with the lines above\.$/);
  assert.ok(errors.split("\n").length <= 6, errors);
  const evil = await runThrowing(new Error("a \x1b[2J\u202e\r b\nc"));
  assert.equal(evil.errors, "error: a \\u{1b}[2J\\u{202e}\\u{0d} b\n  c");
});

Deno.test("defineTask() prints a JSON document, for a failure too, that cannot steer a terminal", async () => {
  const failed = await runThrowing(new Error("No"), ["--json"]);
  assert.deepEqual(JSON.parse(failed.printed), {
    outcome: "failed",
    error: "No",
  });
  assert.equal(failed.errors, "error: No");
  const name = "a\u009b31m\u202eb\nc";
  const { code, printed } = await runTry({
    run: (_, io) => printJson(io, "changes", { name }),
  });
  assert.equal(code, 1);
  assert.doesNotMatch(printed, /[\u009b\u202e]/);
  assert.deepEqual(JSON.parse(printed), { outcome: "changes", name });
});

Deno.test("defineTask() ends with 130 if anything is thrown after an interrupt", async () => {
  const controller = new AbortController();
  const run: TaskDefinition<Options>["run"] = (_, { untilInterrupted }) => {
    untilInterrupted();
    controller.abort(new Interrupted("stopped before the end"));
    throw new TypeError("a child process was gone");
  };
  const { code, errors } = await runTry({ run }, [], controller.signal);
  assert.equal(code, 130);
  assert.equal(errors, "interrupted: stopped before the end");
});

Deno.test("defineTask() forwards every word that is not its own", async () => {
  const { printed } = await runTry({
    options: { yes: YES_OPTION },
    positionals: { placeholder: "...", help: "forwarded", isForwarded: true },
    run({ positionals, yes }, { print }) {
      print(JSON.stringify({ positionals, yes }));
      return "done";
    },
  }, ["--filter", "a b", "--yes", "--fail-fast=2"]);
  assert.deepEqual(JSON.parse(printed), {
    positionals: ["--filter", "a b", "--fail-fast=2"],
    yes: true,
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
  const [out, errors] = [stdout, stderr].map((it) =>
    new TextDecoder().decode(it)
  );
  return { code, stdout: out!, stderr: errors! };
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
  await using server = serve(() => new Response("here"));
  const ended = await runProcess(
    `io.error(await (await fetch("${server.origin}")).text()); Deno.exit(3)`,
    { ALL_PROXY: "http://127.0.0.1:1", NO_PROXY: "example.com" },
  );
  assert.deepEqual(ended, { code: 3, stdout: "", stderr: "here\n" });
});

Deno.test("runTask() names the proxy of a request that failed", async () => {
  const { code, stderr } = await runProcess(
    'await fetch("https://example.com/")',
    { HTTPS_PROXY: "http://127.0.0.1:1", ALL_PROXY: "", NO_PROXY: "" },
  );
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: tcp connect error: .*, and HTTPS_PROXY is set$/m,
  );
});

testEach("runTask() ends with 70 at an error that nothing catches", {
  "a promise": 'Promise.reject(new Error("lost"))',
  "a timer": 'setTimeout(() => { throw new Error("lost") })',
}, async (run) => {
  const { code, stderr } = await runProcess(run);
  assert.equal(code, 70, stderr);
  assert.match(stderr, /^crash: Error: lost\n/);
});
