import assert from "node:assert/strict";
import {
  generateMutants,
  hasRuntimeCode,
} from "../../../harness/mutate/generate_mutants.ts";
import { applyMutant } from "../../../harness/mutate/mutant.ts";

/** What a source can become. */
function changesOf(source: string): string[] {
  return generateMutants("a.ts", source).map((it) => applyMutant(source, it));
}

const CASES: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  "negates a condition": ["if (a) b;", ["if (!(a)) b;", "if (a) ;"]],
  "removes a negation, once": ["x = !a ? b : c", ["x = a ? b : c", ";"]],
  "replaces a comparison": ["const x = a < b;", ["const x = a <= b;"]],
  "negates an equality once": [
    "while (a === b);",
    ["while (a !== b);"],
  ],
  "both negates and shifts an order": [
    "const x = a >= b ? c : d;",
    ["const x = !(a >= b) ? c : d;", "const x = a > b ? c : d;"],
  ],
  "swaps a logical operator": ["const x = a && b;", ["const x = a || b;"]],
  "keeps how logical operators bind": [
    "const x = a || b || c;",
    ["const x = (a || b) && c;", "const x = a && b || c;"],
  ],
  "swaps arithmetic": [
    "const x = a * b - c++;",
    [
      "const x = a * b + c++;",
      "const x = a / b - c++;",
      "const x = a * b - c--;",
    ],
  ],
  "swaps the sign of an assignment": ["a += b;", [";", "a -= b;"]],
  "leaves the joining of strings alone": [
    'const x = a + "b";',
    ['const x = a + "";'],
  ],
  "flips a boolean": ["const x = true;", ["const x = false;"]],
  "shifts a number both ways": [
    "const x = [1_000, -0];",
    [
      "const x = [1001, -0];",
      "const x = [999, -0];",
      "const x = [1_000, -1];",
      "const x = [1_000, -(-1)];",
    ],
  ],
  "takes a named number away, and leaves its size alone": [
    "const MAX_BYTES = 64 * 1024;",
    ["const MAX_BYTES = 0;"],
  ],
  "leaves the numbers of a named list alone, but not those of a set": [
    "const RETRY_MS = [1_000, 4_000];\nconst STATUSES = new Set([503]);",
    [
      "const RETRY_MS = [1_000, 4_000];\nconst STATUSES = new Set([504]);",
      "const RETRY_MS = [1_000, 4_000];\nconst STATUSES = new Set([502]);",
    ],
  ],
  "empties a string, or fills an empty one": [
    'const x = [`${a}:b`, ""];',
    ['const x = ["", ""];', 'const x = [`${a}:b`, "mutant"];'],
  ],
  "removes statements, but not the call of super": [
    "class A extends B { constructor() { super(); c(); throw d; } }",
    [
      "class A extends B { constructor() { super(); ; throw d; } }",
      "class A extends B { constructor() { super(); c(); ; } }",
    ],
  ],
  "returns nothing": [
    "function f() { return a; } const g = () => ({});",
    [
      "function f() { return undefined; } const g = () => ({});",
      "function f() { return a; } const g = () => (undefined);",
    ],
  ],
  "removes an empty return, and leaves an undefined alone": [
    "function f() { if (!a) return; return undefined; }",
    [
      "function f() { if (a) return; return undefined; }",
      "function f() { if (!a) ; return undefined; }",
    ],
  ],
  "removes optional chaining": [
    "const x = a?.b?.[c]?.(d);",
    [
      "const x = a.b?.[c]?.(d);",
      "const x = a?.b[c]?.(d);",
      "const x = a?.b?.[c](d);",
    ],
  ],
  "looks into expressions with types": [
    "const x = (a < b) as unknown satisfies T;",
    ["const x = (a <= b) as unknown satisfies T;"],
  ],
};

for (const [name, [source, expected]] of Object.entries(CASES)) {
  Deno.test(`generateMutants() ${name}`, () => {
    assert.deepEqual(changesOf(source).sort(), [...expected].sort());
  });
}

Deno.test("generateMutants() leaves types, imports and keys alone", () => {
  const source = `
    import { a } from "b";
    import type { C } from "./c.ts";
    export type { D } from "./d.ts";
    export { e } from "./e.ts";
    type F = "g" | 1;
    interface H { readonly i: "j" }
    declare const K: 1;
    export const l: Record<"m", 1> = { "n": o as "p" };`;
  assert.deepEqual(changesOf(source), []);
});

Deno.test("generateMutants() leaves texts for people alone", () => {
  const source = `
    const a = { message: "Cannot do", remedy: b ? "Try" : \`Ask \${c}\` };
    const d = () => { throw new TypeError(\`\${e} is bad\`); };
    const f = ["Limits how many callers run"];`;
  const strings = generateMutants("a.ts", source)
    .filter(({ operator }) => operator === "string");
  assert.deepEqual(strings, []);
});

Deno.test("generateMutants() changes a text that the code searches for, and an error's code", () => {
  const source = `
    const a = b === "404 page not found";
    const c = d.includes("Instance was not found");
    const e = new FunctionError("invalid_payload", "Cannot read it");`;
  const strings = generateMutants("a.ts", source)
    .filter(({ operator }) => operator === "string")
    .map(({ start, end }) => source.slice(start, end));
  assert.deepEqual(strings, [
    '"404 page not found"',
    '"Instance was not found"',
    '"invalid_payload"',
  ]);
});

Deno.test("generateMutants() reports where a change is", () => {
  const [mutant] = generateMutants("lib/a.ts", "const a = 1;\n  b();\n")
    .filter(({ operator }) => operator === "removal");
  assert.deepEqual(mutant, {
    file: "lib/a.ts",
    line: 2,
    column: 3,
    operator: "removal",
    start: 15,
    end: 19,
    replacement: ";",
  });
});

Deno.test("hasRuntimeCode() is false for a file of types", () => {
  assert.equal(hasRuntimeCode('import "a"; export interface B {}'), false);
  assert.equal(hasRuntimeCode("export const a = 1;"), true);
});
