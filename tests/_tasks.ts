import type { Task } from "../harness/cli/task.ts";
import { createTestIo } from "./harness/_test_io.ts";
import { read, ROOT } from "./_source_files.ts";

/** A task of deno.json. */
interface TaskDefinition {
  readonly description: string;
  readonly command: string;
}

const { tasks } = JSON.parse(await read("deno.json"));

/** The tasks of deno.json by name. */
export const TASKS: Readonly<Record<string, TaskDefinition>> = tasks;

/** Returns the file that a task's command runs. */
export function fileOf({ command }: TaskDefinition): string {
  return /\btasks\/\w+\.ts\b/.exec(command)![0];
}

/** Returns the command that a task's file exports. */
export async function loadTask(name: string): Promise<Task> {
  const file = new URL(fileOf(TASKS[name]!), ROOT);
  const [task] = Object.values(await import(file.href));
  return task as Task;
}

/** Returns what `deno task <name> --help` prints. */
export async function helpOf(name: string): Promise<string> {
  const { io, printed } = createTestIo();
  await (await loadTask(name)).run(["--help"], io);
  return printed();
}
