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
      const { changed, ...entry } = entries.find((it: { key: string }) =>
        it.key === "editor"
      );
      assert.deepEqual(entry, { key: "editor", value: btoa("x") });
      assert.ok(changed <= Date.now());
    },
  );
});

Deno.test("the sandbox tells a token's holder, and no one else, what led to it", async () => {
  await using sandbox = await startSandbox();
  const url = `${sandbox.origin}/_sandbox/tokens`;
  const machine = [...sandbox.world.users.values()].find((it) =>
    it.userName === "ci-runner"
  )!;
  const request = (user: string) =>
    fetch(url, {
      method: "POST",
      body: JSON.stringify({ user, scope: "openid" }),
    });
  const { access_token: token } = await (await request(machine.id)).json();
  const origin = async (bearer: string) => {
    const headers = { authorization: `Bearer ${bearer}` };
    return await (await fetch(url, { headers })).json();
  };
  assert.deepEqual(await origin(token), {
    clientId: "ci-runner",
    scope: "openid",
    exchanges: [],
  });
  assert.equal(await origin(`${token}x`), null);
  const person = [...sandbox.world.users.values()].find((it) => it.human)!;
  const refused = await request(person.id);
  assert.equal(refused.status, 404);
  await refused.body?.cancel();
});
