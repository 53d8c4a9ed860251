import assert from "node:assert/strict";
import {
  browserTest,
  click,
  diagnosis,
  feedback,
  focused,
  logIn,
  putMapping,
  text,
  verdict,
} from "./_browser.ts";

browserTest(
  "inspector: one cause, and what fixes it",
  { settings: {} },
  async ({ step, stack }) => {
    const { sandbox, endpoint } = stack;
    const { executions, targets } = sandbox!.world;
    const [target] = targets.values();
    const { signingKey } = target!;
    const breakKey = () => target!.signingKey = "another-key-than-it-has";

    await step("says that a user has no roles", async (page) => {
      await logIn(page, "Nora");
      await diagnosis(page, "Nora has no roles");
      assert.match(await verdict(page), /^Refused\. It has no “permissions”/);
      await page.getByText("5 more entries").waitFor();
    });

    await step("tells a target that is not bound", async (page) => {
      const bound = [...executions];
      executions.clear();
      await logIn(page, "Bob");
      await diagnosis(page, "No target is bound to preaccesstoken");
      await page.getByRole("button", { name: "Copy “deno task setup”" })
        .waitFor();
      for (const [key, value] of bound) executions.set(key, value);
    });

    await step("tells what failed, and what to do", async (page) => {
      breakKey();
      await logIn(page, "Alice");
      await diagnosis(
        page,
        `The function at ${endpoint} answered 401 invalid_signature`,
      );
      target!.signingKey = signingKey;
      // What has the focus now must not do another thing.
      await page.getByRole("button", { name: "Try again" }).press("Enter");
      await diagnosis(page, "Alice has picker and admin in Warehouse");
      assert.equal(await focused(page), "who");
      await page.keyboard.press("Enter");
      assert.match(
        await text(page, "#scopes-summary"),
        /offline_access change$/,
      );
    });

    await step("tells a failure by its reason in the log", async (page) => {
      const members = sandbox!.world.members.splice(0);
      await putMapping(stack, "390000000000000001", { editor: ["posts:read"] });
      await logIn(page, "Bob");
      await diagnosis(
        page,
        /answered 502 upstream_failed \(missing_permission\)/,
      );
      assert.match(await text(page, "#diagnosis"), /ORG_OWNER_VIEWER/);
      sandbox!.world.members.push(...members);
      await click(page, "Try again");
      await feedback(page, "renew", "Added posts:read.");
    });

    await step("says why a login failed: the function did", async (page) => {
      target!.interruptOnError = true;
      breakKey();
      await page.getByRole("button", { name: "Bob" }).click();
      await feedback(
        page,
        "start",
        `The login failed. The function at ${endpoint} answered 401 invalid_signature`,
      );
      assert.match(
        await text(page, "#start-feedback"),
        /interruptOnError.*issued no token/,
      );
      target!.signingKey = signingKey;
      await logIn(page, "Bob");
      await page.locator("#binding-summary").click();
      assert.match(
        await text(page, "#binding"),
        /preaccesstoken asks .* at http.*no token is issued \(interruptOnError on\)/,
      );
      target!.interruptOnError = false;
    }, { allow: /Failed to load resource/ });
  },
);
