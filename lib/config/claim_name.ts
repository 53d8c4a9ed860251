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
  // U+0130 is `i` to Java and Go, and `i` with a dot above to Unicode.
  return name.normalize("NFKC").replaceAll("\u0130", "i")
    .toUpperCase().toLowerCase().normalize("NFKC");
}

/** Reports whether two names can be taken for the same claim. */
export function isSameName(a: string, b: string): boolean {
  return foldName(a) === foldName(b);
}

/** Claims under this prefix are ZITADEL's own; it drops others silently. */
export const RESERVED_CLAIM_PREFIX = "urn:zitadel:iam";

/**
 * Claims and SAML attributes that ZITADEL sets itself, or whose type is fixed by
 * RFC 7519, RFC 9068, RFC 7662 or OpenID Connect Core: ZITADEL refuses its own
 * token if one of those holds an array (seen on v4.13.1 with `azp`, `act`,
 * `scope`, `nonce`, `auth_time` and `acr`). `scope` stays reserved in every
 * shape: names that tenants choose must not become OAuth scopes. Folded,
 * because ZITADEL's Go code matches names in any case.
 */
const RESERVED_CLAIMS: ReadonlySet<string> = new Set(
  ("iss sub aud exp nbf iat jti client_id azp act scope sid nonce auth_time acr " +
    "amr at_hash c_hash s_hash active token_type username name given_name " +
    "family_name middle_name nickname preferred_username profile picture " +
    "website email email_verified gender birthdate zoneinfo locale " +
    "phone_number phone_number_verified address updated_at " +
    "surname firstname fullname userid __proto__").split(" "),
);

/**
 * Reports why ZITADEL would drop or overwrite a claim, or refuse a token that
 * has it.
 *
 * @returns The rest of a sentence that begins with the setting; `undefined` if the name is free.
 */
export function whyReserved(claim: string): string | undefined {
  const name = foldName(claim);
  if (name.startsWith(RESERVED_CLAIM_PREFIX)) {
    return `begins with ${RESERVED_CLAIM_PREFIX}: ZITADEL drops such claims silently`;
  }
  if (RESERVED_CLAIMS.has(name)) {
    return "is a claim that ZITADEL sets itself, or could not read its own token with; choose another name, such as permissions";
  }
}
