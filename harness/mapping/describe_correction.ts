import { intendedPermissions } from "./interpret_value.ts";

/** How much of a value is shown, in characters. */
const MAX_SHOWN = 60;

/**
 * Shows an unreadable value as it is and as it should be: to an operator, never
 * in a log. Bytes that are no UTF-8 become U+FFFD.
 *
 * @returns `undefined` if no one can tell what it should be.
 */
export function describeCorrection(value: Uint8Array): string | undefined {
  const intended = intendedPermissions(value);
  if (intended === undefined) return undefined;
  const text = new TextDecoder().decode(value);
  const shown = text.length > MAX_SHOWN
    ? `${text.slice(0, MAX_SHOWN)}...`
    : text;
  return `It is ${shown} and should be ${JSON.stringify(intended)}`;
}
