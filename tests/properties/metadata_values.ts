/**
 * What holds for metadata values: they are any bytes, and grant what is written
 * there and nothing else.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { problemOf } from "../../harness/mapping/interpret_value.ts";
import {
  knownProjects,
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
 * commas. What is one of these encoded once more grants nothing.
 */
function model(bytes: Uint8Array): string[] | "grants nothing" {
  const text = strictText(Buffer.from(bytes))?.trim();
  const { kind, names } = text ? read(text) : { kind: "nothing" };
  const isGood = kind !== "twice" && names !== undefined &&
    names.every((name) => name !== "" && ![...name].some(isControl));
  return isGood ? first(names) : "grants nothing";
}

/** What a text is, and what it names. */
interface Text {
  readonly kind: "json" | "string" | "base64" | "twice" | "word" | "nothing";
  readonly names?: string[] | undefined;
}

/** Text that is still encoded after it was unwrapped twice grants nothing. */
function read(text: string, unwrapped = 0): Text {
  const json = tryJson(text);
  if (!json) return readBase64(text, unwrapped) ?? readNames(text);
  const { value } = json;
  if (typeof value === "string") {
    if (unwrapped === 2) return { kind: "twice" };
    const { kind } = read(value.trim(), unwrapped + 1);
    const isName = kind === "word" || kind === "nothing";
    return { kind: isName ? "string" : "twice", names: [value] };
  }
  const kind = typeof value === "object" && value ? "json" : "word";
  return { kind, names: strings(value) };
}

function readBase64(text: string, unwrapped: number): Text | undefined {
  if (text === "") return undefined;
  const isUrl = /[-_]/.test(text);
  const raw = Buffer.from(text, "base64");
  const standard = raw.toString("base64");
  const padded = isUrl
    ? standard.replaceAll("+", "-").replaceAll("/", "_")
    : standard;
  if (text !== padded && text !== padded.replaceAll("=", "")) return undefined;
  const inner = strictText(raw)?.trim() ?? "";
  const [begin = "x", next = "x"] = raw.toString("latin1").replaceAll(
    /\s/g,
    "",
  );
  const beginsAsJson = "[{".includes(begin) &&
    '"[]{}-0123456789'.includes(next);
  if (unwrapped === 2) {
    return inner !== "" || beginsAsJson ? { kind: "twice" } : undefined;
  }
  const { kind, names } = read(inner, unwrapped + 1);
  if (kind === "json" && (names?.length !== 0 || text === padded)) {
    return isUrl ? { kind: "twice" } : { kind: "base64", names };
  }
  const isNeverAName = ["string", "base64", "twice"].includes(kind) ||
    kind === "word" && (text.endsWith("=") || /[:,]/.test(inner));
  if (isNeverAName) return { kind: "twice" };
  return kind === "nothing" && beginsAsJson ? { kind: "base64" } : undefined;
}

function readNames(text: string): Text {
  const names = text.split(",").map((name) => name.trim())
    .filter((name) => name !== "");
  const isPlain = names.length > 0 &&
    names.every((name) =>
      [...name].every((char) =>
        !"\"'`()[]{}<>".includes(char) && char.trim() !== "" &&
        !isControl(char)
      )
    );
  return isPlain ? { kind: "word", names } : { kind: "nothing" };
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
const toBase64 = (bytes: Uint8Array) =>
  utf8(Buffer.from(bytes).toString("base64"));
const toJsonString = (bytes: Uint8Array) =>
  utf8(JSON.stringify(Buffer.from(bytes).toString("utf8")));
const withoutPadding = (bytes: Uint8Array) =>
  utf8(Buffer.from(bytes).toString("utf8").replaceAll("=", ""));
const listBytes = fc.tuple(anyNames, fc.constantFrom(",", ", ", ",,", "\n"))
  .map(([names, separator]) => utf8(names.join(separator)));
const plainBytes = fc.oneof(
  jsonBytes,
  listBytes,
  fc.uint8Array({ maxLength: 12 }),
);
/** What tools make of a value: encoded not at all, once, or too often. */
const wellMeant = fc.tuple(
  plainBytes,
  fc.array(fc.constantFrom(toBase64, toJsonString, withoutPadding), {
    maxLength: 3,
  }),
).map(([bytes, wraps]) =>
  wraps.reduce((wrapped, wrap) => wrap(wrapped), bytes)
);

/** Values as operators and tools write them, broken ones, and plain noise. */
const anyValue: fc.Arbitrary<Uint8Array> = fc.oneof(
  wellMeant,
  fc.tuple(wellMeant, anyEdit).map(([bytes, edit]) => editBytes(bytes, edit)),
  fc.uint8Array({ maxLength: 40 }),
);

const anyId = fc.oneof(
  fc.constantFrom("1", "2", "chosen", "other", "__proto__", "", "1:2", "1:"),
  anyText,
);
const anyRole = fc.oneof(
  fc.constantFrom("viewer", "", ":", "1:viewer", "chosen:viewer", "2:x"),
  fc.constantFrom(...OBJECT_MEMBERS),
  anyText,
);
const anyKey = fc.oneof(
  anyRole,
  fc.tuple(anyId, anyRole).map(([id, role]) => `${id}:${role}`),
);

/** What holds for metadata values. */
export const metadataValueProperties: readonly Property[] = [
  property(
    "parsePermissions() grants what is written in one of the four forms, and nothing else",
    fc.property(anyValue, (bytes) => {
      const parsed = parsePermissions(bytes);
      const expected = model(bytes);
      assert.deepEqual(parsed ?? "grants nothing", expected);
      // What explains a value agrees with what decides.
      assert.equal(problemOf(bytes) === undefined, parsed !== undefined);
    }),
  ),
  property(
    "permissionsOf() gives what the role's own entry says, whatever the names",
    fc.property(
      fc.array(fc.tuple(anyKey, anyValue), { maxLength: 6 }),
      fc.tuple(anyId, anyRole),
      fc.array(anyId, { maxLength: 3 }),
      (pairs, [projectId, role], listed) => {
        const entries = pairs.map(([key, value]) => ({ key, value }));
        const mapping = parseRoleMapping(entries);
        const isKnown = knownProjects(new Set(listed), [projectId]);
        const entryOf = (key: string) =>
          entries.findLast((entry) => entry.key === key);
        const own = projectId.includes(":")
          ? undefined
          : entryOf(`${projectId}:${role}`);
        const [prefix, ...rest] = role.split(":");
        const isTaken = rest.length > 0 &&
          (/^[0-9]+$/.test(prefix!) ||
            [projectId, ...listed].includes(prefix!));
        const entry = own ?? (isTaken ? undefined : entryOf(role));
        const expected = entry && model(entry.value);
        assert.deepEqual(
          permissionsOf(mapping, { projectId, role }, isKnown),
          expected === "grants nothing" ? [] : expected,
        );
        const broken = entries.filter(({ value }) =>
          model(value) === "grants nothing"
        );
        assert.deepEqual(
          mapping.unreadable,
          broken.map(({ key }) => key),
          "not every broken entry is reported",
        );
      },
    ),
  ),
];
