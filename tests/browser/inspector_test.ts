import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  accessToken,
  browserTest,
  chain,
  click,
  diagnosis,
  feedback,
  focused,
  logIn,
  PHONE,
  save,
  temporaryWorld,
  text,
} from "./_browser.ts";

browserTest(
  "inspector: the chain",
  { settings: {} },
  async ({ step, stack }) => {
    const { inspector } = stack;

    await step("shows the chain in rows, also by ear", async (page) => {
      await logIn(page, "Alice");
      assert.deepEqual(await chain(page), [
        "admin Storefront | read:all, write:all, delete:all | read:all, write:all, delete:all",
        "viewer Storefront | posts:read | posts:read",
      ]);
      const heading = { name: "From roles to permissions" };
      await page.getByRole("heading", heading).waitFor();
      assert.match(
        await text(page, ".chain header"),
        /Alice has 2 roles in Storefront\. Together they grant 4 permissions\. Edit mapping$/,
      );
      assert.match(
        await text(page, ".chain thead"),
        /1 ?Role, sent by ZITADEL.*2 ?Mapping, in Acme’s metadata.*3 ?Permission, in the token/,
      );
      assert.match(await text(page, "#time"), /^expires in 1[12] h \d+ min$/);
      await click(page, "Edit mapping");
      const row = page.getByRole("row").filter({ hasText: "admin" }).first();
      assert.match(
        await row.ariaSnapshot(),
        /rowheader "admin Storefront"[^]*textbox "Permissions of admin"[^]*admin grants read:all/,
      );
      assert.equal(
        await text(page, "#status"),
        "Logged in. 4 permissions, 0 added, 0 removed.",
      );
      assert.deepEqual(
        await page.locator("details#others input").evaluateAll((inputs) =>
          inputs.map((it) => it.getAttribute("aria-label"))
        ),
        [
          "Permissions of editor",
          "Permissions of Warehouse admin",
          "Permissions of picker",
        ],
      );
    });

    await step("removes and adds a role", async (page) => {
      await logIn(page, "Carol");
      await click(page, "Edit mapping");
      await click(page, "Remove editor");
      await save(page, /^Saved\./);
      await diagnosis(page, "Globex’s metadata has no entry for editor");
      assert.match(await text(page, ".chain header"), /It grants nothing\./);
      await click(page, "Add it");
      assert.match(await focused(page), /^row-/);
      await feedback(page, "save", "1 unsaved change: editor.");
      await page.keyboard.press("Enter");
      await feedback(page, "save", "Saved. Added posts:read, posts:write.");
      await click(page, "Remove editor");
      await save(page, /^Saved\./);
      await click(page, "Add a role");
      assert.match(await focused(page), /-key$/);
      await page.keyboard.type("editor");
      await page.keyboard.press("Tab");
      await page.keyboard.type("posts:suggest");
      await page.keyboard.press("Enter");
      await feedback(page, "save", "Saved. Added posts:suggest.");
      assert.deepEqual(await chain(page), [
        "editor Storefront | posts:suggest | posts:suggest new",
      ]);
      assert.match(await focused(page), /^row-/, "Enter took the focus away");
      assert.equal(
        await text(page, "#status"),
        "Saved. 1 permission, 1 added, 0 removed.",
      );
    });

    await step("keeps the tokens in memory only", async (page) => {
      await logIn(page, "Alice");
      assert.equal(page.url(), `${inspector.origin}/`);
      assert.deepEqual(await page.context().cookies(inspector.origin), []);
      assert.equal(
        await page.evaluate("localStorage.length + sessionStorage.length"),
        0,
      );
      await page.reload();
      await page.getByRole("heading", { name: "Log in as" }).waitFor();
    });

    await step("shows tokens and calls on demand", async (page) => {
      await page.context().grantPermissions([
        "clipboard-read",
        "clipboard-write",
      ]);
      await logIn(page, "Alice");
      await page.locator("#Access-token-summary").click();
      assert.match(
        await text(page, "#Access-token"),
        /permissions \["read:all",.*\d+ other claims Encoded Copy the access token$/,
      );
      await page.locator("#Access-token-encoded-summary").click();
      assert.match(await text(page, "#Access-token"), /Encoded eyJ/);
      await click(page, "Copy the access token");
      await page.getByRole("button", { name: "Copied" }).waitFor();
      assert.equal(
        await page.evaluate("navigator.clipboard.readText()"),
        await accessToken(page),
      );
      await page.locator("#userinfo-summary").click();
      await page.locator("#userinfo-others-summary").click();
      await page.getByText("alice@acme.example", { exact: true }).waitFor();
      await page.locator(".calls summary").first().click();
      assert.match(
        await text(page, ".calls"),
        /preaccesstoken for the access token: HTTP 200 in \d+ ms.*zitadel-signature: t=.*"append_claims"/,
      );
    });

    await step("works by keyboard alone", async (page) => {
      await tabTo(page, "Alice");
      await page.keyboard.press("Enter");
      await page.locator(".chain").waitFor();
      assert.equal(await focused(page), "who");
      await tabTo(page, "Get a new token");
      await page.keyboard.press("Enter");
      await feedback(page, "renew", "The permissions are the same.");
      assert.equal(await focused(page), "renew");
      await tabTo(page, "3 more entries");
      await tabTo(page, "preaccesstoken");
    });

    await step("refuses a login that was not started here", async (page) => {
      await page.goto(`${inspector.origin}/callback?code=stolen&state=x`);
      await feedback(page, "start", "not started in this tab");
      assert.equal(page.url(), `${inspector.origin}/`);
    });

    for (
      const [query, said] of [
        [
          "error=access_denied&error_description=No&state=a",
          "The login failed. ZITADEL answered access_denied: No.",
        ],
        ["code=1&state=other", /does not belong to this login/],
      ] as const
    ) {
      await step(`explains why a login failed: ${query}`, async (page) => {
        await page.evaluate(
          `sessionStorage.setItem("inspector.pending_login", JSON.stringify({
            clientId: "x", scope: "openid", redirectUri: "x", state: "a",
            nonce: "b", verifier: "c" }))`,
        );
        await page.goto(`${inspector.origin}/callback?${query}`);
        await feedback(page, "start", said);
      });
    }

    for (const colorScheme of ["light", "dark"] as const) {
      await step(`fits a phone, ${colorScheme}`, async (page) => {
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
          brightness(ink) > brightness(ground),
          colorScheme === "dark",
        );
      }, { ...PHONE, colorScheme });
    }
  },
);

