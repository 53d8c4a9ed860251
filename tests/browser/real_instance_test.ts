import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { serveInspector } from "../../harness/inspector/server.ts";
import { type Binding, readBinding } from "../../harness/zitadel/binding.ts";
import {
  accessToken,
  ask,
  browserTest,
  chain,
  click,
  feedback,
  logIn,
  paste,
  temporaryWorld,
  text,
  verdict,
} from "./_browser.ts";

const world = temporaryWorld(({ organizations: [acme] }) => {
  acme!.users!.find(({ userName }) => userName === "bob")!.administrator = [
    "ORG_OWNER_VIEWER",
  ];
});

// The sandbox plays a real instance: this inspector is not told that it is one.
browserTest(
  "inspector: a real instance",
  { settings: {}, world },
  async ({ step, stack }) => {
    const { origin, adminToken, world: live } = stack.sandbox!;
    const apps = [...live.apps.values()].filter(({ kind }) => kind === "oidc");
    const serve = (readBinding?: () => Promise<Binding[]>) => {
      const inspector = serveInspector({
        issuer: origin,
        port: 0,
        readBinding,
      });
      for (const app of apps) app.redirectUris.push(inspector.redirectUri);
      return inspector;
    };
    await using inspector = serve();
    /** Logs a person in with an application of the instance. */
    const logInWith = async (
      page: Page,
      app: string,
      person: string,
      { readsMapping = false, at = inspector.origin } = {},
    ) => {
      const { clientId } = apps.find(({ name }) => name === app)!;
      await page.goto(at);
      await page.getByLabel("Client id").fill(clientId);
      if (readsMapping) await page.getByLabel("Also read the mapping").check();
      await click(page, "Log in");
      await logIn(page, person);
      return clientId;
    };

    await step("logs in with any client", async (page) => {
      await page.goto(inspector.origin);
      await page.getByText(inspector.redirectUri).waitFor();
      await page.getByRole("button", { name: "Copy", exact: true }).waitFor();
      const clientId = await logInWith(page, "Web shop", "Alice");
      assert.equal(page.url(), `${inspector.origin}/?client_id=${clientId}`);
      assert.deepEqual(await chain(page), [
        "admin project 390000000000000011 | Not read: log in with “Also read the mapping” to see it. | ",
        "viewer project 390000000000000011 | Not read: log in with “Also read the mapping” to see it. | ",
        "all roles together |  | read:all, write:all, delete:all, posts:read",
      ]);
      assert.equal(await page.locator("#edit").count(), 0);
      assert.match(
        await text(page, ".calls"),
        /Only the sandbox shows ZITADEL/,
      );
      await page.reload();
      assert.equal(await page.getByLabel("Client id").inputValue(), clientId);
    });

    await step("reads the mapping as an administrator", async (page) => {
      await logInWith(page, "Web shop", "Bob", { readsMapping: true });
      assert.deepEqual(await chain(page), [
        "editor project 390000000000000011 | posts:read, posts:write | posts:read, posts:write",
      ]);
      assert.match(await text(page, ".chain thead"), /in Acme’s metadata/);
      await page.getByText("To change it: deno task roles").waitFor();
      await ask(page, "read:all", "Only admin grants “read:all”");
    });

    await step("says why a plain user cannot read it", async (page) => {
      await logInWith(page, "Web shop", "Alice", { readsMapping: true });
      assert.match(
        (await chain(page))[0]!,
        /Not readable with your token \(ZITADEL answered HTTP 404, membership not found/,
      );
    }, { allow: /404/ });

    await step("names what an administrator sees", async (page) => {
      await using informed = serve(() => readBinding(origin, adminToken));
      const [target] = live.targets.values();
      const { signingKey } = target!;
      target!.signingKey = "another-key-than-the-function-has";
      await logInWith(page, "Web shop", "Bob", { at: informed.origin });
      assert.match(
        await text(page, "#diagnosis"),
        /ZITADEL lists editor for this login.*does not interrupt on errors \(interruptOnError\), so the function at http:\/\/127[^ ]+ failed/,
      );
      target!.interruptOnError = true;
      await click(page, "Get a new token");
      await feedback(
        page,
        "renew",
        /^There is no new token\. ZITADEL asks the function at http.*interruptOnError/,
      );
      Object.assign(target!, { signingKey, interruptOnError: false });
    }, { allow: /Failed to load resource/ });

    await step("sends a pasted token nowhere", async (page) => {
      await logIn(page, "Alice");
      const token = await accessToken(page);
      await page.goto(inspector.origin);
      await paste(page, "opaque");
      await feedback(page, "start", /This is not a JWT/);
      await page.reload();
      const sent: string[] = [];
      page.on("request", (request) => {
        const all = JSON.stringify([
          request.url(),
          request.headers(),
          request.postData(),
        ]);
        if (all.includes(token.slice(0, 40))) sent.push(request.url());
      });
      await paste(page, `Bearer ${token}`);
      await feedback(page, "renew", "Token read.");
      assert.match(
        await verdict(page),
        /^Accepted by an API, with 4 permissions\. ✓ signature .*audience not checked/,
      );
      assert.match(await text(page, "#time"), /^expires in/);
      assert.deepEqual(await chain(page), [
        "other source | This page does not know the roles behind these. | read:all, write:all, delete:all, posts:read",
      ]);
      assert.equal(await page.locator("#userinfo").count(), 0);
      assert.equal(
        await page.getByRole("button", { name: "Get a new token" }).count(),
        0,
      );
      assert.deepEqual(sent, []);
    });
  },
);
