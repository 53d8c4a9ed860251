import assert from "node:assert/strict";
import {
  annotateChanges,
  annotateProblems,
} from "../../../harness/roles/annotations.ts";
import { parseRoles } from "../../../harness/mapping/parse_roles.ts";

const annotate = (text: string) =>
  annotateProblems(parseRoles(text).problems, "a,b.json");

Deno.test("annotateProblems() points to the line and column of each problem", () => {
  const text = `{
  "admin": ["a", 1],
  "77": { "editor": 2, "x y": ["b", ""] },
  "admin": ["c"]
}`;
  assert.deepEqual(annotate(text), [
    "::error file=a%2Cb.json,line=4,col=3::admin occurs twice",
    "::error file=a%2Cb.json,line=2,col=18::admin[1] is not a string",
    "::error file=a%2Cb.json,line=3,col=21::77.editor is not an array of strings",
    '::error file=a%2Cb.json,line=3,col=37::77."x y"[1] is empty',
  ]);
});

Deno.test("annotateProblems() points to where a text stops being JSON", () => {
  const [annotation] = annotate('{\n  "a": [}\n');
  assert.match(
    annotation!,
    /^::error file=a%2Cb\.json,line=2,col=9::the file is not JSON/,
  );
});

Deno.test("annotateProblems() and annotateChanges() let no text end a command or begin another", () => {
  const [annotation] = annotate('{"a": ["b\\n::error::c %25"]}');
  assert.doesNotMatch(annotation!, /\n/);
  const change = {
    key: "a",
    kind: "changed",
    gains: ["b\n::error::c%"],
    loses: ["d"],
  } as const;
  assert.equal(
    annotateChanges([change], "roles.json"),
    "::notice file=roles.json,title=Permissions::a (changed)%0A  + b%0A::error::c%25%0A  - d",
  );
});
