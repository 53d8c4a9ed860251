/**
 * Words that stand for what must never leave the function, one for each place.
 *
 * @module
 */

/** What is secret: settings, tokens, and headers that callers send. */
export const SECRETS = {
  signingKey: "canarysigningkey7f3a",
  otherSigningKey: "canaryothersigningkey1c2d",
  clientId: "canaryclientid55e1",
  clientSecret: "canaryclientsecret90ab",
  serviceAccountKey: "canaryserviceaccountkey31fe",
  authorization: "canaryauthorization4d4d",
  cookie: "canarycookie8e21",
  query: "canaryquery77aa",
  upstreamBody: "canaryupstreambody12bc",
} as const;

/** What is personal: of the user who logs in. */
export const PERSONAL = {
  userId: "990000000000000017",
  username: "canaryusername5f5f",
  email: "canarymail@canary.example",
  firstName: "Canaryfirst",
  lastName: "Canarylast",
  displayName: "Canary Displayname",
  phone: "+990170000017",
  metadata: "canarymetadata6c6c",
  ipAddress: "192.0.2.217",
  clientApplication: "canaryapplication2b2b",
} as const;

/**
 * Finds canaries, as they are and as they look in base64, hex and URLs.
 *
 * @param text Where to look.
 * @param canaries What to look for.
 * @returns The names of those that are there.
 */
export function findCanaries(
  text: string,
  canaries: Readonly<Record<string, string>>,
): string[] {
  const lower = text.toLowerCase();
  return Object.entries(canaries).filter(([, canary]) => {
    const bytes = new TextEncoder().encode(canary);
    // Base64 of a text that a canary begins, less the characters at its end
    // that depend on what follows.
    const base64 = bytes.toBase64({ omitPadding: true }).slice(0, -2);
    return lower.includes(canary.toLowerCase()) || text.includes(base64) ||
      lower.includes(bytes.toHex()) ||
      text.includes(encodeURIComponent(canary));
  }).map(([name]) => name);
}
