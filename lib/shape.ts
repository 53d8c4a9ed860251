/**
 * Checks JSON that came from elsewhere. Loading a schema library takes as long
 * as a bare server's whole start, and the first token waits for it.
 *
 * @module
 */

/**
 * Says whether a value has the right shape. Where it has not, the paths of what
 * is wrong are added to `wrong`.
 */
export type Shape<T> = (value: unknown, wrong: string[]) => value is T;

/**
 * Makes the shape of a value that a test accepts.
 *
 * @param test The test.
 * @returns The shape.
 */
export function accepted<T>(test: (value: unknown) => value is T): Shape<T> {
  return (value, wrong): value is T => {
    if (test(value)) return true;
    wrong.push("");
    return false;
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

/** Anything, also nothing. */
export const anything: Shape<unknown> = accepted((_): _ is unknown => true);

/**
 * Makes the shape of what may be absent or null.
 *
 * @param shape The shape where it is neither.
 * @returns The shape.
 */
export function optional<T>(shape: Shape<T>): Shape<T | null | undefined> {
  return (value, wrong): value is T | null | undefined =>
    value === null || value === undefined || shape(value, wrong);
}

/**
 * Makes the shape of a list.
 *
 * @param item The shape of each item.
 * @returns The shape.
 */
export function list<T>(item: Shape<T>): Shape<T[]> {
  return (value, wrong): value is T[] => {
    if (!Array.isArray(value)) {
      wrong.push("");
      return false;
    }
    let fits = true;
    for (let index = 0; index < value.length; index++) {
      const found = wrong.length;
      if (item(value[index], wrong)) continue;
      fits = false;
      place(index, wrong, found);
    }
    return fits;
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
  const entries: [string, Shape<unknown>][] = Object.entries(shapes);
  return (value, wrong): value is T => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      wrong.push("");
      return false;
    }
    let fits = true;
    for (const [name, shape] of entries) {
      const found = wrong.length;
      if (shape((value as Record<string, unknown>)[name], wrong)) continue;
      fits = false;
      place(name, wrong, found);
    }
    return fits;
  };
}

/**
 * Gives a value that has the right shape.
 *
 * @param shape The shape.
 * @param value The value.
 * @returns The value, or `undefined` where it has another shape.
 */
export function fitting<T>(shape: Shape<T>, value: unknown): T | undefined {
  return shape(value, []) ? value : undefined;
}

/** Puts a place before the paths that were found wrong there. */
function place(at: string | number, wrong: string[], from: number): void {
  for (let i = from; i < wrong.length; i++) {
    wrong[i] = wrong[i] ? `${at}.${wrong[i]}` : String(at);
  }
}
