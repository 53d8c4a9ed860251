import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  type Inspector,
  serveInspector,
} from "../../harness/inspector/server.ts";
import {
  browserTest,
  chain,
  click,
  feedback,
  logIn,
  temporaryWorld,
  text,
} from "./_browser.ts";

const STOREFRONT = "390000000000000011";

let acmeMapping: unknown;
const world = temporaryWorld(({ organizations: [acme] }) => {
  acmeMapping = { ...acme!.metadata };
  acme!.metadata.text = "a, b";
  acme!.users.find(({ userName }) => userName === "bob")!.administrator = [
    "ORG_OWNER_VIEWER",
  ];
});
addEventListener("unload", () => Deno.removeSync(world));

// The sandbox plays a real instance: this inspector is not told that it is one.
browserTest(
  "inspector: a real instance",
  { settings: {}, world },
  async ({ step, stack }) => {
    const { origin, world: live } = stack.sandbox!;
    await using inspector = serveInspector({ issuer: origin, port: 0 });
    const apps = [...live.apps.values()].filter(({ kind }) => kind === "oidc");
    for (const app of apps) app.redirectUris.push(inspector.redirectUri);
    const [shop] = apps;
    const clientOf = (name: string) =>
      apps.find((it) => it.name === name)!.clientId;

    await step(
      "logs in with any client, and remembers it in the address",
      async (page) => {
        await open(page, inspector);
        await page.getByLabel("Client id").fill(shop!.clientId);
        await page.getByLabel("Project id").fill(STOREFRONT);
        await click(page, "Log in");
        await logIn(page, "Alice");
        assert.equal(
          page.url(),
          `${inspector.origin}/?client_id=${shop!.clientId}`,
        );
        assert.deepEqual(await chain(page), [
          "admin project 390000000000000011 | Not read: log in with “Also read the mapping” to see it. | see below",
          "viewer project 390000000000000011 | Not read: log in with “Also read the mapping” to see it. | see below",
          "all roles together |  | read:all, write:all, delete:all, posts:read",
        ]);
        assert.equal(
          await page.getByRole("button", { name: "Save" }).count(),
          0,
        );
        assert.match(await text(page, ".calls"), /only the sandbox shows them/);
        await page.reload();
        assert.equal(
          await page.getByLabel("Client id").inputValue(),
          shop!.clientId,
        );
      },
    );

    await step(
      "reads the mapping with the administrator's own token",
      async (page) => {
        await open(page, inspector);
        await page.getByLabel("Client id").fill(shop!.clientId);
        await page.getByLabel("Also read the mapping").check();
        await click(page, "Log in");
        await logIn(page, "Bob");
        assert.deepEqual(await chain(page), [
          "editor project 390000000000000011 | posts:read, posts:write | posts:read, posts:write",
        ]);
        assert.match(await text(page, ".chain thead"), /in Acme’s metadata/);
        await page.context().grantPermissions([
          "clipboard-read",
          "clipboard-write",
        ]);
        await page.getByText("leaves out 1 value that is not a JSON array")
          .waitFor();
        await click(page, "Copy as roles.json");
        await page.getByRole("button", { name: "Copied" }).waitFor();
        assert.deepEqual(
          JSON.parse(
            await page.evaluate<string>("navigator.clipboard.readText()"),
          ),
          acmeMapping,
        );
      },
    );

    await step("says why a plain user cannot read it", async (page) => {
      await open(page, inspector);
      await page.getByLabel("Client id").fill(shop!.clientId);
      await page.getByLabel("Also read the mapping").check();
      await click(page, "Log in");
      await logIn(page, "Alice");
      assert.match(
        (await chain(page))[0]!,
        /Not readable with your token \(ZITADEL answered HTTP 404, membership not found/,
      );
    }, { allow: /404/ });

    await step("requests the roles that are missing", async (page) => {
      await open(page, inspector);
      await page.getByLabel("Client id").fill(clientOf("Warehouse terminal"));
      await click(page, "Log in");
      await logIn(page, "Alice");
      assert.match(await text(page, "#diagnosis"), /ZITADEL sent no roles/);
      await click(page, "Log in again and request the project’s roles");
      await logIn(page, "Alice");
      assert.match((await chain(page))[0]!, /^picker project/);
    });

    await step(
      "tells from userinfo that roles were sent and nothing answered",
      async (page) => {
        const { executions } = live;
        const bound = [...executions];
        executions.clear();
        await open(page, inspector);
        await page.getByLabel("Client id").fill(shop!.clientId);
        await click(page, "Log in");
        await logIn(page, "Bob");
        assert.match(
          await text(page, "#diagnosis"),
          /ZITADEL lists editor for this login.*deno task doctor/,
        );
        for (const [key, value] of bound) executions.set(key, value);
      },
    );

    await step(
      "explains a pasted token, and sends it nowhere",
      async (page) => {
        await logIn(page, "Alice");
        const token = await page.locator("#tab-panel .raw").innerText();
        await open(page, inspector);
        const sent: string[] = [];
        page.on("request", (request) => {
          const all = JSON.stringify([
            request.url(),
            request.headers(),
            request.postData(),
          ]);
          if (all.includes(token.slice(0, 40))) sent.push(request.url());
        });
        await page.locator("#paste-summary").click();
        await page.getByLabel("Token (JWT)").fill(`Bearer ${token}`);
        await click(page, "Read the token");
        await feedback(page, "renew", "Token read.");
        assert.match(await text(page, ".verdict"), /Signature valid/);
        assert.match(await text(page, "#time"), /^expires in/);
        assert.deepEqual(await chain(page), [
          "other source | This page does not know the roles behind these. | read:all, write:all, delete:all, posts:read",
        ]);
        await page.getByRole("tab", { name: "Userinfo" }).click();
        await page.getByText("a pasted token never leaves this page").waitFor();
        assert.equal(
          await page.getByRole("button", { name: "Get a new token" }).count(),
          0,
        );
        assert.deepEqual(sent, []);
      },
    );

    await step("refuses what is not a token", async (page) => {
      await open(page, inspector);
      await page.locator("#paste-summary").click();
      await page.getByLabel("Token (JWT)").fill("opaque");
      await click(page, "Read the token");
      await feedback(page, "start", /This is not a JWT/);
    });

    await step("shows and copies the redirect address", async (page) => {
      await open(page, inspector);
      await page.getByText(inspector.redirectUri).waitFor();
      await page.getByRole("button", { name: "Copy", exact: true }).waitFor();
    });
  },
);

async function open(page: Page, inspector: Inspector): Promise<void> {
  await page.goto(inspector.origin);
  await page.getByLabel("Client id").waitFor();
}
