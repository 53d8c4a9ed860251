import assert from "node:assert/strict";
import {
  ask,
  browserTest,
  chain,
  click,
  diagnosis,
  logIn,
  putMapping,
  requestScopes,
  temporaryWorld,
  text,
} from "./_browser.ts";

const ACME = "390000000000000001";

const world = temporaryWorld(({ organizations: [acme, globex] }) => {
  acme!.metadata = {
    admin: ["read:all"],
    editor: ["posts:read", "post:write"],
    "390000000000000011:Viewer": ["reports:read"],
    picker: ["stock:pick"],
  };
  globex!.metadata = { editor: ["globex:only"] };
  acme!.users!.find(({ userName }) => userName === "nora")!.grants = [
    { project: "Storefront", roles: ["viewer"] },
  ];
});

browserTest(
  "inspector: why is this permission missing?",
  { settings: {}, world },
  async ({ step, stack }) => {
    const { sandbox } = stack;

    await step("suggests and answers", async (page) => {
      await logIn(page, "Bob");
      const known = await page.locator("#known option").evaluateAll((list) =>
        list.map((it) => it.getAttribute("value"))
      );
      assert.ok(
        known.includes("stock:pick") && known.includes("globex:only"),
      );
      const present = await ask(
        page,
        "posts:read",
        "“posts:read” is in this token",
      );
      assert.match(present, /By editor in Storefront\./);
      assert.equal(await page.locator("#diagnosis.good").count(), 1);
      await ask(page, "posts:write", "No entry grants “posts:write”");
      await click(page, "Edit the entry");
      await page.getByLabel("Permissions of editor").waitFor();
    });

    await step("adds the entry that was meant", async (page) => {
      await logIn(page, "Nora");
      await ask(page, "reports:read", "grants it, and Nora has “viewer”");
      await click(page, "Add “390000000000000011:viewer”");
      const name = page.getByLabel("Role name");
      assert.equal(await name.inputValue(), "390000000000000011:viewer");
      await page.keyboard.press("Enter");
      await diagnosis(page, "“reports:read” is in this token");
    });

    await step("requests the roles that the login left out", async (page) => {
      await logIn(page, "Alice");
      const title = "This login did not request Warehouse’s roles";
      assert.match(
        await ask(page, "stock:pick", title),
        /picker in Warehouse grants it\./,
      );
      await click(page, "Log in again and request Warehouse’s roles");
      await page.getByText("in Storefront and Warehouse").waitFor();
      assert.match(await text(page, "#scopes-summary"), /projects:roles/);
      await ask(page, "stock:pick", "“stock:pick” is in this token");
    });

    await step("tells a mapping that changed after the token", async (page) => {
      await logIn(page, "Bob");
      await putMapping(stack, ACME, { editor: ["posts:read", "late:one"] });
      await ask(
        page,
        "late:one",
        "The mapping changed after this token was issued",
      );
      await click(page, "Try with a new token");
      await diagnosis(page, "“late:one” is in this token");
    });

    await step("tells a stale cache, and marks what it lacks", async (page) => {
      const { executions, organizations } = sandbox!.world;
      await logIn(page, "Bob");
      assert.ok(executions.delete("org.metadata"));
      const entry = organizations.get(ACME)!.metadata.get("editor")!;
      entry.value = new TextEncoder().encode('["posts:read","fresh:one"]');
      entry.changed = new Date();
      await click(page, "Get a new token");
      await diagnosis(page, "The function answered from its cache");
      assert.match(
        await text(page, "#diagnosis"),
        /fresh:one.* until \d\d:\d\d:\d\d \(CACHE_FRESH_SECONDS=60\).*no target is bound to event/,
      );
      assert.match((await chain(page))[0]!, /fresh:one not in this token/);
    });
  },
);

browserTest(
  "inspector: the function's settings",
  {
    settings: {
      PROJECTS: "390000000000000011",
      METADATA_ORGANIZATION: "390000000000000002",
    },
  },
  async ({ step, stack }) => {
    await step("count as the function counts them", async (page) => {
      await logIn(page, "Alice");
      await ask(page, "stock:pick", "Only Acme’s metadata grants “stock:pick”");
      await requestScopes(
        page,
        "openid urn:zitadel:iam:org:project:id:390000000000000012:aud urn:zitadel:iam:org:projects:roles",
      );
      await page.getByText("in Storefront and Warehouse").waitFor();
      assert.match(
        (await chain(page)).join("\n"),
        /picker Warehouse \| does not count: PROJECTS/,
      );
    });

    await step("choose the mapping that is shown and saved", async (page) => {
      await logIn(page, "Nora");
      assert.equal(await page.locator("#others tbody tr").count(), 1);
      await click(page, "Switch user");
      await logIn(page, "Bob");
      assert.match(await text(page, ".chain thead"), /in Globex’s metadata/);
      await click(page, "Edit mapping");
      await page.getByLabel("Permissions of editor").fill("saved:here");
      await page.keyboard.press("Enter");
      await page.getByText(/Added saved:here/).waitFor();
      const { metadata } = stack.sandbox!.world.organizations
        .get("390000000000000002")!;
      const { value } = metadata.get("editor")!;
      assert.equal(new TextDecoder().decode(value), '["saved:here"]');
    });
  },
);
