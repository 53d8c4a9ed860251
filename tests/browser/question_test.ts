import assert from "node:assert/strict";
import {
  ask,
  browserTest,
  chain,
  click,
  diagnosis,
  feedback,
  logIn,
  temporaryWorld,
  text,
} from "./_browser.ts";

const ACME = "390000000000000001";
const GLOBEX = "390000000000000002";

const world = temporaryWorld(({ organizations: [acme, globex] }) => {
  acme!.metadata = {
    admin: ["read:all"],
    editor: ["posts:read", "post:write", "Orders:Refund"],
    Viewer: ["reports:read"],
    picker: ["stock:pick"],
    auditor: ["audit:read"],
    broken: '{"not":"a list"}',
  };
  globex!.metadata = { editor: ["globex:only"] };
  acme!.users.find(({ userName }) => userName === "nora")!.grants = [
    { project: "Storefront", roles: ["viewer"] },
  ];
});
addEventListener("unload", () => Deno.removeSync(world));

browserTest(
  "inspector: why is this permission missing?",
  { settings: {}, world },
  async ({ step, stack }) => {
    const { sandbox } = stack;
    const mapping = `${
      sandbox!.origin
    }/_sandbox/organizations/${ACME}/metadata`;

    await step(
      "suggests what is known, and says what is there",
      async (page) => {
        await logIn(page, "Bob");
        const known = await page.locator("#known option").evaluateAll((list) =>
          list.map((it) => it.getAttribute("value"))
        );
        assert.ok(
          known.includes("stock:pick") && known.includes("globex:only"),
        );
        const said = await ask(
          page,
          "posts:read",
          "“posts:read” is in this token",
        );
        assert.match(said, /By editor in Storefront\./);
        assert.equal(await page.locator("#diagnosis.good").count(), 1);
      },
    );

    await step("a misspelled entry", async (page) => {
      await logIn(page, "Bob");
      const said = await ask(
        page,
        "posts:write",
        "No entry grants “posts:write”",
      );
      assert.match(
        said,
        /“editor” grants “post:write”, which differs in spelling/,
      );
      await click(page, "Edit the entry");
      await page.getByLabel("Permissions of editor").waitFor();
    });

    await step("another case, of a permission and of a role", async (page) => {
      await logIn(page, "Bob");
      const said = await ask(
        page,
        "orders:refund",
        "No entry grants “orders:refund”",
      );
      assert.match(
        said,
        /“Orders:Refund”, which differs in upper and lower case/,
      );
      await click(page, "Switch user");
      await logIn(page, "Nora");
      const role = await ask(
        page,
        "reports:read",
        "The entry “Viewer” grants it, and Nora has “viewer”",
      );
      assert.match(
        role,
        /“Viewer” differs from “viewer” in upper and lower case/,
      );
      await click(page, "Add “viewer”");
      assert.equal(
        await page.getByLabel("Permissions of viewer", { exact: true })
          .inputValue(),
        "reports:read",
      );
    });

    await step("a role that the login did not request", async (page) => {
      await logIn(page, "Alice");
      const said = await ask(
        page,
        "stock:pick",
        "This login did not request Warehouse’s roles",
      );
      assert.match(said, /picker in Warehouse grants it\./);
      await click(page, "Log in again and request Warehouse’s roles");
      await page.getByText("in Storefront and Warehouse").waitFor();
      await ask(
        page,
        "stock:pick",
        /is in this token for Warehouse|is in this token/,
      );
    });

    await step("a role that the user lacks", async (page) => {
      await logIn(page, "Bob");
      const said = await ask(
        page,
        "audit:read",
        "Only auditor grants “audit:read”",
      );
      assert.match(said, /Bob does not have this role, only editor/);
    });

    await step("another organization's mapping", async (page) => {
      await logIn(page, "Bob");
      const said = await ask(page, "nothing:like-it", "No entry grants");
      assert.match(said, /No similar name is in Acme’s metadata/);
      await click(page, "Switch user");
      await logIn(page, "Carol");
      await ask(page, "globex:only", "“globex:only” is in this token");
    });

    await step("a mapping that changed after the token", async (page) => {
      await logIn(page, "Bob");
      const before = await (await fetch(mapping)).json();
      const changed = { ...before, editor: [...before.editor, "late:one"] };
      await fetch(mapping, { method: "PUT", body: JSON.stringify(changed) })
        .then((it) => it.body?.cancel());
      await sandbox!.settled();
      await ask(
        page,
        "late:one",
        "The mapping changed after this token was issued",
      );
      await click(page, "Try with a new token");
      await diagnosis(page, "“late:one” is in this token");
    });

    await step("a stale cache: says so, and until when", async (page) => {
      const { executions } = sandbox!.world;
      await logIn(page, "Bob");
      const event = [...executions].find(([key]) => key.includes("event"))!;
      executions.delete(event[0]);
      const acme = sandbox!.world.organizations.get(ACME)!;
      const entry = acme.metadata.get("editor")!;
      entry.value = new TextEncoder().encode('["posts:read","fresh:one"]');
      entry.changed = new Date();
      await click(page, "Get a new token");
      await diagnosis(page, "The function answered from its cache");
      const said = await ask(
        page,
        "fresh:one",
        "The function answered from its cache",
      );
      assert.match(
        said,
        /fresh:one.* until \d\d:\d\d:\d\d \(CACHE_FRESH_SECONDS=60\)/,
      );
      assert.match(said, /no target is bound to event\/group\/org\.metadata/);
      assert.match((await chain(page))[0]!, /fresh:one not in this token/);
      executions.set(...event);
    });

    await step(
      "does not take a stale cache for an empty entry",
      async (page) => {
        const acme = sandbox!.world.organizations.get(ACME)!;
        const entry = acme.metadata.get("Viewer")!;
        acme.metadata.set("viewer", entry);
        await logIn(page, "Nora");
        const said = await text(page, "#diagnosis");
        assert.match(said, /^The function answered from its cache/);
        assert.match(said, /grants reports:read now/);
        acme.metadata.delete("viewer");
      },
    );
  },
);

