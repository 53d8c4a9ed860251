import assert from "node:assert/strict";
import { planDeployment } from "../../../harness/deploy/plan.ts";
import { read } from "../../_source_files.ts";
import { SETTINGS } from "../../../lib/config/settings.ts";

const WISH = {
  organization: "acme",
  app: "permissions",
  region: "eu",
  create: true,
  settings: ["ZITADEL_DOMAIN", "ACCESS_TOKEN", "ZITADEL_ADMIN_TOKEN"],
};

const commandsOf = (wish: typeof WISH) =>
  planDeployment(wish).map(({ command }) => command.join(" "));

Deno.test("planDeployment() creates the app and its database once, then uploads and deploys", () => {
  assert.deepEqual(commandsOf(WISH), [
    "deno task build",
    "deno deploy create --org acme --app permissions --source local --runtime-mode dynamic --entrypoint dist/main.js --region eu --build-timeout 5 --build-memory-limit 1024",
    "deno deploy database provision permissions-kv --kind denokv --org acme",
    "deno deploy database assign permissions-kv --org acme --app permissions",
    "deno deploy env load deploy.env --org acme --app permissions --non-secrets ZITADEL_DOMAIN",
    "deno deploy --prod --org acme --app permissions",
  ]);
  assert.deepEqual(
    commandsOf({ ...WISH, create: false, settings: [] }),
    ["deno task build", "deno deploy --prod --org acme --app permissions"],
  );
});

Deno.test("planDeployment() uploads the function's settings only, and shows no secret", () => {
  const others = ["ZITADEL_ADMIN_TOKEN", "HOME", "PORT", "HOST", "KV_URL"];
  const { settings, command } = planDeployment({
    ...WISH,
    settings: [...Object.keys(SETTINGS), ...others],
  }).find(({ settings }) => settings !== undefined)!;
  assert.deepEqual(others.filter((name) => settings!.includes(name)), []);
  assert.ok(settings!.includes("AUTHORIZATION_SIGNING_KEY"));
  const shown = command.slice(command.indexOf("--non-secrets") + 1);
  assert.ok(shown.includes("ZITADEL_DOMAIN"));
  assert.deepEqual(shown.filter((it) => /KEY|TOKEN|SECRET/.test(it)), []);
});

Deno.test("the upload is the bundle, and nothing else of the project", async () => {
  const { deploy, lock } = JSON.parse(await read("deno.json"));
  assert.equal(deploy.runtime.entrypoint, "dist/main.js");
  assert.deepEqual(deploy.include, ["dist/", "deno.json", lock.path]);
});
