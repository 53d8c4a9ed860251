/** How many names are listed before the rest is only counted. */
const MAX_LISTED = 10;

/** Calls something by its name and id. */
export function nameOf(
  { id, name }: { readonly id: string; readonly name?: string | undefined },
): string {
  return name ? `${name} (${id})` : id;
}

/** The first names, and how many more there are. */
export function shorten(names: readonly string[]): readonly string[] {
  const rest = names.length - MAX_LISTED;
  const shown = names.slice(0, MAX_LISTED);
  return rest > 0 ? [...shown, `and ${rest} more`] : shown;
}

/** Lists names in a sentence. */
export function list(names: readonly string[]): string {
  return shorten(names).join(", ");
}

/** `1 project`, `2 projects`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Where something was seen: an organization, or what in it. */
export function inOrganization(
  organization: Parameters<typeof nameOf>[0],
  item = nameOf(organization),
) {
  return { items: [item], organizations: [organization.id] };
}
