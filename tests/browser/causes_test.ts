import assert from "node:assert/strict";
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
  temporaryWorld,
  text,
  verdict,
} from "./_browser.ts";

const world = temporaryWorld(({ organizations: [acme, globex] }) => {
  globex!.metadata = {};
  acme!.users.find(({ userName }) => userName === "nora")!.grants = [
    { project: "Storefront", roles: ["viewer"], active: false },
  ];
});
addEventListener("unload", () => Deno.removeSync(world));

browserTest(
  "inspector: one cause, and what fixes it",
  { settings: {} },
  async ({ step, stack }) => {
    const { sandbox, endpoint } = stack;
    const { executions, targets } = sandbox!.world;
    const [target] = targets.values();

    await step("requests the roles that the login left out", async (page) => {
      await logIn(page, "Alice");
      await diagnosis(page, "Alice has picker and admin in Warehouse");
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

    await step("says that a user has no roles", async (page) => {
      await logIn(page, "Nora");
      await diagnosis(page, "Nora has no roles");
      assert.match(await verdict(page), /^Refused\. It has no “permissions”/);
      await page.getByText("5 more entries").waitFor();
    });

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

    await step("tells a target that is not bound", async (page) => {
      const bound = [...executions];
      executions.clear();
      await logIn(page, "Bob");
      await diagnosis(page, "No target is bound to preaccesstoken");
      await page.getByRole("button", { name: "Copy “deno task setup”" })
        .waitFor();
      for (const [key, value] of bound) executions.set(key, value);
    });

    await step(
      "tells what failed, at which endpoint, and what to do",
      async (page) => {
        const { signingKey } = target!;
        target!.signingKey = "another-key-than-the-function-has";
        await logIn(page, "Alice");
        await diagnosis(
          page,
          `The function at ${endpoint} answered 401 invalid_signature`,
        );
        const said = await text(page, "#diagnosis");
        assert.match(said, /AUTHORIZATION_SIGNING_KEY/);
        assert.match(said, /does not interrupt on errors/);
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
      },
    );

    await step("tells a failure by its reason in the log", async (page) => {
      const token = sandbox!.world.members.splice(0);
      await fetch(
        `${sandbox!.origin}/_sandbox/organizations/390000000000000001/metadata`,
        {
          method: "PUT",
          body: JSON.stringify({ editor: ["posts:read"] }),
        },
      ).then((it) => it.body?.cancel());
      await sandbox!.settled();
      await logIn(page, "Bob");
      await diagnosis(
        page,
        /answered 502 upstream_failed \(missing_permission\)/,
      );
      assert.match(await text(page, "#diagnosis"), /ORG_OWNER_VIEWER/);
      sandbox!.world.members.push(...token);
      await click(page, "Try again");
      await feedback(page, "renew", "Added posts:read.");
    });

    await step(
      "tells who does not answer, or answers in its place",
      async (page) => {
        const { endpoint: right } = target!;
        target!.endpoint = "http://127.0.0.1:9/";
        await logIn(page, "Bob");
        await diagnosis(
          page,
          "The function at http://127.0.0.1:9/ did not answer",
        );
        target!.endpoint = `${stack.inspector.origin}/nothing`;
        await click(page, "Try again");
        await diagnosis(page, "nothing answered 405");
        assert.match(
          await text(page, "#diagnosis"),
          /something else is at this address/,
        );
        target!.endpoint = right;
      },
    );

    await step(
      "says that a login failed because the function did",
      async (page) => {
        const { signingKey } = target!;
        target!.interruptOnError = true;
        target!.signingKey = "another-key-than-the-function-has";
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
        target!.endpoint = "http://127.0.0.1:9/";
        await page.getByRole("button", { name: "Bob" }).click();
        await feedback(
          page,
          "start",
          "The login failed. The function at http://127.0.0.1:9/ did not answer",
        );
        target!.endpoint = endpoint!;
        target!.signingKey = signingKey;
        target!.interruptOnError = false;
      },
      { allow: /Failed to load resource/ },
    );

    await step("shows what ZITADEL is set to call", async (page) => {
      target!.interruptOnError = true;
      await logIn(page, "Bob");
      await page.locator("#binding-summary").click();
      assert.match(
        await text(page, "#binding"),
        /preaccesstoken asks .* at http.*no token is issued \(interruptOnError on\)/,
      );
      target!.interruptOnError = false;
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
    assert.match(await text(page, ".chain header"), /It grants nothing\./);
    await click(page, "Add it");
    assert.match(await focused(page), /^row-/);
    await feedback(page, "save", "1 unsaved change: editor.");
    await page.keyboard.press("Enter");
    await feedback(page, "save", "Saved. Added posts:read, posts:write.");
  });

  await step("adds several at once", async (page) => {
    await logIn(page, "Alice");
    await edit(page);
    await click(page, "Remove admin");
    await click(page, "Remove viewer");
    await save(page, "Saved.");
    await diagnosis(page, "Acme’s metadata has no entry for admin or viewer");
    await click(page, "Add all 2");
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
        await edit(page);
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
      const count = mode === "grant" ? 5 : 1;
      assert.equal(await page.locator("#others tbody tr").count(), count);
    });
  });
}
