import { projectPath } from "../../harness/util/project_path.ts";
import assert from "node:assert/strict";
import { startFunction } from "../../harness/function/function_process.ts";
import { leastPermissions } from "../../harness/function/least_permissions.ts";
import { ENV } from "./_loopback.ts";

const FORBIDDEN = projectPath("tests/main/_forbidden.ts");

// drain_test.ts shows that these permissions are enough.
Deno.test("main.ts can do nothing but what its settings need", async () => {
  const env = {
    ...ENV,
    ZITADEL_DOMAIN: "http://127.0.0.1:9997",
    HOST: "127.0.0.1",
    PORT: "0",
  };
  await using process = await startFunction({
    env,
    permissions: [...leastPermissions(env), `--preload=${FORBIDDEN}`],
  });
  const attempts = JSON.parse(
    /^ATTEMPTS (.*)$/m.exec(process.lines.join("\n"))![1]!,
  );
  assert.deepEqual(
    Object.entries(attempts).filter(([name, result]) =>
      result !== (name.startsWith("import ") ? "NotAsked" : "NotCapable")
    ),
    [],
    "the process could do what it should not",
  );
  assert.equal(Object.keys(attempts).length, 14);
  assert.equal(await process.stop(), 0, process.lines.join("\n"));
});
