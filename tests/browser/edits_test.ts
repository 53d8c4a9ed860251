import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  browserTest,
  chain,
  click,
  diagnosis,
  feedback,
  focused,
  logIn,
  putMapping,
  requestScopes,
  save,
  text,
} from "./_browser.ts";

const ACME = "390000000000000001";

browserTest(
  "inspector: edits are never lost",
  { settings: {} },
  async ({ step, stack }) => {
    const { metadata } = stack.sandbox!.world.organizations.get(ACME)!;
    const original = {
      admin: ["read:all", "write:all", "delete:all"],
      editor: ["posts:read", "posts:write"],
      viewer: ["posts:read"],
      picker: ["stock:pick"],
    };
    const stored = (key: string) => {
      const value = metadata.get(key)?.value;
      return value && new TextDecoder().decode(value);
    };
    const put = (changes: Record<string, string[] | string> = {}) =>
      putMapping(stack, ACME, { ...original, ...changes });
    /** Runs a step that edits the mapping as Bob, and puts the mapping back. */
    const editing = (
      name: string,
      work: (
        page: Page,
        field: ReturnType<Page["getByLabel"]>,
      ) => Promise<void>,
      options?: Parameters<typeof step>[2],
    ) =>
      step(name, async (page) => {
        await logIn(page, "Bob");
        await click(page, "Edit mapping");
        await work(page, page.getByLabel("Permissions of editor"));
        await put();
      }, options);

    await editing("refuses a bad name in its row", async (page) => {
      await click(page, "Add a role");
      const name = page.getByLabel("Role name");
      await name.fill("admin");
      await save(page, "Not saved. Correct the marked row first.");
      assert.match(
        await describedBy(page, "Role name"),
        /There is already a row for “admin”/,
      );
      assert.equal(await name.getAttribute("aria-invalid"), "true");
      assert.match(await focused(page), /-key$/);
      await click(page, "Undo changes");
      await feedback(page, "save", "1 change undone.");
      assert.equal(await name.count(), 0);
      assert.equal(stored("admin"), JSON.stringify(original.admin));
    });

    await editing("keeps an unreadable value", async (page, field) => {
      await put({ editor: '{"not": "a list"}' });
      await click(page, "Get a new token");
      await diagnosis(page, /JSON.*but not an array of strings/);
      await click(page, "Edit the entry");
      assert.equal(await field.inputValue(), '{"not": "a list"}');
      assert.match(await focused(page), /^row-.*editor$/);
      await save(page, /^Nothing to save\./);
      assert.equal(stored("editor"), '{"not": "a list"}');
      await field.fill('["with, a comma", 1]');
      await save(page, "Not saved. Correct the marked row first.");
      await field.fill('["with, a comma"]');
      await save(page, "Saved. Added with, a comma.");
      // Shown as a list it would read back as two names.
      assert.equal(await field.inputValue(), '["with, a comma"]');
    });

    await editing("marks, undoes and restores", async (page, field) => {
      await field.fill("posts:read, new:one");
      assert.equal(
        await describedBy(page, "Permissions of editor"),
        "Not saved yet.",
      );
      await click(page, "Remove editor");
      await feedback(page, "save", "1 unsaved change: editor.");
      assert.match(await focused(page), /-remove$/);
      await click(page, "Restore editor");
      await click(page, "Undo changes");
      assert.equal(
        (await chain(page))[0]?.split(" | ")[1],
        "posts:read, posts:write",
      );
    });

    await editing("asks before it discards edits", async (page, field) => {
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

    await editing("keeps edits through logins", async (page, field) => {
      await field.fill("draft:only");
      await click(page, "Get a new token");
      await feedback(page, "renew", "The permissions are the same.");
      assert.equal(await field.inputValue(), "draft:only");
      await requestScopes(page, "openid");
      await feedback(page, "renew", "Logged in.");
      assert.equal(
        await text(page, "#scopes-summary"),
        "Requested scopes: openid change",
      );
      assert.equal(await field.inputValue(), "draft:only");
      assert.equal(await page.evaluate("sessionStorage.length"), 0);
      await page.route("**/oauth/v2/token", (route) => route.abort());
      await click(page, "Log in again");
      await feedback(page, "start", /^The login failed\./);
      await page.unroute("**/oauth/v2/token");
      await logIn(page, "Bob");
      assert.equal(await field.inputValue(), "draft:only");
    }, { allow: /Failed to load resource/ });

    await editing("notices a change elsewhere", async (page, field) => {
      await field.fill("posts:read, mine:too");
      await put({ editor: ["theirs:only"], helper: ["x"] });
      await save(
        page,
        /^Not saved, because the mapping was changed elsewhere: editor is now \["theirs:only"\]/,
      );
      assert.equal(stored("editor"), '["theirs:only"]');
      assert.equal(await field.inputValue(), "posts:read, mine:too");
      assert.match(
        await describedBy(page, "Permissions of editor"),
        /changed elsewhere\)\. Saving replaces that\./,
      );
      await save(page, /^Saved\./);
      assert.equal(stored("editor"), '["posts:read","mine:too"]');
      assert.equal(stored("helper"), '["x"]', "the other's entry is lost");
    });

    await step("keeps text and scroll when redrawn", async (page) => {
      await logIn(page, "Alice");
      const question = page.getByLabel("Why is this permission missing?");
      await question.fill("stock:pick");
      await page.locator("#scopes-summary").click();
      const scopes = page.getByLabel("Scopes to request");
      await scopes.fill("openid typed");
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
      assert.equal(await scopes.inputValue(), "openid typed");
      assert.equal(await question.inputValue(), "stock:pick");
      await diagnosis(page, "This login did not request Warehouse’s roles");
    });

    await step("keeps focus and result in view", async (page) => {
      const roles = Array.from(
        { length: 40 },
        (_, i) => [`role-${i}`, ["x"]],
      );
      await put(Object.fromEntries(roles));
      await page.setViewportSize({ width: 1000, height: 500 });
      await logIn(page, "Bob");
      await click(page, "Edit mapping");
      await page.getByText("43 more entries").click();
      const field = (name: string) =>
        page.getByLabel(`Permissions of ${name}`, { exact: true });
      await field("role-3").fill("y");
      const before = await focused(page);
      await page.keyboard.press("Enter");
      await feedback(page, "save", /^Saved\./);
      assert.equal(await focused(page), before);
      const [top, bottom, height] = await page.evaluate<number[]>(
        `(({ top, bottom }) => [top, bottom, innerHeight])(
          document.getElementById("save-feedback").getBoundingClientRect())`,
      );
      assert.ok(top! >= 0 && bottom! <= height!);
      await field("role-7").fill("z");
      await page.locator("#others-summary").click();
      assert.equal(
        await text(page, "#save-feedback"),
        "1 unsaved change: role-7.",
      );
    });
  },
);

/** What assistive technology reads with a field. */
async function describedBy(page: Page, label: string): Promise<string> {
  const id = await page.getByLabel(label).getAttribute("aria-describedby");
  return await page.locator(`[id="${id}"]`).innerText();
}
