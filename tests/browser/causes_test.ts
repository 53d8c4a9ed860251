import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  browserTest,
  chain,
  click,
  feedback,
  focused,
  logIn,
  save,
  temporaryWorld,
  text,
} from "./_browser.ts";

const world = temporaryWorld(({ organizations: [acme, globex] }) => {
  globex!.metadata = {};
  acme!.metadata.broken = "[1]";
  acme!.users.find(({ userName }) => userName === "nora")!.grants = [
    { project: "Storefront", roles: ["viewer"], active: false },
  ];
  acme!.users.push({ userName: "rita" });
});
addEventListener("unload", () => Deno.removeSync(world));

browserTest(
  "inspector: one cause, and what fixes it",
  { settings: {} },
  async ({ step, stack }) => {
    await step("requests the roles that the login left out", async (page) => {
      await logIn(page, "Alice");
      await page.getByText(
        "Alice has picker and admin in Warehouse. This login did not request them, and Warehouse does not assert roles.",
      ).waitFor();
      await click(page, "Log in again and request Warehouse’s roles");
      await page.getByText("4 roles in Storefront and Warehouse").waitFor();
      assert.deepEqual(await chain(page), [
        "admin Storefront | read:all, write:all, delete:all | read:all, write:all, delete:all",
        "viewer Storefront | posts:read | posts:read",
        "picker Warehouse | stock:pick | stock:pick",
        "admin Warehouse | stock:read, stock:count | stock:read, stock:count",
      ]);
      assert.match(await text(page, "#scopes-summary"), /projects:roles/);
    });

    await step(
      "does so for an application whose project asserts nothing",
      async (page) => {
        await page.getByLabel("Application").selectOption("390000000000000028");
        await logIn(page, "Alice");
        assert.match(
          await text(page, "#diagnosis h3"),
          /^Alice has .*picker and admin in Warehouse$/,
        );
      },
    );

    await step("says that a user has no roles", async (page) => {
      await logIn(page, "Nora");
      assert.equal(await text(page, "#diagnosis h3"), "Nora has no roles");
      assert.match(
        await text(page, ".chain header"),
        /Nora has no roles in this token/,
      );
      await page.getByText("5 more entries").waitFor();
    });

    await step(
      "shows where the permissions of an opaque token are",
      async (page) => {
        await page.getByLabel("Application").selectOption({
          label: "Web shop (opaque tokens)",
        });
        await logIn(page, "Alice");
        assert.match(
          await text(page, "#diagnosis"),
          /opaque access tokens.*introspection.*userinfo/,
        );
        assert.match(
          await text(page, ".chain thead"),
          /Permission, in userinfo/,
        );
        assert.equal((await chain(page)).length, 2);
        assert.match((await chain(page))[1]!, /\| posts:read$/);
        await click(page, "Log in to Web shop instead");
        await page.getByText("logged in to Web shop").waitFor();
        assert.equal(await page.locator("#diagnosis").count(), 0);
      },
    );

    await step("changes the requested scopes", async (page) => {
      await logIn(page, "Alice");
      await page.locator("#scopes-summary").click();
      await page.getByLabel("Scopes to request").fill("openid");
      await click(page, "Log in again with these scopes");
      await feedback(page, "renew", "Logged in.");
      assert.equal(
        await text(page, "#scopes-summary"),
        "Requested scopes: openid change",
      );
      await click(page, "Log in again");
      await feedback(page, "renew", "Logged in.");
    });

    const { sandbox } = stack;
    await step("tells a target that is not bound", async (page) => {
      const { executions } = sandbox!.world;
      const bound = [...executions];
      executions.clear();
      await logIn(page, "Bob");
      await diagnosis(page, "No target is bound to preaccesstoken");
      await page.getByRole("button", { name: "Copy “deno task setup”" })
        .waitFor();
      for (const [key, value] of bound) executions.set(key, value);
    });

    await step("tells a function that fails", async (page) => {
      const [target] = sandbox!.world.targets.values();
      const { signingKey } = target!;
      target!.signingKey = "another-key-than-the-function-has";
      await logIn(page, "Bob");
      await diagnosis(page, "The function answered HTTP 401");
      target!.signingKey = signingKey;
      await click(page, "Try again");
      await feedback(page, "renew", "Added posts:read, posts:write.");
    });
  },
);

browserTest("inspector: a mapping with gaps", {
  settings: {},
  world,
}, async ({ step }) => {
  await step("adds a missing entry", async (page) => {
    await logIn(page, "Carol");
    await diagnosis(page, "Globex’s metadata has no entry for editor");
    assert.match(await text(page, ".chain header"), /It grants nothing\.$/);
    await click(page, "Add it");
    assert.match(await focused(page), /^row-/);
    await feedback(page, "save", "1 unsaved change.");
    await page.keyboard.press("Enter");
    await feedback(page, "save", "Saved. Added posts:read, posts:write.");
  });

  await step("adds several at once", async (page) => {
    await logIn(page, "Alice");
    await click(page, "Remove admin");
    await click(page, "Remove viewer");
    await save(page, /Acme’s metadata has no entry for admin or viewer/);
    await click(page, "Add both");
    await save(
      page,
      "Saved. Added read:all, write:all, delete:all, posts:read.",
    );
  });

  await step("tells a deactivated grant", async (page) => {
    await logIn(page, "Nora");
    await diagnosis(page, "Nora’s roles in Storefront are deactivated");
  });
});

for (
  const [mode, id, name] of [
    ["grant", "390000000000000001", "Acme"],
    ["390000000000000002", "390000000000000002", "Globex"],
  ] as const
) {
  browserTest(`inspector: METADATA_ORGANIZATION=${mode}`, {
    settings: { METADATA_ORGANIZATION: mode },
  }, async ({ step, stack }) => {
    await step(
      "shows and saves the mapping of the organization that counts",
      async (page) => {
        await logIn(page, "Bob");
        assert.match(
          await text(page, ".chain thead"),
          new RegExp(`in ${name}’s metadata`),
        );
        const field = page.getByLabel("Permissions of editor");
        await field.fill("saved:here");
        await save(page, /Added saved:here/);
        const answer = await fetch(
          `${stack.sandbox!.origin}/_sandbox/organizations/${id}/metadata`,
        );
        assert.deepEqual((await answer.json()).editor, ["saved:here"]);
      },
    );
    await step("also for a user without roles", async (page) => {
      await logIn(page, "Nora");
      const entries = page.locator("#others input");
      const count = mode === "grant" ? 5 : 1;
      assert.equal(await entries.count(), count);
    });
  });
}

async function diagnosis(page: Page, title: string): Promise<void> {
  await page.locator("#diagnosis h3").getByText(title, { exact: true })
    .waitFor();
}
