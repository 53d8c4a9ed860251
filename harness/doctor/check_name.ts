/** What everything created for a live check is called; the rest of the name is random. */
export const CHECK_PREFIX = "permissions-check-";

/** Creates the name of an organization or user for a live check. */
export function checkName(): string {
  return CHECK_PREFIX + crypto.randomUUID().slice(0, 8);
}

/** Reports whether an organization or user was created for a live check. */
export function isLeftover({ name }: { readonly name: string }): boolean {
  return /^permissions-check-[0-9a-f]{8}$/.test(name);
}
