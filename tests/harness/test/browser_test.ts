import assert from "node:assert/strict";
import { missingBrowser } from "../../../harness/test/browser.ts";

Deno.test("missingBrowser() says how to get one where there is none", async () => {
  assert.equal(await missingBrowser(Deno.execPath()), undefined);
  assert.equal(
    await missingBrowser("/nowhere/chromium"),
    "There is no /nowhere/chromium. Get it by: apt-get install chromium",
  );
});
