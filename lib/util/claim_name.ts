const ASCII = /^\p{ASCII}*$/u;

/**
 * Folds a claim's name as lenient consumers compare it. ZITADEL tells names
 * apart exactly, so `Permissions` can stand beside `permissions` in a token; Go's
 * `encoding/json` and ASP.NET's `RequireClaim` ignore case, and some stores fold
 * compatibility forms such as U+017F too.
 */
export function foldName(name: string): string {
  // Most names: every call folds the claims of a token.
  if (ASCII.test(name)) return name.toLowerCase();
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/** Reports whether two names can be taken for the same claim. */
export function isSameName(a: string, b: string): boolean {
  return foldName(a) === foldName(b);
}
