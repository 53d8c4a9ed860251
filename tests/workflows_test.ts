import assert from "node:assert/strict";
import { parse } from "yaml";
import { filesEndingIn } from "./_markdown.ts";
import { ROOT } from "./_source_files.ts";

const WORKFLOWS = ".github/workflows/";

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

Deno.test("the public checks run every task that .ci/run runs", async () => {
  const tasksIn = (text: string) =>
    new Set(
      Array.from(text.matchAll(/ task ([a-z:]+)/g), ([, task]) => task!),
    );
  const own = tasksIn(await read(".ci/run"));
  const inPublic = tasksIn(await read(`${WORKFLOWS}check.yml`));
  assert.ok(own.size > 3, "the tasks are found");
  assert.deepEqual([...own.difference(inPublic)], []);
});

Deno.test("every workflow has the least rights and pins its actions by hash", async () => {
  for (const file of await filesEndingIn([".yml"], WORKFLOWS)) {
    const text = await read(file);
    assert.deepEqual(parse(text).permissions, { contents: "read" }, file);
    for (const [, action] of text.matchAll(/\buses: (.+)$/gm)) {
      assert.match(action!, /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, file);
    }
  }
});

Deno.test("every issue template that describes a fault asks for `doctor --json`", async () => {
  const forms = await filesEndingIn([".yml"], ".github/ISSUE_TEMPLATE/");
  let asked = 0;
  for (const form of forms) {
    const text = await read(form);
    if (!("body" in parse(text))) continue;
    assert.match(text, /deno task doctor (?:--live )?--json/, form);
    asked++;
  }
  assert.ok(asked > 0, "the templates are found");
});

Deno.test("CHANGELOG.md and examples/kubernetes.yaml name the version of deno.json", async () => {
  const { version } = JSON.parse(await read("deno.json"));
  assert.ok((await read("CHANGELOG.md")).includes(`\n## [${version}]\n`));
  const manifests = await read("examples/kubernetes.yaml");
  const [, tag] = /image: \S+\/zitadel-permissions:(\S+)/.exec(manifests)!;
  assert.equal(tag, version);
});
