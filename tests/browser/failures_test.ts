import assert from "node:assert/strict";
import {
  browserTest,
  click,
  edit,
  feedback,
  focused,
  logIn,
  save,
  text,
} from "./_browser.ts";

/** What the browser itself logs about a request that fails. */
const NETWORK = /Failed to load resource/;

browserTest(
  "inspector: failures",
  { settings: {} },
  async ({ step, stack }) => {
    const { origin } = stack.sandbox!;
    const token = `${origin}/oauth/v2/token`;

    await step("fetches one token for a double click", async (page) => {
      await logIn(page, "Alice");
      let requests = 0;
      await page.route(token, async (route) => {
        requests++;
        await route.continue();
      });
      await page.getByRole("button", { name: "Get a new token", exact: true })
        .dblclick();
      await feedback(page, "renew", "The permissions are the same.");
      assert.equal(requests, 1);
      await click(page, "Get a new token");
      await page.getByRole("button", { name: "Get a new token", exact: true })
        .waitFor();
      assert.doesNotMatch(await text(page, "#renew-feedback"), /no new token/);
    });

    await step(
      "says what it does, and after a while what it waits for",
      async (page) => {
        await page.clock.install();
        await logIn(page, "Alice");
        const { promise, resolve } = Promise.withResolvers<void>();
        await page.route(token, async (route) => {
          await promise;
          await route.continue();
        });
        await click(page, "Get a new token");
        await page.getByRole("button", { name: "Getting a new token…" })
          .waitFor();
        assert.equal(
          await page.evaluate("getComputedStyle(main).opacity"),
          "1",
        );
        await page.clock.runFor(2100);
        await feedback(page, "renew", /^Waiting for ZITADEL at 127\.0\.0\.1/);
        resolve();
        await feedback(page, "renew", "The permissions are the same.");
        assert.equal(await focused(page), "renew");
      },
    );

    await step("says what a login waits for, where one looks", async (page) => {
      await page.clock.install();
      const { promise, resolve } = Promise.withResolvers<void>();
      await page.route(token, async (route) => {
        await promise;
        await route.continue();
      });
      await page.getByRole("button", { name: "Bob" }).click();
      await page.getByRole("heading", { name: "Logging in…" }).waitFor();
      await page.clock.runFor(2100);
      await feedback(
        page,
        "start",
        /^Waiting for ZITADEL at .*, which asks the function…$/,
      );
      assert.ok(await page.locator("#start-feedback").isVisible());
      resolve();
      await page.locator("#who").waitFor();
    });

    await step(
      "offers a login when the refresh token is no longer valid",
      async (page) => {
        await logIn(page, "Alice");
        await page.route(token, (route) =>
          route.fulfill({
            status: 400,
            headers: { "access-control-allow-origin": stack.inspector.origin },
            json: { error: "invalid_grant", error_description: "Errors.OIDC" },
          }));
        await click(page, "Get a new token");
        await feedback(page, "renew", /no longer accepts the refresh token/);
        await page.unroute(token);
        await click(page, "Log in again");
        await feedback(page, "renew", "Logged in.");
      },
      { allow: NETWORK },
    );

    await step("saves although there is no new token", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      const field = page.getByLabel("Permissions of editor");
      await field.fill("posts:read, posts:write, saved:anyway");
      await page.route(token, (route) => route.abort());
      await save(
        page,
        /^Saved, but there is no new token\. ZITADEL did not answer/,
      );
      await page.unroute(token);
      await click(page, "Get a new token");
      await feedback(page, "renew", "Added saved:anyway.");
      await field.fill("posts:read, posts:write");
      await save(page, /^Saved\. Removed saved:anyway\.$/);
    }, { allow: NETWORK });

    await step(
      "keeps the new refresh token if a later step fails",
      async (page) => {
        await logIn(page, "Alice");
        await page.route("**/_sandbox/world", (route) => route.abort());
        await click(page, "Get a new token");
        await feedback(
          page,
          "renew",
          /^There is no new token\. ZITADEL did not answer/,
        );
        await page.unroute("**/_sandbox/world");
        await click(page, "Get a new token");
        await feedback(page, "renew", "The permissions are the same.");
      },
      { allow: NETWORK },
    );

    await step(
      "deletes the tokens although ZITADEL does not answer",
      async (page) => {
        await logIn(page, "Alice");
        await page.route(`${origin}/**`, (route) => route.abort());
        await click(page, "Switch user");
        await page.getByRole("heading", { name: /does not answer$/ }).waitFor();
        assert.doesNotMatch(
          await page.locator("body").innerText(),
          /Alice|eyJ/,
        );
        await page.unroute(`${origin}/**`);
        await click(page, "Retry");
        await page.getByRole("heading", { name: "Log in as" }).waitFor();
      },
      { allow: NETWORK },
    );

    await step(
      "does not bring a token back after the user was switched",
      async (page) => {
        await logIn(page, "Alice");
        const { promise, resolve } = Promise.withResolvers<void>();
        await page.route(token, async (route) => {
          await promise;
          await route.continue();
        });
        await click(page, "Get a new token");
        await click(page, "Switch user");
        await page.getByRole("heading", { name: "Log in as" }).waitFor();
        const answered = page.waitForResponse(token);
        resolve();
        await answered;
        await page.unroute(token);
        await logIn(page, "Bob");
        assert.equal(await text(page, "#who"), "Bob Okafor");
      },
    );

    await step("offers a retry instead of a dead page", async (page) => {
      await page.route(`${origin}/**`, (route) => route.abort());
      await page.reload();
      await click(page, "Retry");
      await page.unroute(`${origin}/**`);
      await click(page, "Retry");
      await page.getByRole("heading", { name: "Log in as" }).waitFor();
    }, { allow: NETWORK });

    await step("says beside the button why nothing was saved", async (page) => {
      await logIn(page, "Bob");
      await edit(page);
      const field = page.getByLabel("Permissions of editor");
      await field.fill("never:saved");
      await page.route("**/metadata", (route) => route.abort());
      await save(page, /^Not saved\. ZITADEL did not answer/);
      assert.equal(await field.inputValue(), "never:saved");
      const isGreen = await page.locator("#save-feedback .good").count();
      assert.equal(isGreen, 0);
    }, { allow: NETWORK });
  },
);
