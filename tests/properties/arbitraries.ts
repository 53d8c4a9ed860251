/**
 * Inputs that properties have in common.
 *
 * @module
 */
import fc from "fast-check";

/** Names that mean something to JavaScript's objects. */
export const OBJECT_MEMBERS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "",
] as const;

/** Texts of any UTF-16 units: half surrogate pairs, controls and all. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.constantFrom(0, 0x22, 0x5c, 0x2028, 0xfeff, 0xfffe),
    ),
    { maxLength: 8 },
  ).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(...OBJECT_MEMBERS),
);

/** JSON values, as `JSON.parse` makes them: `__proto__` can be a plain key. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(
        anyText,
        fc.double({ noNaN: true, noDefaultInfinity: true })
          .map((number) => number === 0 ? 0 : number),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie("value"), { maxLength: 5 }),
      fc.array(fc.tuple(anyText, tie("value")), { maxLength: 5 })
        .map((entries) => {
          const object = {};
          for (const [key, value] of entries) {
            Object.defineProperty(object, key, {
              value,
              configurable: true,
              enumerable: true,
              writable: true,
            });
          }
          return object;
        }),
    ),
  }),
).value;

/** An edit of a text or of bytes: what to take out where, and what to put in. */
export interface Edit {
  /** Where, from 0 to 1 of the length. */
  readonly at: number;
  /** How many elements to take out. */
  readonly remove: number;
  /** What to put in their place. */
  readonly insert: readonly number[];
}

/** Small edits, among them none at all. */
export const anyEdit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constantFrom(0, 1), fc.nat(20)),
  insert: fc.oneof(
    fc.constant([]),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }),
    fc.constantFrom(...'0123456789abcdefABCDEF,=tv1[]{}" \\').map(
      (char) => [char.charCodeAt(0)],
    ),
  ),
});

/**
 * Edits bytes.
 *
 * @param bytes The bytes.
 * @param edit The edit.
 * @returns The edited bytes.
 */
export function editBytes(
  bytes: Uint8Array,
  { at, remove, insert }: Edit,
): Uint8Array<ArrayBuffer> {
  const start = Math.floor(at * bytes.length);
  return Uint8Array.from([
    ...bytes.subarray(0, start),
    ...insert,
    ...bytes.subarray(start + remove),
  ]);
}

/**
 * Edits a text of Latin-1 characters, such as a header's value.
 *
 * @param text The text.
 * @param edit The edit.
 * @returns The edited text.
 */
export function editText(text: string, edit: Edit): string {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  return String.fromCharCode(...editBytes(bytes, edit));
}