browserTest(
  "inspector: the settings that leave something out",
  {
    settings: {
      PROJECTS: "390000000000000011",
      GRANTED_BY: "user",
      APPLICATIONS: "390000000000000022",
    },
  },
  async ({ step, stack }) => {
    await step("PROJECTS", async (page) => {
      await logIn(page, "Alice");
      await ask(
        page,
        "stock:pick",
        /picker in Warehouse .*does not count: PROJECTS does not list the project/,
      );
      await page.locator("#scopes-summary").click();
      await page.getByLabel("Scopes to request").fill(
        "openid urn:zitadel:iam:org:project:id:390000000000000012:aud urn:zitadel:iam:org:projects:roles",
      );
      await click(page, "Log in again with these scopes");
      await feedback(page, "renew", "Logged in.");
      await ask(page, "stock:pick", /PROJECTS does not list the project/);
      assert.match(
        (await chain(page)).join("\n"),
        /picker Warehouse \| does not count: PROJECTS/,
      );
    });

    await step("GRANTED_BY: a grant of another organization", async (page) => {
      const grant = [...stack.sandbox!.world.userGrants.values()].find((it) =>
        it.userId === "390000000000000042"
      )!;
      const { organizationId } = grant;
      grant.organizationId = GLOBEX;
      await logIn(page, "Bob");
      const title =
        /editor in Storefront does not count: GRANTED_BY does not list the granting organization/;
      await diagnosis(page, title);
      assert.match(await ask(page, "posts:write", title), /by Globex/);
      grant.organizationId = organizationId;
    });

    await step("APPLICATIONS", async (page) => {
      await page.getByLabel("Application").selectOption({
        label: "Warehouse terminal",
      });
      await logIn(page, "Alice");
      await ask(
        page,
        "read:all",
        "APPLICATIONS does not list the application 390000000000000028",
      );
    });
  },
);
