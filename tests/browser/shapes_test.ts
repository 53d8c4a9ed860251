import assert from "node:assert/strict";
import {
  ask,
  browserTest,
  chain,
  click,
  logIn,
  text,
  verdict,
} from "./_browser.ts";

for (const shape of ["string", "by_project", "by_organization"]) {
  browserTest(`inspector: PERMISSIONS_SHAPE=${shape}`, {
    settings: { PERMISSIONS_SHAPE: shape, PERMISSIONS_CLAIM: "rights" },
  }, async ({ step }) => {
    await step("agrees with the example API", async (page) => {
      await logIn(page, "Alice");
      await click(page, "Log in again and request Warehouse’s roles");
      await page.getByText("Together they grant 7 permissions.").waitFor();
      assert.equal(
        (await chain(page)).at(-1),
        "admin Warehouse | stock:read, stock:count | stock:read, stock:count",
      );
      await page.locator("#Access-token-summary").click();
      assert.match(
        await text(page, "#Access-token"),
        /rights ["{]?.*read:all/,
      );
      assert.match(
        await verdict(page),
        /^Accepted .*posts:read ✓ 200 allowed.*delete:all ✓ 200 allowed/,
      );
      // A permission of another project does not count, if the shape tells.
      const title = "“stock:pick” is in this token";
      const said = await ask(page, "stock:pick", title);
      assert.equal(
        / for Warehouse .*answers 403/.test(said),
        shape !== "string",
      );
      await click(page, "Switch user");
      await logIn(page, "Carol");
      const isForeign = shape === "by_organization";
      assert.match(
        await verdict(page),
        isForeign ? /posts:read ✕ 403/ : /posts:read ✓ 200/,
      );
    });
  });
}
