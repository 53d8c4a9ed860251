import assert from "node:assert/strict";
import { describeChange } from "../../../harness/setup/describe_change.ts";
import type { Change } from "../../../harness/setup/plan.ts";

const SETTINGS = {
  name: "ours",
  endpoint: "https://function.example/",
  timeoutSeconds: 10,
  interruptOnError: false,
};
const OTHER = {
  ...SETTINGS,
  id: "9",
  name: "other",
  kind: "call",
  signingKey: "secretKey",
  payloadType: "json",
} as const;

const LINES: [Change, string][] = [
  [
    { kind: "create-target", settings: SETTINGS },
    '+ target "ours": endpoint https://function.example/, timeout 10s, interruptOnError off, answer is read',
  ],
  [
    {
      kind: "update-target",
      id: "1",
      from: { ...SETTINGS, timeoutSeconds: 5 },
      settings: { ...SETTINGS, interruptOnError: true },
    },
    '~ target "ours": timeout 5s -> 10s, interruptOnError off -> on',
  ],
  [{ kind: "delete-target", id: "1", name: "ours" }, '- target "ours"'],
  [
    { kind: "bind", condition: "function/x", from: ["9"], to: ["9", "new"] },
    '~ function/x calls: "other" -> "other", "ours"',
  ],
  [
    { kind: "bind", condition: "function/x", from: ["9"], to: [] },
    '- function/x calls: "other" -> nothing',
  ],
  [
    {
      kind: "set-metadata",
      entries: [{ key: "admin", from: "x".repeat(90), to: "[]" }],
    },
    `~ metadata admin: ${"x".repeat(80)}... -> []`,
  ],
  [
    {
      kind: "write-setting",
      name: "PROJECTS",
      value: "1,2",
      shown: "also Shop (2)",
      replaces: true,
    },
    "~ PROJECTS in .env: also Shop (2)",
  ],
  [
    { kind: "write-key", id: "9", replaces: true },
    '~ AUTHORIZATION_SIGNING_KEY in .env: the key of "other", in place of another',
  ],
  [
    { kind: "drop-key", id: "9", replaces: false },
    '- AUTHORIZATION_SIGNING_KEY in .env: the key of "other"',
  ],
];

Deno.test("describeChange() tells each change in one line, and no secret", async (t) => {
  const options = { targets: [OTHER], name: "ours", envFile: ".env" };
  for (const [change, expected] of LINES) {
    await t.step(expected, () => {
      const [line, ...rest] = describeChange(change, options);
      assert.equal(`${line!.sign} ${line!.text}`, expected);
      assert.deepEqual(rest, []);
    });
  }
});
