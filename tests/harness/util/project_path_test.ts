import assert from "node:assert/strict";
import { projectPath } from "../../../harness/util/project_path.ts";

Deno.test("projectPath() returns the path of a file of this project", async () => {
  const { name } = JSON.parse(
    await Deno.readTextFile(projectPath("deno.json")),
  );
  assert.ok(name);
  assert.ok((await Deno.stat(projectPath(""))).isDirectory);
});
