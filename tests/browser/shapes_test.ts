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
    await step(
      "shows the chain, the claim and the API's answers, which agree",
      async (page) => {
        await logIn(page, "Alice");
        await click(page, "Log in again and request Warehouse’s roles");
        await page.getByText("Together they grant 7 permissions.").waitFor();
        assert.deepEqual(await chain(page), [
          "admin Storefront | read:all, write:all, delete:all | read:all, write:all, delete:all",
          "viewer Storefront | posts:read | posts:read",
          "picker Warehouse | stock:pick | stock:pick",
          "admin Warehouse | stock:read, stock:count | stock:read, stock:count",
        ]);
        await page.locator("#Access-token-summary").click();
        assert.match(
          await text(page, "#Access-token"),
          /rights ["{]?.*read:all/,
        );
        assert.match(
          await verdict(page),
          /^Accepted .*posts:read ✓ 200 allowed.*delete:all ✓ 200 allowed/,
        );
        await ask(page, "read:all", "“read:all” is in this token");
        // A permission of another project does not count, if the shape tells.
        await ask(
          page,
          "stock:pick",
          shape === "string"
            ? "“stock:pick” is in this token"
            : "“stock:pick” is in this token for Warehouse",
        );
      },
    );

    await step("tells what another organization gave", async (page) => {
      await logIn(page, "Carol");
      const isForeign = shape === "by_organization";
      assert.match(
        await verdict(page),
        isForeign ? /posts:read ✕ 403/ : /posts:read ✓ 200/,
      );
      const said = await ask(
        page,
        "posts:read",
        "“posts:read” is in this token",
      );
      assert.equal(/given by Globex.*answers 403/.test(said), isForeign);
    });
  });
}
