import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { login } from "../../harness/zitadel/login.ts";
import {
  accessToken,
  browserTest,
  chain,
  click,
  diagnosis,
  feedback,
  logIn,
  paste,
  save,
  text,
  verdict,
} from "./_browser.ts";

browserTest(
  "inspector: one verdict for the token",
  { settings: {} },
  async ({ step, stack }) => {
    const { sandbox, issuer, inspector } = stack;

    await step("judges as the example API does", async (page) => {
      await logIn(page, "Bob");
      assert.match(
        await verdict(page),
        /^Accepted by an API of Storefront, with 2 permissions\. ✓ signature ✓ issuer ✓ audience ✓ expiry ✓ kind ✓ claim GET \/posts needs posts:read ✓ 200 allowed DELETE \/posts needs delete:all ✕ 403 Missing permission: delete:all/,
      );
      const [head, payload = "", signature] = (await accessToken(page)).split(
        ".",
      );
      const claims = JSON.parse(
        atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
      );
      const changed = JSON.stringify({ ...claims, permissions: ["all"] });
      const encoded = new TextEncoder().encode(changed).toBase64({
        alphabet: "base64url",
        omitPadding: true,
      });
      await click(page, "Switch user");
      await paste(page, `${head}.${encoded}.${signature}`);
      await feedback(page, "renew", /^Token read/);
      assert.match(
        await verdict(page),
        /^Refused\. .*does not match key.*posts:read ✕ 401 .*delete:all ✕ 401 /,
      );
    });

    await step("refuses an expired token", async (page) => {
      await page.clock.install();
      await page.goto(inspector.origin);
      await logIn(page, "Bob");
      assert.match(await verdict(page), /^Accepted/);
      await page.clock.fastForward("13:00:00");
      await page.getByText(/^Refused\. It expired at/).waitFor();
      assert.match(
        await verdict(page),
        /^Refused\. It expired.*posts:read ✕ 401 It expired.*delete:all ✕ 401 It expired/,
      );
      assert.equal(await text(page, "#time"), "expired");
    });

    await step("explains a pasted token by its origin", async (page) => {
      const [app] = sandbox!.world.apps.values();
      // A token that the page did not see being issued.
      const { accessToken } = await login(issuer, {
        clientId: app!.clientId,
        redirectUri: inspector.redirectUri,
        scope: "openid",
        loginName: "bob",
        password: "any",
        loginClientToken: sandbox!.loginClientToken,
      });
      await page.clock.install({ time: Date.now() + 13 * 3600 * 1000 });
      await page.goto(inspector.origin);
      await page.getByRole("button", { name: "Bob" }).waitFor();
      await paste(page, accessToken);
      await feedback(page, "renew", "Token read.");
      assert.match(await verdict(page), /^Accepted/);
      assert.deepEqual(await chain(page), [
        "editor Storefront | posts:read, posts:write | posts:read, posts:write",
      ]);
      assert.match(
        await text(page, ".calls"),
        /preaccesstoken for the access token: HTTP 200/,
      );
      await click(page, "Edit mapping");
    });

    await step("refuses an opaque token", async (page) => {
      await page.getByLabel("Application").selectOption({
        label: "Web shop (opaque tokens)",
      });
      await logIn(page, "Alice");
      assert.match(
        await verdict(page),
        /^Refused\. It is opaque: .*introspection.*✕ 401 .*✕ 401 /,
      );
      assert.match(
        await text(page, ".chain thead"),
        /Permission, in userinfo/,
      );
      assert.equal((await chain(page)).length, 2);
      assert.match(await copyCheck(page), /async function introspect/);
      await click(page, "Log in to Web shop instead");
      await page.getByText("logged in to Web shop").waitFor();
      assert.match(await verdict(page), /^Accepted/);
      const check = await copyCheck(page);
      assert.match(check, /jwtVerify/);
      assert.match(check, /const applications = \["390000000000000022"\]/);
    });

    await step("gets a service user's token", async (page) => {
      await logIn(page, "ci-runner");
      await diagnosis(page, "ci-runner has viewer in Storefront");
      await click(page, "Log in again and request Storefront’s roles");
      await feedback(page, "renew", /Added posts:read/);
      assert.match(await verdict(page), /^Accepted/);
      await click(page, "Edit mapping");
      await page.getByLabel("Permissions of viewer").fill("posts:read, ci:run");
      await save(page, "Saved. Added ci:run.");
    });
  },
);

async function copyCheck(page: Page): Promise<string> {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await click(page, "Copy the check");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  return await page.evaluate<string>("navigator.clipboard.readText()");
}
