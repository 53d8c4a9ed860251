import assert from "node:assert/strict";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";

const ACME = "390000000000000001";

Deno.test("PATCH of the mapping changes single entries, all or none", async (t) => {
  await using sandbox = await startSandbox();
  const url = `${sandbox.origin}/_sandbox/organizations/${ACME}/metadata`;
  const { metadata } = sandbox.world.organizations.get(ACME)!;
  const stored = (key: string) => metadata.get(key)?.value.toBase64() ?? null;
  const patch = async (body: unknown) => {
    const response = await fetch(url, {
      method: "PATCH",
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: await response.json() };
  };
  const untouched = stored("admin");

  await t.step("as their author saw them", async () => {
    const { answer } = await patch([
      { key: "editor", value: "x", before: stored("editor") },
      { key: "viewer", value: null, before: stored("viewer") },
      { key: "__proto__", value: '["y"]', before: null },
    ]);
    assert.deepEqual(answer, { saved: true, told: false });
    assert.equal(stored("editor"), btoa("x"));
    assert.equal(stored("viewer"), null);
    assert.equal(stored("__proto__"), btoa('["y"]'));
    assert.equal(stored("admin"), untouched);
  });
  await t.step("nothing if one of them was changed meanwhile", async () => {
    const { answer } = await patch([
      { key: "editor", value: "new", before: stored("editor") },
      { key: "picker", value: "new", before: btoa("something else") },
    ]);
    assert.deepEqual(answer, { saved: false, told: false });
    assert.equal(stored("editor"), btoa("x"));
  });
  await t.step("nothing if it is not a list of changes", async () => {
    for (
      const body of [{}, [{ key: "" }], [{
        key: "x".repeat(201),
        value: "a",
        before: null,
      }]]
    ) {
      assert.equal((await patch(body)).status, 400);
    }
  });
  await t.step(
    "and the world shows the entries as they are stored",
    async () => {
      const world = await (await fetch(`${sandbox.origin}/_sandbox/world`))
        .json();
      const { entries } = world.organizations.find(({ id }: { id: string }) =>
        id === ACME
      );
      assert.deepEqual(
        entries.find(({ key }: { key: string }) => key === "editor"),
        {
          key: "editor",
          value: btoa("x"),
          changed: metadata.get("editor")!.changed.getTime(),
        },
      );
    },
  );
});
