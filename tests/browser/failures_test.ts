import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  browserTest,
  click,
  feedback,
  focused,
  logIn,
  save,
  text,
} from "./_browser.ts";

/** What the browser itself logs about a request that fails. */
const allow = /Failed to load resource/;

/** Holds requests back until the returned function is called. */
async function hold(page: Page, url: string): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route(url, async (route) => {
    await promise;
    await route.continue();
  });
  return resolve;
}

browserTest(
  "inspector: failures",
  { settings: {} },
  async ({ step, stack }) => {
    const { origin } = stack.sandbox!;
    const token = `${origin}/oauth/v2/token`;

    await step("asks once, and says what it waits for", async (page) => {
      await page.clock.install();
      await logIn(page, "Alice");
      let requests = 0;
      page.on(
        "request",
        (request) => requests += request.url() === token ? 1 : 0,
      );
      const release = await hold(page, token);
      await page.getByRole("button", { name: "Get a new token", exact: true })
        .dblclick();
      await page.getByRole("button", { name: "Getting a new token…" })
        .waitFor();
      await page.clock.runFor(2100);
      await feedback(page, "renew", /^Waiting for ZITADEL at 127\.0\.0\.1/);
      release();
      await feedback(page, "renew", "The permissions are the same.");
      assert.equal(await focused(page), "renew");
      assert.equal(requests, 1);
    });

    await step("says what a login waits for, where one looks", async (page) => {
      await page.clock.install();
      const release = await hold(page, token);
      await page.getByRole("button", { name: "Bob" }).click();
      await page.getByRole("heading", { name: "Logging in…" }).waitFor();
      await page.clock.runFor(2100);
      await feedback(
        page,
        "start",
        /^Waiting for ZITADEL at .*, which asks the function…$/,
      );
      assert.ok(await page.locator("#start-feedback").isVisible());
      release();
      await page.locator("#who").waitFor();
    });

    await step("offers a login if a refresh is refused", async (page) => {
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
    }, { allow });

    await step("says what was saved, and what was not", async (page) => {
      await logIn(page, "Bob");
      await click(page, "Edit mapping");
      const field = page.getByLabel("Permissions of editor");
      await field.fill("posts:read, saved:anyway");
      await page.route("**/metadata", (route) => route.abort());
      await save(page, /^Not saved\. ZITADEL did not answer/);
      assert.equal(await page.locator("#save-feedback .good").count(), 0);
      await page.unroute("**/metadata");
      await page.route(token, (route) => route.abort());
      await save(
        page,
        /^Saved, but there is no new token\. ZITADEL did not answer/,
      );
      await page.unroute(token);
      await click(page, "Get a new token");
      await feedback(page, "renew", "Added saved:anyway. Removed posts:write.");
    }, { allow });

    await step("keeps a refresh token that is new", async (page) => {
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
    }, { allow });

    await step("deletes the tokens without an answer", async (page) => {
      await logIn(page, "Alice");
      await page.route(`${origin}/**`, (route) => route.abort());
      await click(page, "Switch user");
      await page.getByRole("heading", { name: /does not answer$/ }).waitFor();
      assert.doesNotMatch(
        await page.locator("body").innerText(),
        /Alice|eyJ/,
      );
      await click(page, "Retry");
      await page.unroute(`${origin}/**`);
      await click(page, "Retry");
      await page.getByRole("heading", { name: "Log in as" }).waitFor();
    }, { allow });

    await step("brings no token back after a switch", async (page) => {
      await logIn(page, "Alice");
      const release = await hold(page, token);
      await click(page, "Get a new token");
      await click(page, "Switch user");
      await page.getByRole("heading", { name: "Log in as" }).waitFor();
      const answered = page.waitForResponse(token);
      release();
      await answered;
      await page.unroute(token);
      await logIn(page, "Bob");
      assert.equal(await text(page, "#who"), "Bob Okafor");
    });
  },
);
