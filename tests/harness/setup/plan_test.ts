import assert from "node:assert/strict";
import type { Change } from "../../../harness/setup/change.ts";
import { planRemoval } from "../../../harness/setup/plan_removal.ts";
import {
  planSetup,
  type State,
  type Wish,
} from "../../../harness/setup/plan.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import type { Target } from "../../../harness/zitadel/target.ts";

const PLACE = {
  instance: connect("https://zitadel.example", "token"),
  organization: "4",
  envFile: ".env",
};
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
const OTHER = { ...OURS, id: "9", name: "other", signingKey: "otherKey" };
const WISH: Wish = {
  target: SETTINGS,
  conditions: ["function/preaccesstoken"],
  mapping: new Map([["admin", ["read:all"]]]),
};
const bytes = (text: string) => new TextEncoder().encode(text);
const DONE: State = {
  targets: [OURS],
  executions: [{ condition: "function/preaccesstoken", targets: ["9", "1"] }],
  metadata: [{ key: "admin", value: bytes('["read:all"]') }],
  envKeys: ["otherKey", "ourKey"],
  env: {},
};
const EMPTY: State = {
  targets: [],
  executions: [],
  metadata: [],
  envKeys: [],
  env: {},
};

const linesOf = (changes: readonly Change[]) =>
  changes.flatMap(({ lines }) =>
    lines.map(({ sign, text }) => `${sign} ${text}`)
  );
const plan = (state: State, wish: Wish) =>
  linesOf(planSetup(PLACE, state, wish));
const CREATE =
  '+ target "ours": endpoint https://function.example/, timeout 10s, interruptOnError off, answer is read';
const KEY = 'AUTHORIZATION_SIGNING_KEY in .env: the key of "ours"';

Deno.test("planSetup() changes nothing if all is as wished", () => {
  assert.deepEqual(plan(DONE, WISH), []);
});

Deno.test("planSetup() names the instance only if the env file names none", () => {
  const wish = { ...WISH, domain: "a.example" };
  const inFile = (ZITADEL_DOMAIN: string) => ({
    ...DONE,
    env: { ZITADEL_DOMAIN },
  });
  assert.deepEqual(plan(inFile(""), wish), [
    "+ ZITADEL_DOMAIN in .env: a.example",
  ]);
  assert.deepEqual(plan(inFile("b.example"), wish), []);
  assert.deepEqual(plan(DONE, { ...wish, target: undefined }), []);
});

Deno.test("planSetup() begins with what ZITADEL may refuse and binds last", () => {
  assert.deepEqual(plan(EMPTY, WISH), [
    CREATE,
    `+ ${KEY}`,
    '+ metadata admin: ["read:all"]',
    '+ function/preaccesstoken calls: nothing -> "ours"',
  ]);
});

Deno.test("planSetup() puts the target behind those that are bound", () => {
  const executions = [{
    condition: "function/preaccesstoken",
    targets: ["8", "9"],
  }];
  assert.deepEqual(
    plan({ ...DONE, targets: [OURS, OTHER], executions }, WISH),
    ['~ function/preaccesstoken calls: "8", "other" -> "8", "other", "ours"'],
  );
});

Deno.test("planSetup() updates a target that differs in anything", async (t) => {
  const differences: [Partial<Target>, shown: string, isGuarded: boolean][] = [
    [
      { endpoint: "https://other.example/" },
      "endpoint https://other.example/ -> https://function.example/",
      true,
    ],
    [{ timeoutSeconds: 5 }, "timeout 5s -> 10s", false],
    [{ interruptOnError: true }, "interruptOnError on -> off", false],
    [{ kind: "webhook" }, "answer is ignored -> read", false],
  ];
  for (const [difference, shown, isGuarded] of differences) {
    await t.step(shown, () => {
      const state = { ...DONE, targets: [{ ...OURS, ...difference }] };
      const changes = planSetup(PLACE, state, WISH);
      assert.deepEqual(linesOf(changes), [`~ target "ours": ${shown}`]);
      assert.equal(changes[0]!.isGuarded, isGuarded);
    });
  }
  const [on] = planSetup(PLACE, DONE, {
    ...WISH,
    target: { ...SETTINGS, interruptOnError: true },
  });
  assert.equal(on!.isGuarded, true);
});

Deno.test("planSetup() writes only metadata that means something else", async (t) => {
  const values: [stored: string, lines: string[]][] = [
    ['["read:all"]', []],
    ['[ "read:all" ]', []],
    ["read:all", []],
    ['["other"]', ['~ metadata admin: ["other"] -> ["read:all"]']],
    ["x".repeat(90), [
      `~ metadata admin: ${"x".repeat(80)}... -> ["read:all"]`,
    ]],
  ];
  for (const [stored, lines] of values) {
    await t.step(stored, () => {
      const metadata = [{ key: "admin", value: bytes(stored) }];
      assert.deepEqual(plan({ ...DONE, metadata }, WISH), lines);
    });
  }
});

Deno.test("planSetup() plans the mapping alone if no target is wished for", () => {
  const { target: _, ...wish } = WISH;
  assert.deepEqual(plan(EMPTY, wish), ['+ metadata admin: ["read:all"]']);
});

Deno.test("planSetup() replaces another signing key by force only", () => {
  const state = { ...DONE, envKeys: ["otherKey"] };
  assert.throws(
    () => plan({ ...EMPTY, envKeys: ["otherKey"] }, WISH),
    /no target of this instance has the key .* --force to replace it/,
  );
  assert.throws(
    () => plan({ ...state, targets: [OURS, OTHER] }, WISH),
    /that of another target \("other"\).* --force to replace it/,
  );
  assert.deepEqual(plan(state, { ...WISH, force: true }), [
    `~ ${KEY}, in place of another`,
  ]);
});

Deno.test("planRemoval() undoes in the order that works half done, too", () => {
  const removal = { names: ["ours"] };
  assert.deepEqual(linesOf(planRemoval(PLACE, DONE, removal)), [
    '~ function/preaccesstoken calls: "9", "ours" -> "9"',
    `- ${KEY}`,
    '- target "ours"',
  ]);
  const executions = [{ condition: "function/x", targets: ["1"] }];
  const [unbound] = planRemoval(PLACE, { ...DONE, executions }, removal);
  assert.deepEqual(linesOf([unbound!]), [
    '- function/x calls: "ours" -> nothing',
  ]);
});
