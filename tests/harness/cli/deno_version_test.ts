import assert from "node:assert/strict";
import { ROOT, sourceFiles } from "../../_source_files.ts";
import { describeOldDeno } from "../../../harness/cli/deno_version.ts";

Deno.test("describeOldDeno() names the version that is needed", () => {
  for (const version of ["1.46.3", "2.4.0", "2.8.9", "2.9.4"]) {
    assert.match(
      describeOldDeno(version) ?? "",
      new RegExp(`^This is Deno ${version}, and 2\\.9\\.5 or later is needed`),
    );
  }
  for (
    const version of ["2.9.5", "2.9.10", "2.10.0", "3.0.0", Deno.version.deno]
  ) {
    assert.equal(describeOldDeno(version), undefined);
  }
});

Deno.test("no command imports by name what an older Deno does not export", async () => {
  for (const path of await sourceFiles(["harness/", "lib/", "tasks/"])) {
    assert.doesNotMatch(
      await Deno.readTextFile(new URL(path, ROOT)),
      /^import \{[^}]*\b(?:diff|parseEnv)\b[^}]*\} from "node:util";/m,
      path,
    );
  }
});
