import assert from "node:assert/strict";
import { tempFolder } from "../../_temp_folder.ts";
import { projectPath } from "../../../harness/util/project_path.ts";

Deno.test("runTests() fails a test that leaks a timer", async () => {
  await using folder = await tempFolder();
  const file = await folder.write(
    'Deno.test("leaks", () => void setTimeout(() => {}, 60_000));\n',
    "leak_test.ts",
  );
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", projectPath("tasks/test.ts"), file],
    stderr: "null",
  }).output();
  assert.equal(code, 2);
  assert.match(new TextDecoder().decode(stdout), /^0 passed, 1 failed$/m);
});
