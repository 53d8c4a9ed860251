/**
 * What holds for metadata values: they are any bytes, and grant what is written
 * there and nothing else.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  parsePermissions,
  parseRoleMapping,
  permissionsOf,
} from "../../lib/mapping/role_mapping.ts";
import {
  anyEdit,
  anyJson,
  anyText,
  editBytes,
  OBJECT_MEMBERS,
} from "./arbitraries.ts";
import { type Property, property } from "./property.ts";

/**
 * The four forms of a value, written down a second time: a JSON array of
 * strings; a JSON string; base64 of such an array; plain names divided by
 * commas, but not base64 of what was meant to be an array.
 */
function model(bytes: Uint8Array): string[] | "grants nothing" {
  const text = strictText(Buffer.from(bytes))?.trim();
  if (!text) return "grants nothing";
  const json = tryJson(text);
  if (json) {
    if (typeof json.value === "string") return [json.value];
    return strings(json.value) ?? "grants nothing";
  }
  const inner = Buffer.from(text, "base64");
  if (inner.toString("base64") === text) {
    const innerText = strictText(inner);
    const array = innerText === undefined
      ? undefined
      : strings(tryJson(innerText)?.value);
    if (array) return array;
    const begin = (innerText ?? "").replaceAll(/\s/g, "");
    const isMeantAsJson = "[{".includes(begin[0] ?? "x") &&
      '"[]{}-0123456789'.includes(begin[1] ?? "x");
    if (isMeantAsJson) return "grants nothing";
  }
  const names = text.split(",").map((name) => name.trim())
    .filter((name) => name !== "");
  const isPlain = names.length > 0 &&
    names.every((name) =>
      [...name].every((char) =>
        !"\"'`()[]{}<>".includes(char) && char.trim() !== "" &&
        !isControl(char)
      )
    );
  return isPlain ? first(names) : "grants nothing";
}

function isControl(char: string): boolean {
  const code = char.codePointAt(0)!;
  return code < 0x20 || code >= 0x7f && code < 0xa0;
}

function strictText(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) return undefined;
  return text.replace(/^\ufeff/, "");
}

function tryJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function strings(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  for (const item of value) if (typeof item !== "string") return undefined;
  return first(value);
}

function first(names: string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) === index);
}

/** Everything that a value can be said to spell, by whatever form. */
function spelled(bytes: Uint8Array): Set<string> {
  const text = Buffer.from(bytes).toString("utf8");
  const found = new Set<string>();
  for (const source of [text, Buffer.from(text, "base64").toString("utf8")]) {
    for (const [literal] of source.matchAll(/"(?:[^"\\]|\\.)*"/gs)) {
      const value = tryJson(literal)?.value;
      if (typeof value === "string") found.add(value);
    }
  }
  for (const piece of text.split(",")) {
    found.add(piece.replace(/^\ufeff/, "").trim());
  }
  return found;
}

const encoder = new TextEncoder();
const utf8 = (text: string) => encoder.encode(text);
const anyName = fc.oneof(
  fc.constantFrom(
    "posts:read",
    "a",
    "read:all",
    "é",
    "許可",
    "a b",
    "a\u00a0b",
  ),
  fc.constantFrom("true", "null", "1", '"a"', "'a'", "[a]", "a\u200bb"),
  anyText,
);
const anyNames = fc.array(anyName, { maxLength: 5 });
const nearlyNames = fc.array(
  fc.oneof(anyName, fc.integer(), fc.boolean(), fc.constant(null)),
  { maxLength: 3 },
);
const jsonBytes = fc.oneof(
  anyNames,
  nearlyNames,
  anyJson,
  anyNames.map((it) => [it]),
)
  .map((value) => utf8(JSON.stringify(value)));
const base64Bytes = fc.oneof(jsonBytes, fc.uint8Array({ maxLength: 12 }))
  .map((bytes) => utf8(Buffer.from(bytes).toString("base64")));
const listBytes = fc.tuple(anyNames, fc.constantFrom(",", ", ", ",,", "\n"))
  .map(([names, separator]) => utf8(names.join(separator)));
const wellMeant = fc.oneof(jsonBytes, base64Bytes, listBytes);

/** Values as operators and tools write them, broken ones, and plain noise. */
export const anyValue: fc.Arbitrary<Uint8Array> = fc.oneof(
  wellMeant,
  fc.tuple(wellMeant, anyEdit).map(([bytes, edit]) => editBytes(bytes, edit)),
  fc.uint8Array({ maxLength: 40 }),
);

const anyKey = fc.oneof(
  fc.constantFrom("viewer", "1:viewer", "2:viewer", "1:", ":viewer", "1:2:x"),
  fc.constantFrom(...OBJECT_MEMBERS),
  anyText,
);

/** What holds for metadata values. */
export const metadataValueProperties: readonly Property[] = [
  property(
    "parsePermissions() agrees with the four forms",
    fc.property(anyValue, (bytes) => {
      const parsed = parsePermissions(bytes);
      const expected = model(bytes);
      if (typeof parsed === "string") {
        assert.equal(expected, "grants nothing", parsed);
      } else assert.deepEqual([...parsed], expected);
    }),
  ),
  property(
    "parsePermissions() grants nothing that is not written there",
    fc.property(anyValue, (bytes) => {
      const parsed = parsePermissions(bytes);
      if (typeof parsed === "string") return;
      const written = spelled(bytes);
      for (const name of parsed) {
        assert.ok(written.has(name), `${JSON.stringify(name)} is not there`);
      }
      assert.equal(new Set(parsed).size, parsed.length, "named twice");
    }),
  ),
  property(
    "permissionsOf() gives what the role's own entry says, whatever the names",
    fc.property(
      fc.array(fc.tuple(anyKey, anyValue), { maxLength: 6 }),
      fc.constantFrom("1", "2", "__proto__"),
      anyKey,
      (pairs, projectId, role) => {
        const entries = pairs.map(([key, value]) => ({ key, value }));
        const { permissions, problems } = parseRoleMapping(entries);
        const entryOf = (key: string) =>
          entries.findLast((entry) => entry.key === key);
        const entry = entryOf(`${projectId}:${role}`) ??
          (/^[0-9]+:/.test(role) ? undefined : entryOf(role));
        const expected = entry && model(entry.value);
        assert.deepEqual(
          permissionsOf({ permissions, problems }, projectId, role),
          expected === "grants nothing" ? [] : expected,
        );
        const broken = entries.filter(({ value }) =>
          model(value) === "grants nothing"
        );
        assert.deepEqual(
          problems.map(({ key }) => key),
          broken.map(({ key }) => key),
          "not every broken entry is reported",
        );
      },
    ),
  ),
];
