import assert from "node:assert/strict";
import { SignJWT } from "jose";
import {
  accessToken,
  ask,
  browserTest,
  chain,
  click,
  diagnosis,
  edit,
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
    const { sandbox, issuer } = stack;
    let token = "";

    await step("accepts what the example API accepts", async (page) => {
      await logIn(page, "Bob");
      assert.match(
        await verdict(page),
        /^Accepted by an API of Storefront, with 2 permissions\. ✓ signature ✓ issuer ✓ audience ✓ expiry ✓ kind ✓ claim GET \/posts needs posts:read ✓ 200 allowed DELETE \/posts needs delete:all ✕ 403 Missing permission: delete:all/,
      );
      token = await accessToken(page);
    });

    await step(
      "refuses every other token, and so do all rows",
      async (page) => {
        const [, payload = ""] = token.split(".");
        const claims = JSON.parse(
          atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
        );
        const encode = (value: unknown) =>
          new TextEncoder().encode(JSON.stringify(value)).toBase64({
            alphabet: "base64url",
            omitPadding: true,
          });
        const unsigned = `${encode({ alg: "none" })}.${encode(claims)}.`;
        const changed = token.replace(
          `.${payload}.`,
          `.${encode({ ...claims, permissions: ["all"] })}.`,
        );
        const foreign = await new SignJWT({
          ...claims,
          iss: "https://other.example",
        })
          .setProtectedHeader({ alg: "HS256" }).sign(new Uint8Array(32));
        for (
          const [pasted, reason] of [
            [unsigned, /It is not signed/],
            [changed, /does not match key/],
            [foreign, /does not know its algorithm HS256.*✕ issuer/],
          ] as const
        ) {
          await page.goto(stack.inspector.origin);
          await page.getByRole("button", { name: "Alice" }).waitFor();
          await paste(page, pasted);
          await feedback(page, "renew", /^Token read/);
          const said = await verdict(page);
          assert.match(said, /^Refused\. /);
          assert.match(said, reason);
          assert.match(said, /posts:read ✕ 401 .*delete:all ✕ 401 /);
          assert.doesNotMatch(said, /✓ 200/);
        }
      },
    );

    await step(
      "refuses an expired token, by the server's clock",
      async (page) => {
        await page.clock.install();
        await page.goto(stack.inspector.origin);
        await logIn(page, "Bob");
        assert.match(await verdict(page), /^Accepted/);
        await page.clock.fastForward("13:00:00");
        await page.getByText(/^Refused\. It expired at/).waitFor();
        assert.match(
          await verdict(page),
          /^Refused\. It expired.*posts:read ✕ 401 It expired.*delete:all ✕ 401 It expired/,
        );
        assert.equal(await text(page, "#time"), "expired");
      },
    );

    await step("is not misled by the browser's clock", async (page) => {
      await page.clock.install({ time: Date.now() + 13 * 3600 * 1000 });
      await page.goto(stack.inspector.origin);
      await page.getByRole("button", { name: "Bob" }).waitFor();
      await paste(page, await tokenOf(stack, "bob"));
      await feedback(page, "renew", "Token read.");
      assert.match(await verdict(page), /^Accepted/);
      assert.match(
        await text(page, ".calls"),
        /preaccesstoken for the access token/,
      );
    });

    await step(
      "refuses an opaque token, and copies the check that asks",
      async (page) => {
        await page.context().grantPermissions([
          "clipboard-read",
          "clipboard-write",
        ]);
        await page.getByLabel("Application").selectOption({
          label: "Web shop (opaque tokens)",
        });
        await logIn(page, "Alice");
        const said = await verdict(page);
        assert.match(said, /^Refused\. It is opaque: .*introspection/);
        assert.match(said, /✕ 401 .*✕ 401 /);
        assert.match(
          await text(page, ".chain thead"),
          /Permission, in userinfo/,
        );
        assert.equal((await chain(page)).length, 2);
        await click(page, "Copy the check");
        await page.getByRole("button", { name: "Copied" }).waitFor();
        assert.match(
          await page.evaluate<string>("navigator.clipboard.readText()"),
          /async function introspect/,
        );
        await click(page, "Log in to Web shop instead");
        await page.getByText("logged in to Web shop").waitFor();
        assert.match(await verdict(page), /^Accepted/);
        await click(page, "Copy the check");
        await page.getByRole("button", { name: "Copied" }).waitFor();
        const copied = await page.evaluate<string>(
          "navigator.clipboard.readText()",
        );
        assert.match(copied, /jwtVerify/);
        assert.ok(copied.includes(`const issuers = ["${issuer}"]`));
        assert.ok(
          copied.includes('const applications = ["390000000000000022"]'),
        );
      },
    );

    await step(
      "explains a pasted token of the sandbox like a login's",
      async (page) => {
        await paste(page, await tokenOf(stack, "bob"));
        await feedback(page, "renew", "Token read.");
        assert.deepEqual(await chain(page), [
          "editor Storefront | posts:read, posts:write | posts:read, posts:write",
        ]);
        assert.match(
          await text(page, ".calls"),
          /preaccesstoken for the access token: HTTP 200/,
        );
        await ask(page, "read:all", "Only admin grants “read:all”");
        await edit(page);
      },
    );

    await step("tells an ID token", async (page) => {
      await logIn(page, "Bob");
      const id = (await page.locator("#ID-token .raw").textContent())!;
      await click(page, "Switch user");
      await paste(page, id);
      await feedback(page, "renew", /^Token read/);
      assert.match(await verdict(page), /^Refused\. It is an ID token/);
    });

    await step("gets a service user's token", async (page) => {
      await logIn(page, "ci-runner");
      await diagnosis(page, "ci-runner has viewer in Storefront");
      await click(page, "Log in again and request Storefront’s roles");
      await feedback(page, "renew", /Added posts:read/);
      assert.match(await verdict(page), /^Accepted/);
      await click(page, "Get a new token");
      await feedback(page, "renew", "The permissions are the same.");
      await edit(page);
      await page.getByLabel("Permissions of viewer").fill("posts:read, ci:run");
      await save(page, "Saved. Added ci:run.");
      assert.equal(sandbox!.world.users.size > 0, true);
    });
  },
);

/** A token that the page did not see being issued. */
async function tokenOf(
  { issuer, sandbox, inspector }: {
    issuer: string;
    sandbox: {
      world: { apps: Map<string, { clientId: string }> };
      loginClientToken: string;
    } | undefined;
    inspector: { redirectUri: string };
  },
  loginName: string,
): Promise<string> {
  const { login } = await import("../../harness/zitadel/login.ts");
  const [app] = sandbox!.world.apps.values();
  const tokens = await login(issuer, {
    ...{ clientId: app!.clientId, redirectUri: inspector.redirectUri },
    ...{ scope: "openid", loginName, password: "any" },
    loginClientToken: sandbox!.loginClientToken,
  });
  return tokens.accessToken;
}
