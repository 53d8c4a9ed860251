/**
 * What operators, tests and other tools rely on, as the documents state it. A change
 * here breaks them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { EXIT } from "../harness/cli/exit.ts";
import { signPayload } from "../harness/util/sign_payload.ts";
import { SETTINGS } from "../lib/config/settings.ts";
import { REMEDIES, STATUS } from "../lib/errors.ts";
import { VERSION } from "../lib/services.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
} from "./lib/_function.ts";
import { readSettingsTable } from "./_settings_table.ts";
import { read } from "./_source_files.ts";
import { TASKS } from "./_tasks.ts";

const readme = await read("README.md");
const operations = await read("docs/operations.md");

Deno.test("README.md describes every setting with its default, and no other", () => {
  const rows = readSettingsTable(readme);
  assert.deepEqual(
    rows.map(([name, value]) => [name, value!.replaceAll("`", "")]),
    Object.entries(SETTINGS).map(([name, it]) => [`\`${name}\``, it.default]),
  );
  for (const row of rows) assert.match(row[2]!, /\S{2,}.* \S/, row.join(" | "));
});

Deno.test("README.md lists the exit codes", () => {
  const exits = Array.from(
    readme.matchAll(/^\| (\d+) +\|/gm),
    ([, it]) => +it!,
  );
  assert.deepEqual(exits, Object.values(EXIT));
});

Deno.test("the commands are these", () => {
  assert.deepEqual(Object.keys(TASKS).sort(), [
    ...["bench", "build", "conformance", "demo", "deploy", "dev", "doctor"],
    ...["explain", "fuzz", "ok", "record", "replay", "roles", "rotate"],
    ...["setup", "start", "test", "test:browser", "test:kv"],
  ]);
});

Deno.test("docs/operations.md lists the error codes with their statuses", () => {
  const listed = operations.matchAll(/^\| (\d{3}[\d, ]*) \| (`[`\w, ]+) +\|/gm)
    .flatMap(([, statuses, codes]) => {
      const each = codes!.match(/\w+/g)!;
      return statuses!.match(/\d+/g)!.map((it, i) => [each[i]!, Number(it)]);
    });
  assert.deepEqual(Object.fromEntries(listed), STATUS);
});

Deno.test("docs/operations.md lists the log's reasons, and docs/troubleshooting.md explains each", async () => {
  const [, list] = /^Failures have a `reason`[^:]*:\s([^]*?); and `kv_failed`/m
    .exec(operations)!;
  const reasons = list!.match(/\w+/g)!;
  assert.deepEqual(reasons.sort(), Object.keys(REMEDIES).sort());
  const causes = await read("docs/troubleshooting.md");
  const unexplained = reasons.filter((it) => !causes.includes(`\`${it}\``));
  assert.deepEqual(unexplained, []);
});

Deno.test("a canary is answered with the process and what it runs, and only a canary", async () => {
  const { call, handle } = await createTestFunction();
  const canary = JSON.stringify({ function: "function/canary" });
  const response = await call(canary);
  assert.equal(response.status, 200);
  const body = await response.json();
  assert.deepEqual(Object.keys(body), ["canary"]);
  const { process, credential, ...others } = body.canary;
  const { deno } = Deno.version;
  assert.deepEqual(others, { version: VERSION, deno, event: null });
  assert.match(`${process} ${credential}`, /^[0-9a-f]{8} [0-9a-f]{8}$/);
  for (const sequence of [7, 3, undefined]) {
    await call({ event_type: "org.metadata.set", aggregateID: "1", sequence });
    const { canary: { event } } = await (await call(canary)).json();
    assert.equal(event, sequence ?? null);
  }

  const signature = signPayload("another-key", NOW / 1_000, canary);
  const forged = await handle(
    new Request("http://localhost/", {
      method: "POST",
      headers: { "zitadel-signature": signature },
      body: canary,
    }),
  );
  assert.equal(forged.status, 401);
  assert.equal(await forged.text(), '{"error":"invalid_signature"}');

  const other = await createTestFunction();
  const second = await (await other.call(canary)).json();
  assert.notEqual(second.canary.process, process);
  assert.equal(second.canary.credential, credential);

  for (const payload of [loginPayload(), login.request.body]) {
    assert.ok(!(await (await call(payload)).text()).includes("canary"));
  }
});
