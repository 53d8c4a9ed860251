import type { Task } from "../../harness/cli/task.ts";
import { createTestIo } from "../harness/_test_io.ts";
import { loadTask } from "../_tasks.ts";

/** What a command wrote, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a task in this process, with no terminal. */
export async function run(
  task: Task | string,
  args: readonly string[],
  options: Parameters<typeof createTestIo>[0] = {},
): Promise<Ended> {
  const { io, printed, errors } = createTestIo(options);
  const loaded = typeof task === "string" ? await loadTask(task) : task;
  const code = await loaded.run(args, io);
  return { code, stdout: printed(), stderr: errors() };
}

/** Runs a task as `deno task` does: with its permissions, and with no terminal. */
export async function spawn(
  task: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", task, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const [out, errors] = [stdout, stderr].map((it) =>
    new TextDecoder().decode(it)
  );
  return { code, stdout: out!, stderr: errors! };
}
