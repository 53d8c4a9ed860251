/** How much of an error's text is logged, in characters. */
const MAX_LENGTH = 300;

/**
 * Returns the texts of an error and its causes for the log. Deno's name the
 * address and what failed there, such as a certificate.
 *
 * @param secrets Left out, as are the user, the password and the query of an address.
 */
export function errorText(
  error: unknown,
  secrets: readonly string[] = [],
): string {
  const texts = new Set<string>();
  for (let it = error; it instanceof Error; it = it.cause) {
    texts.add(it.message);
  }
  let text = [...texts].join(": ");
  for (const secret of secrets) text = text.replaceAll(secret, "[secret]");
  return text.replaceAll(/\/\/[^\s/]*@/g, "//")
    .replaceAll(/(:\/\/[^\s?#]*)[?#][^\s)"']*/g, "$1").slice(0, MAX_LENGTH);
}
