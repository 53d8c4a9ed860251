import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { launchBrowser } from "../../harness/test/browser.ts";
import { startDevStack } from "../../harness/dev/start_dev_stack.ts";
import { serveInspector } from "../../harness/inspector/server.ts";
import { freePort } from "../../harness/util/free_port.ts";

/** What a page of one's own gets to do here before it is given up, in milliseconds. */
const TIMEOUT_MS = 5000;
const PHONE = { width: 360, height: 740 };

Deno.test({
  name: "the inspector, from login to a changed mapping",
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const port = freePort();
    await using stack = await startDevStack({
      settings: {},
      port,
      quiet: true,
    });
    const { inspector, sandbox } = stack;
    const browser = await launchBrowser();
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => browser.close());

    /** Runs a step on a fresh page, and fails where the browser complained. */
    const step = (
      name: string,
      work: (page: Page) => Promise<void>,
      options: BrowserContextOptions = {},
    ) =>
      t.step(name, async () => {
        const context = await browser.newContext(options);
        const page = await context.newPage();
        page.setDefaultTimeout(TIMEOUT_MS);
        const complaints: string[] = [];
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("console", (message) => {
          if (message.type() === "error") complaints.push(message.text());
        });
        await page.goto(inspector.origin);
        await work(page);
        assert.deepEqual(complaints, []);
        await context.close();
      });

    await step("shows who may log in, and what came of it", async (page) => {
      await logIn(page, "Alice");
      assert.deepEqual(await permissions(page), [
        "read:all admin Storefront",
        "write:all admin Storefront",
        "delete:all admin Storefront",
        "posts:read viewer Storefront",
      ]);
      assert.match(
        await text(page, "#status"),
        /^Logged in\. 4 permissions\.$/,
      );
      assert.match(await text(page, "#access .verdict"), /Signature valid/);
      assert.match(await text(page, "#id .verdict"), /Signature valid/);
      assert.match(await text(page, "#time"), /^1[12] h \d\d min left$/);
      assert.match(await text(page, ".calls"), /admin → read:all, write:all/);
      assert.match(await text(page, ".calls"), /"append_claims"/);
    });

    await step("keeps the tokens in memory alone", async (page) => {
      await logIn(page, "Alice");
      assert.equal(page.url(), `${inspector.origin}/`);
      assert.deepEqual(await page.context().cookies(inspector.origin), []);
      assert.equal(
        await page.evaluate("localStorage.length + sessionStorage.length"),
        0,
      );
      await page.reload();
      await page.getByRole("heading", { name: "Who logs in?" }).waitFor();
    });

    await step("sees a changed mapping in the next token", async (page) => {
      await logIn(page, "Bob");
      const list = page.getByLabel("Permissions of editor");
      const before = await list.inputValue();
      await list.fill("posts:read, orders:refund");
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("li.new").waitFor();
      assert.deepEqual(await permissions(page), [
        "posts:read editor Storefront",
        "orders:refund new editor Storefront",
        "posts:write gone since the last token",
      ]);
      assert.equal(
        await text(page, "#status"),
        "Mapping saved. 2 permissions: orders:refund came, posts:write went.",
      );
      await list.fill(before);
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("orders:refund went").waitFor();
    });

    await step("takes roles in and out of the mapping", async (page) => {
      await logIn(page, "Carol");
      await page.getByRole("button", { name: "Remove editor" }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("they grant nothing").first().waitFor();
      assert.match(await text(page, ".silent"), /there is no entry "editor"/);
      await page.getByRole("button", { name: "Add a role" }).click();
      await page.keyboard.type("editor");
      await page.keyboard.press("Tab");
      await page.keyboard.type("posts:suggest");
      await page.keyboard.press("Enter");
      await page.locator("li.new").waitFor();
      assert.deepEqual(await permissions(page), [
        "posts:suggest new editor Storefront",
      ]);
    });

    await step("keeps what is being edited through a refresh", async (page) => {
      await logIn(page, "Alice");
      const list = page.getByLabel("Permissions of viewer");
      await list.fill("draft:only");
      await page.getByRole("button", { name: "Refresh" }).click();
      await page.getByText("New tokens.").waitFor();
      assert.equal(await list.inputValue(), "draft:only");
    });

    await step("explains an opaque token", async (page) => {
      await page.getByLabel("Application").selectOption({
        label: "Web shop (opaque tokens)",
      });
      await logIn(page, "Alice");
      assert.match(await text(page, "#diagnosis"), /token is opaque.*to JWT/s);
    });

    await step("explains a user without roles", async (page) => {
      await logIn(page, "Nora");
      assert.match(await text(page, "#diagnosis"), /call named no role/);
    });

    await step("works by keyboard alone", async (page) => {
      await tabTo(page, "Alice");
      await page.keyboard.press("Enter");
      await page.locator("#permission-list").waitFor();
      assert.equal(await page.evaluate("document.activeElement.id"), "who");
      await tabTo(page, "Refresh");
      await page.keyboard.press("Enter");
      await page.getByText("New tokens.").waitFor();
      assert.equal(await page.evaluate("document.activeElement.id"), "refresh");
      await tabTo(page, "The whole request");
      await page.keyboard.press("Enter");
      assert.match(await text(page, ".calls"), /zitadel-signature: t=/);
      await tabTo(page, "The token as it was sent");
    });

    await step("refuses a login that was not begun here", async (page) => {
      await page.goto(`${inspector.origin}/callback?code=stolen&state=x`);
      await page.getByText("not begun in this tab").waitFor();
      assert.equal(page.url(), `${inspector.origin}/`);
    });

    await step("says why a login failed", async (page) => {
      await page.evaluate(
        `sessionStorage.setItem("inspector.pending_login", JSON.stringify({
          clientId: "x", scope: "openid", redirectUri: "x", state: "a",
          nonce: "b", verifier: "c" }))`,
      );
      const query = "error=access_denied&error_description=No&state=a";
      await page.goto(`${inspector.origin}/callback?${query}`);
      await page.getByText("The login failed. access_denied: No").waitFor();
    });

    const { origin } = sandbox!;
    const app = [...sandbox!.world.apps.values()].find(({ name }) =>
      name === "Web shop"
    )!;
    await step("logs in with any client of any instance", async (page) => {
      await using other = serveInspector({ issuer: origin, port: 0 });
      app.redirectUris.push(other.redirectUri);
      await page.goto(other.origin);
      await page.getByLabel("Client id").fill(app.clientId);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("button", { name: "Alice" }).click();
      await page.locator("#permission-list").waitFor();
      assert.deepEqual(await permissions(page), [
        "read:all",
        "write:all",
        "delete:all",
        "posts:read",
      ]);
      assert.equal(await page.locator(".mapping, .calls").count(), 0);
    });

    const schemes = ["light", "dark"] as const;
    for (const colorScheme of schemes) {
      await step(
        `fits a phone, ${colorScheme}`,
        async (page) => {
          await fits(page);
          await logIn(page, "Alice");
          await page.evaluate(
            "document.querySelectorAll('details').forEach((it) => it.open = true)",
          );
          await fits(page);
          const [ink, ground] = await page.evaluate<[string, string]>(
            `[getComputedStyle(document.body).color,
              getComputedStyle(document.body).backgroundColor]`,
          );
          assert.equal(
            brightness(ink!) > brightness(ground!),
            colorScheme === "dark",
          );
        },
        { viewport: PHONE, colorScheme, hasTouch: true, isMobile: true },
      );
    }
  },
});

