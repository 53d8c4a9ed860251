import assert from "node:assert/strict";
import {
  planRemoval,
  planSetup,
  type State,
  type Wish,
} from "../../../harness/setup/plan.ts";
import type { Target } from "../../../harness/zitadel/target.ts";

const SETTINGS = {
  name: "ours",
  endpoint: "https://function.example/",
  timeoutSeconds: 10,
  interruptOnError: false,
};
const OURS: Target = {
  ...SETTINGS,
  id: "1",
  kind: "call",
  signingKey: "ourKey",
  payloadType: "json",
};
const WISH: Wish = {
  target: SETTINGS,
  conditions: ["function/preaccesstoken"],
  mapping: new Map([["admin", ["read:all"]]]),
  force: false,
};
const bytes = (text: string) => new TextEncoder().encode(text);
const DONE: State = {
  targets: [OURS],
  executions: [{ condition: "function/preaccesstoken", targets: ["9", "1"] }],
  metadata: [{ key: "admin", value: bytes('["read:all"]') }],
  signingKeys: "otherKey,ourKey",
  env: {},
};
const EMPTY: State = {
  targets: [],
  executions: [],
  metadata: [],
  signingKeys: undefined,
  env: {},
};

Deno.test("planSetup() changes nothing where all is as wished", () => {
  assert.deepEqual(planSetup(DONE, WISH), []);
});

Deno.test("planSetup() names the instance only where the env file names none", () => {
  const wish = { ...WISH, domain: "a.example" };
  const change = {
    kind: "write-setting",
    name: "ZITADEL_DOMAIN",
    value: "a.example",
    shown: "a.example",
    replaces: false,
  };
  const inFile = (ZITADEL_DOMAIN: string) => ({
    ...DONE,
    env: { ZITADEL_DOMAIN },
  });
  assert.deepEqual(planSetup(inFile(""), wish), [change]);
  assert.deepEqual(planSetup(inFile("b.example"), wish), []);
  const mappingAlone = { ...wish, target: undefined };
  assert.deepEqual(planSetup(DONE, mappingAlone), []);
});

Deno.test("planSetup() begins with what ZITADEL may refuse and binds last", () => {
  assert.deepEqual(
    planSetup(EMPTY, WISH).map(({ kind }) => kind),
    ["create-target", "write-key", "set-metadata", "bind"],
  );
});

Deno.test("planSetup() puts the target behind those that are bound", () => {
  const executions = [{
    condition: "function/preaccesstoken",
    targets: ["8", "9"],
  }];
  assert.deepEqual(planSetup({ ...DONE, executions }, WISH), [{
    kind: "bind",
    condition: "function/preaccesstoken",
    from: ["8", "9"],
    to: ["8", "9", "1"],
  }]);
});

Deno.test("planSetup() updates a target that differs in anything", async (t) => {
  const differences: Partial<Target>[] = [
    { endpoint: "https://other.example/" },
    { timeoutSeconds: 5 },
    { interruptOnError: true },
    { kind: "webhook" },
  ];
  for (const difference of differences) {
    await t.step(JSON.stringify(difference), () => {
      const state = { ...DONE, targets: [{ ...OURS, ...difference }] };
      assert.deepEqual(
        planSetup(state, WISH).map(({ kind }) => kind),
        ["update-target"],
      );
    });
  }
});

Deno.test("planSetup() writes only metadata that means something else", async (t) => {
  const same = ['["read:all"]', '[ "read:all" ]', "read:all"];
  for (const text of same) {
    await t.step(`keeps ${text}`, () => {
      const metadata = [{ key: "admin", value: bytes(text) }];
      assert.deepEqual(planSetup({ ...DONE, metadata }, WISH), []);
    });
  }
  await t.step("replaces another value", () => {
    const metadata = [{ key: "admin", value: bytes('["other"]') }];
    assert.deepEqual(planSetup({ ...DONE, metadata }, WISH), [{
      kind: "set-metadata",
      entries: [{ key: "admin", from: '["other"]', to: '["read:all"]' }],
    }]);
  });
});

Deno.test("planSetup() plans the mapping alone where no target is wished for", () => {
  const { target: _, ...wish } = WISH;
  assert.deepEqual(
    planSetup(EMPTY, wish).map(({ kind }) => kind),
    ["set-metadata"],
  );
});

Deno.test("planSetup() replaces another signing key by force only", () => {
  const state = { ...DONE, signingKeys: "otherKey" };
  assert.throws(() => planSetup(state, WISH), /--force/);
  assert.throws(
    () => planSetup({ ...EMPTY, signingKeys: "otherKey" }, WISH),
    /no target of this instance has the key .* --force to replace it/,
  );
  const [target] = DONE.targets;
  const other = { ...target!, id: "2", name: "other", signingKey: "otherKey" };
  assert.throws(
    () => planSetup({ ...state, targets: [target!, other] }, WISH),
    /that of another target \("other"\).* --force to replace it/,
  );
  assert.deepEqual(planSetup(state, { ...WISH, force: true }), [
    { kind: "write-key", id: "1", replaces: true },
  ]);
});

Deno.test("planRemoval() undoes in the order that works half done, too", () => {
  assert.deepEqual(planRemoval(DONE, { name: "ours", mapping: WISH.mapping }), [
    {
      kind: "bind",
      condition: "function/preaccesstoken",
      from: ["9", "1"],
      to: ["9"],
    },
    { kind: "drop-key", id: "1", replaces: false },
    { kind: "delete-target", id: "1", name: "ours" },
    {
      kind: "remove-metadata",
      entries: [{ key: "admin", from: '["read:all"]', to: undefined }],
    },
  ]);
});

Deno.test("planRemoval() leaves metadata that no longer says what the file says", () => {
  const metadata = [{ key: "admin", value: bytes('["other"]') }];
  assert.deepEqual(
    planRemoval({ ...EMPTY, metadata }, {
      name: "ours",
      mapping: WISH.mapping,
    }),
    [],
  );
});