const LONG = "x".repeat(200);
const odd = temporaryWorld(({ organizations: [acme] }) => {
  acme!.name = LONG;
  acme!.users!.push({
    userName: LONG,
    firstName: "👩‍🚀",
    lastName: LONG,
    grants: [{ project: "Storefront", roles: ["viewer"] }],
  });
});

browserTest(
  "inspector: odd names, and paper",
  { settings: {}, world: odd },
  async ({ step }) => {
    await step("long names and emoji fit a phone", async (page) => {
      await page.getByRole("button", { name: "👩‍🚀" }).waitFor();
      await fits(page);
      const avatar = page.locator(`[id="as-${LONG}"] .avatar`);
      assert.equal(await avatar.innerText(), "👩‍🚀x");
      await logIn(page, "👩‍🚀");
      await fits(page);
    }, PHONE);

    await step("a missing claim is not shown as a good one", async (page) => {
      await logIn(page, "Nora");
      await page.locator("#Access-token-summary").click();
      assert.match(
        await text(page, "#Access-token"),
        /permissions not in here/,
      );
      assert.equal(await page.locator("#Access-token .ours").count(), 0);
    });

    await step("prints dark on light, without buttons", async (page) => {
      await logIn(page, "Alice");
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      const [ink, ground] = await page.evaluate<[string, string]>(
        `[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]`,
      );
      assert.ok(brightness(ink) < brightness(ground));
      assert.equal(await page.getByRole("button").count(), 0);
    });
  },
);

/** Presses Tab until something so named has the focus, and sees the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed++) {
    await page.keyboard.press("Tab");
    const [label, outline] = await page.evaluate<[string, string]>(
      // The body has the focus if nothing has, and all of the page's text.
      `[document.activeElement.matches("body")
          ? "" : document.activeElement.innerText ?? "",
        getComputedStyle(document.activeElement).outlineStyle]`,
    );
    if (!label.includes(name)) continue;
    assert.notEqual(outline, "none", `The focus on ${name} cannot be seen`);
    return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

async function fits(page: Page): Promise<void> {
  const [content, window] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, innerWidth]",
  );
  assert.equal(window, PHONE.viewport.width);
  assert.ok(content <= window, `${content} pixels are wider than ${window}`);
}

function brightness(color: string): number {
  const channels = color.match(/\d+/g)!.slice(0, 3).map(Number);
  return channels.reduce((sum, channel) => sum + channel, 0);
}