async function logIn(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name }).click();
  await page.locator("#who").waitFor();
}

/** One line a permission: what the page says of it, in order. */
function permissions(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    `[...document.querySelectorAll("#permission-list > li")].map((row) =>
      row.innerText.split(/\\s+/).join(" ").trim())`,
  );
}

function text(page: Page, selector: string): Promise<string> {
  return page.locator(selector).innerText();
}

/** Presses Tab until something is focused that is named so, and sees the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed++) {
    await page.keyboard.press("Tab");
    const [label, outline] = await page.evaluate<[string, string]>(
      // The body has the focus where nothing has, and all of the page's text.
      `[document.activeElement.matches("body")
          ? "" : document.activeElement.innerText ?? "",
        getComputedStyle(document.activeElement).outlineStyle]`,
    );
    if (!label?.includes(name)) continue;
    assert.notEqual(outline, "none", `The focus on ${name} cannot be seen`);
    return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

async function fits(page: Page): Promise<void> {
  const [content, window] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, innerWidth]",
  );
  assert.equal(window, PHONE.width);
  assert.ok(content! <= window!, `${content} pixels are wider than ${window}`);
}

function brightness(color: string): number {
  const channels = color.match(/\d+/g)!.slice(0, 3).map(Number);
  return channels.reduce((sum, channel) => sum + channel, 0);
}
