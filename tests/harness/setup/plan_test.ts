import assert from "node:assert/strict";
import type { Change } from "../../../harness/plan/change.ts";
import { planRemoval } from "../../../harness/setup/plan_removal.ts";
import {
  planSetup,
  type State,
  type Wish,
} from "../../../harness/setup/plan.ts";
import { NO_ENTRIES } from "../../../harness/roles/plan_mapping.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import type { Target } from "../../../harness/zitadel/target.ts";
import { testEach } from "../../_test_each.ts";

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
  entries: NO_ENTRIES,
};
const writing = (from: string | undefined, to: string) => ({
  ...NO_ENTRIES,
  set: [{ key: "admin", from, to }],
});
const EMPTY: State = {
  targets: [],
  executions: [],
  metadata: [],
  envKeys: [],
  env: {},
};
const DONE: State = {
  targets: [OURS],
  executions: [{ condition: "function/preaccesstoken", targets: ["9", "1"] }],
  metadata: [],
  envKeys: ["otherKey", "ourKey"],
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

const { target: _, ...WITHOUT_TARGET } = WISH;
const withDomain = (ZITADEL_DOMAIN: string) => ({
  ...DONE,
  env: { ZITADEL_DOMAIN },
});

testEach<[State, Wish, ...lines: string[]]>(
  "planSetup() makes what is wished for of what is there, and nothing else",
  {
    "all is as wished": [DONE, WISH],
    "another instance": [withDomain("b.example"), {
      ...WISH,
      domain: "a.example",
    }],
    "no instance": [
      withDomain(""),
      { ...WISH, domain: "a.example" },
      "+ ZITADEL_DOMAIN in .env: a.example",
    ],
    "the mapping alone": [
      EMPTY,
      {
        ...WITHOUT_TARGET,
        domain: "a.example",
        entries: writing("x".repeat(80), "y".repeat(81)),
      },
      `~ metadata admin: ${"x".repeat(80)} -> ${"y".repeat(80)}...`,
    ],
    // What ZITADEL may refuse first, and the binding last.
    "all of it": [
      EMPTY,
      { ...WISH, entries: writing(undefined, '["read:all"]') },
      CREATE,
      `+ ${KEY}`,
      '+ metadata admin: ["read:all"]',
      '+ function/preaccesstoken calls: nothing -> "ours"',
    ],
    "a binding behind others": [
      {
        ...DONE,
        targets: [OURS, OTHER],
        executions: [
          { condition: "function/preaccesstoken", targets: ["8", "9"] },
        ],
      },
      WISH,
      '~ function/preaccesstoken calls: "8", "other" -> "8", "other", "ours"',
    ],
    "another key, by force": [
      { ...DONE, envKeys: ["otherKey"] },
      { ...WISH, force: true },
      `~ ${KEY}, in place of another`,
    ],
  },
  ([state, wish, ...lines]) => assert.deepEqual(plan(state, wish), lines),
);

const ON = { interruptOnError: true };
testEach<[Partial<Target>, isGuarded: boolean, wanted?: Partial<Target>]>(
  "planSetup() updates a target that differs in anything",
  {
    "endpoint https://other.example/ -> https://function.example/": [
      { endpoint: "https://other.example/" },
      true,
    ],
    "timeout 5s -> 10s": [{ timeoutSeconds: 5 }, false],
    "interruptOnError on -> off": [ON, false],
    "interruptOnError off -> on": [{}, true, ON],
    "answer is ignored -> read": [{ kind: "webhook" }, false],
  },
  ([difference, isGuarded, wanted], shown) => {
    const changes = planSetup(PLACE, {
      ...DONE,
      targets: [{ ...OURS, ...difference }],
    }, { ...WISH, target: { ...SETTINGS, ...wanted } });
    assert.deepEqual(linesOf(changes), [`~ target "ours": ${shown}`]);
    assert.equal(changes[0]!.isGuarded, isGuarded);
  },
);

Deno.test("planSetup() does not replace another signing key without force", () => {
  const envKeys = ["otherKey"];
  assert.throws(
    () => plan({ ...EMPTY, envKeys }, WISH),
    /no target of this instance has the key .* --force to replace it/,
  );
  assert.throws(
    () => plan({ ...DONE, envKeys, targets: [OURS, OTHER] }, WISH),
    /that of another target \("other"\).* --force to replace it/,
  );
});

Deno.test("planRemoval() undoes in the order that works half done, too", () => {
  const removal = ["ours"];
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
