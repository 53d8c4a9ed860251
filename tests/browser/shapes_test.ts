import assert from "node:assert/strict";
import { browserTest, chain, click, logIn, text } from "./_browser.ts";

const WAREHOUSE_ROWS = [
  "picker Warehouse | stock:pick | stock:pick",
  "admin Warehouse | stock:read, stock:count | stock:read, stock:count",
];

for (const shape of ["string", "by_project", "by_organization"]) {
  browserTest(`inspector: PERMISSIONS_SHAPE=${shape}`, {
    settings: { PERMISSIONS_SHAPE: shape, PERMISSIONS_CLAIM: "rights" },
  }, async ({ step }) => {
    await step(
      "shows the chain, the claim and the API's answers",
      async (page) => {
        await logIn(page, "Alice");
        await click(page, "Log in again and request Warehouse’s roles");
        await page.getByText("Together they grant 7 permissions.").waitFor();
        assert.deepEqual(await chain(page), [
          "admin Storefront | read:all, write:all, delete:all | read:all, write:all, delete:all",
          "viewer Storefront | posts:read | posts:read",
          ...WAREHOUSE_ROWS,
        ]);
        assert.match(await text(page, "#tab-panel"), /rights ["{]?.*read:all/);
        assert.match(
          await text(page, ".try"),
          /posts:read ✓ 200 allowed.*delete:all ✓ 200 allowed/,
        );
        assert.match(await text(page, ".code"), /const claim = "rights"/);
        // A permission of another project does not count, if the shape tells.
        await page.getByLabel("Try a permission").fill("stock:pick");
        assert.match(
          await text(page, "#try-result"),
          shape === "string" ? /^✓/ : /^✕/,
        );
      },
    );
  });
}
