/**
 * Checks JSON that came from elsewhere, and copies what is used of it. Loading
 * a schema library takes as long as a bare server's whole start, and the first
 * token waits for it.
 *
 * @module
 */

/**
 * Copies a value that has the right shape. Where it has not, the paths of what
 * is wrong are added to `wrong`, and what is returned means nothing.
 */
export type Shape<T> = (value: unknown, wrong: string[]) => T;

/**
 * Makes the shape of a value that a test accepts.
 *
 * @param test The test.
 * @returns The shape.
 */
export function accepted<T>(test: (value: unknown) => value is T): Shape<T> {
  return (value, wrong) => {
    if (!test(value)) wrong.push("");
    return value as T;
  };
}

/** A text. */
export const text: Shape<string> = accepted((value) =>
  typeof value === "string"
);

/** A finite number. */
export const number: Shape<number> = accepted((value): value is number =>
  Number.isFinite(value)
);

/**
 * Makes the shape of what may be absent or null.
 *
 * @param shape The shape where it is neither.
 * @returns The shape.
 */
export function optional<T>(shape: Shape<T>): Shape<T | null | undefined> {
  return (value, wrong) =>
    value === null || value === undefined ? value : shape(value, wrong);
}

/**
 * Makes the shape of a list.
 *
 * @param item The shape of each item.
 * @returns The shape.
 */
export function list<T>(item: Shape<T>): Shape<T[]> {
  return (value, wrong) => {
    if (!Array.isArray(value)) {
      wrong.push("");
      return [];
    }
    return value.map((each, index) => within(index, item, each, wrong));
  };
}

/**
 * Makes the shape of an object, of which only some fields are used.
 *
 * @param shapes The shapes of those fields.
 * @returns The shape.
 */
export function fields<T extends object>(
  shapes: { readonly [K in keyof T]-?: Shape<T[K]> },
): Shape<T> {
  const entries = Object.entries(shapes) as [keyof T & string, Shape<never>][];
  return (value, wrong) => {
    const copy: Partial<T> = {};
    if (
      typeof value !== "object" || value === null || Array.isArray(value)
    ) {
      wrong.push("");
      return copy as T;
    }
    for (const [name, shape] of entries) {
      const field = within(name, shape, (value as Partial<T>)[name], wrong);
      if (field !== undefined) copy[name] = field;
    }
    return copy as T;
  };
}

/**
 * Copies a value that has the right shape.
 *
 * @param shape The shape.
 * @param value The value.
 * @returns The copy, or `undefined` where the value has another shape.
 */
export function copyOf<T>(shape: Shape<T>, value: unknown): T | undefined {
  const wrong: string[] = [];
  const copy = shape(value, wrong);
  return wrong.length === 0 ? copy : undefined;
}

/** Puts the place before the paths that a part found wrong; nothing is spent on paths where all is right. */
function within<T>(
  place: string | number,
  shape: Shape<T>,
  value: unknown,
  wrong: string[],
): T {
  const before = wrong.length;
  const copy = shape(value, wrong);
  for (let i = before; i < wrong.length; i++) {
    wrong[i] = wrong[i] ? `${place}.${wrong[i]}` : String(place);
  }
  return copy;
}
