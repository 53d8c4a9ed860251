import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  browserTest,
  chain,
  click,
  diagnosis,
  edit,
  feedback,
  focused,
  logIn,
  save,
  text,
} from "./_browser.ts";

const ACME = "390000000000000001";

browserTest(
  "inspector: edits are never lost",
  { settings: {} },
  async ({ step, stack }) => {
    const sandbox = stack.sandbox!;
    const mapping = `${sandbox.origin}/_sandbox/organizations/${ACME}/metadata`;
    const stored = async () => await (await fetch(mapping)).json();
    const original = await stored();
    const reset = () =>
      fetch(mapping, { method: "PUT", body: JSON.stringify(original) })
        .then((it) => it.body?.cancel());
    const change = (changes: Record<string, string[] | string>) =>
      fetch(mapping, {
        method: "PUT",
        body: JSON.stringify({ ...original, ...changes }),
      }).then((it) => it.body?.cancel());

    await step("refuses a bad name in its row", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      await click(page, "Add a role");
      const field = page.getByLabel("Role name");
      await field.fill("admin");
      await save(page, "Not saved. Correct the marked row first.");
      assert.match(
        await describedBy(page, "Role name"),
        /There is already a row for “admin”/,
      );
      assert.equal(await field.getAttribute("aria-invalid"), "true");
      assert.match(await focused(page), /-key$/);
      assert.deepEqual(await stored(), original);
      await click(page, "Undo changes");
      assert.equal(await field.count(), 0);
    });

    await step("accepts a name of 200 characters", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      await click(page, "Add a role");
      await page.getByLabel("Role name").fill("é".repeat(200));
      await save(page, "Saved.");
      assert.deepEqual((await stored())["é".repeat(200)], []);
      await reset();
    });

    await step("reads a pasted JSON array as a list", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      const field = page.getByLabel("Permissions of editor");
      await field.fill('["posts:read", "with, a comma"]');
      await save(page, "Saved.");
      assert.deepEqual((await stored()).editor, [
        "posts:read",
        "with, a comma",
      ]);
      // Shown as a list it would read back as three names.
      assert.equal(await field.inputValue(), '["posts:read","with, a comma"]');
      await field.fill('["posts:read", 1]');
      await save(page, "Not saved. Correct the marked row first.");
      assert.match(
        await describedBy(page, "Permissions of editor"),
        /not an array of strings/,
      );
      assert.match(await focused(page), /^row-/);
      await reset();
    });

    await step("keeps an unreadable value until it is edited", async (page) => {
      await change({ editor: '{"not": "a list"}' });
      await logIn(page, "Bob");
      await diagnosis(page, /JSON.*but not an array of strings/);
      await click(page, "Edit the entry");
      const field = page.getByLabel("Permissions of editor");
      assert.equal(await field.inputValue(), '{"not": "a list"}');
      assert.match(await focused(page), /^row-.*editor$/);
      await save(page, /^Nothing to save\./);
      assert.equal((await stored()).editor, '{"not": "a list"}');
      await field.fill("posts:read");
      await save(page, "Saved. Added posts:read.");
      await reset();
    });

    await step("marks what is not saved, and undoes it", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      await page.getByLabel("Permissions of editor").fill(
        "posts:read, new:one",
      );
      assert.equal(
        await describedBy(page, "Permissions of editor"),
        "Not saved yet.",
      );
      await feedback(page, "save", "1 unsaved change: editor.");
      await click(page, "Undo changes");
      await feedback(page, "save", "1 change undone.");
      assert.equal(
        (await chain(page))[0]?.split(" | ")[1],
        "posts:read, posts:write",
      );
      assert.deepEqual(await stored(), original);
    });

    await step("restores a removed row", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      await click(page, "Remove editor");
      await feedback(page, "save", "1 unsaved change: editor.");
      assert.match(await focused(page), /-remove$/);
      await click(page, "Restore editor");
      assert.equal(await text(page, "#save-feedback"), "");
    });

    await step("asks before it discards edits", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      const field = page.getByLabel("Permissions of editor");
      await field.fill("draft:only");
      page.once("dialog", async (dialog) => {
        assert.match(dialog.message(), /discards 1 unsaved change/);
        await dialog.dismiss();
      });
      await click(page, "Switch user");
      assert.equal(await field.inputValue(), "draft:only");
      page.once("dialog", (dialog) => dialog.accept());
      await click(page, "Switch user");
      await page.getByRole("heading", { name: "Log in as" }).waitFor();
    });

    await step(
      "keeps edits through a new token and a new login",
      async (page) => {
        await logIn(page, "Alice");
        await edit(page);
        const field = page.getByLabel("Permissions of viewer");
        await field.fill("draft:only");
        await click(page, "Get a new token");
        await feedback(page, "renew", "The permissions are the same.");
        assert.equal(await field.inputValue(), "draft:only");
        await click(page, "Log in again and request Warehouse’s roles");
        await page.getByText("4 roles in Storefront and Warehouse").waitFor();
        assert.equal(await field.inputValue(), "draft:only");
        assert.equal(await page.evaluate("sessionStorage.length"), 0);
      },
    );

    await step("keeps edits through a login that failed", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      const field = page.getByLabel("Permissions of editor");
      await field.fill("draft:only");
      await page.route("**/oauth/v2/token", (route) => route.abort());
      await page.locator("#scopes-summary").click();
      await click(page, "Log in again with these scopes");
      await feedback(page, "start", /^The login failed\./);
      await page.unroute("**/oauth/v2/token");
      await logIn(page, "Bob");
      assert.equal(await field.inputValue(), "draft:only");
    }, { allow: /Failed to load resource/ });

    await step("notices a mapping that was changed elsewhere", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      const field = page.getByLabel("Permissions of editor");
      await field.fill("posts:read, mine:too");
      await change({ editor: ["theirs:only"], helper: ["x"] });
      await save(
        page,
        /^Not saved, because the mapping was changed elsewhere: editor is now \["theirs:only"\]/,
      );
      assert.deepEqual((await stored()).editor, ["theirs:only"]);
      assert.equal(await field.inputValue(), "posts:read, mine:too");
      assert.match(
        await describedBy(page, "Permissions of editor"),
        /changed elsewhere\)\. Saving replaces that\./,
      );
      await save(page, /^Saved\./);
      assert.deepEqual((await stored()).editor, ["posts:read", "mine:too"]);
      assert.deepEqual(
        (await stored()).helper,
        ["x"],
        "the other's entry is lost",
      );
      await reset();
    });

    await step(
      "takes over what was changed elsewhere, if it was not edited",
      async (page) => {
        await logIn(page, "Bob");
        await edit(page);
        await change({ editor: ["theirs:only"] });
        await click(page, "Get a new token");
        await feedback(page, "renew", /^Added theirs:only\./);
        assert.deepEqual(await chain(page), [
          "editor Storefront | theirs:only | theirs:only new",
        ]);
        await reset();
      },
    );

    await step(
      "keeps the focus when Enter saves, also in a collapsed row",
      async (page) => {
        await logIn(page, "Bob");
        await edit(page);
        await page.getByText("4 more entries").click();
        const field = page.getByLabel("Permissions of picker");
        await field.fill("stock:pick, stock:see");
        const before = await focused(page);
        await page.keyboard.press("Enter");
        await feedback(page, "save", /^Saved\./);
        assert.equal(await focused(page), before);
        assert.ok(await field.isVisible());
        await reset();
      },
    );

    await step(
      "keeps a role that is named like an object's member",
      async (page) => {
        await logIn(page, "Bob");
        await edit(page);
        await click(page, "Add a role");
        await page.getByLabel("Role name").fill("__proto__");
        await page.getByLabel("Permissions of __proto__").fill("a");
        await save(page, /^Saved\./);
        await click(page, "Get a new token");
        await feedback(page, "renew", "The permissions are the same.");
        assert.equal(
          await page.getByLabel("Permissions of __proto__").inputValue(),
          "a",
        );
        await page.getByText("5 more entries").click();
        await click(page, "Remove __proto__");
        await save(page, /^Saved\./);
      },
    );

    await step(
      "keeps what was typed, and where one looks, when it is drawn again",
      async (page) => {
        await logIn(page, "Alice");
        await page.getByLabel("Why is this permission missing?").fill(
          "stock:pick",
        );
        await page.locator("#scopes-summary").click();
        await page.getByLabel("Scopes to request").fill("openid typed");
        await page.setViewportSize({ width: 800, height: 400 });
        await page.evaluate("scrollTo(0, 300)");
        const place = () =>
          page.evaluate<number>(
            "document.querySelector('.chain').getBoundingClientRect().top",
          );
        const before = await place();
        await page.evaluate("document.getElementById('renew').click()");
        await feedback(page, "renew", "The permissions are the same.");
        assert.ok(Math.abs(await place() - before) < 40);
        assert.equal(
          await page.getByLabel("Scopes to request").inputValue(),
          "openid typed",
        );
        const question = page.getByLabel("Why is this permission missing?");
        assert.equal(await question.inputValue(), "stock:pick");
        await diagnosis(page, "This login did not request Warehouse’s roles");
      },
    );

    await step(
      "keeps the bar with the result in view, and names what is unsaved",
      async (page) => {
        const roles = Array.from(
          { length: 40 },
          (_, i) => [`role-${i}`, ["x"]],
        );
        await change(Object.fromEntries(roles));
        await page.setViewportSize({ width: 1000, height: 500 });
        await logIn(page, "Bob");
        await edit(page);
        await page.getByText("44 more entries").click();
        await page.getByLabel("Permissions of role-3", { exact: true }).fill(
          "y",
        );
        await page.keyboard.press("Enter");
        await feedback(page, "save", /^Saved\./);
        const bar = page.locator("#save-feedback");
        assert.ok(await isInView(page, "#save-feedback"));
        await page.getByLabel("Permissions of role-7", { exact: true }).fill(
          "z",
        );
        await page.locator("#others-summary").click();
        assert.equal(await bar.innerText(), "1 unsaved change: role-7.");
        await click(page, "Undo changes");
        await reset();
      },
    );
  },
);

/** What assistive technology reads with a field. */
async function describedBy(page: Page, label: string): Promise<string> {
  const id = await page.getByLabel(label).getAttribute("aria-describedby");
  return await page.locator(`[id="${id}"]`).innerText();
}

/** Whether an element is within the window, without scrolling to it. */
function isInView(page: Page, selector: string): Promise<boolean> {
  return page.evaluate<boolean>(
    `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(
      document.querySelector("${selector}").getBoundingClientRect())`,
  );
}
