import assert from "node:assert/strict";
import { missingBrowser } from "../../../harness/test/browser.ts";

Deno.test("missingBrowser() returns how to install a missing browser", async () => {
  assert.equal(await missingBrowser(Deno.execPath()), undefined);
  assert.equal(
    await missingBrowser("/nowhere/chromium"),
    "There is no /nowhere/chromium. Get it by: apt-get install chromium",
  );
});
