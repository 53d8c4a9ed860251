import assert from "node:assert/strict";
import { projectPath } from "../../../harness/util/project_path.ts";

Deno.test("runTests() fails a test that leaks a timer", async () => {
  const file = await Deno.makeTempFile({ suffix: "_test.ts" });
  try {
    await Deno.writeTextFile(
      file,
      'Deno.test("leaks", () => void setTimeout(() => {}, 60_000));\n',
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", projectPath("tasks/test.ts"), file],
      stderr: "null",
    }).output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stdout), /^0 passed, 1 failed$/m);
  } finally {
    await Deno.remove(file);
  }
});
