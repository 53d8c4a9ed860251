/**
 * Returns the discovery document: ZITADEL's paths, and the part of its features
 * that the sandbox has.
 */
export function discoveryDocument(origin: string): Record<string, unknown> {
  const authentication = ["none", "client_secret_basic", "client_secret_post"];
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/oauth/v2/authorize`,
    token_endpoint: `${origin}/oauth/v2/token`,
    introspection_endpoint: `${origin}/oauth/v2/introspect`,
    userinfo_endpoint: `${origin}/oidc/v1/userinfo`,
    revocation_endpoint: `${origin}/oauth/v2/revoke`,
    end_session_endpoint: `${origin}/oidc/v1/end_session`,
    jwks_uri: `${origin}/oauth/v2/keys`,
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    response_types_supported: ["code"],
    response_modes_supported: ["query", "fragment", "form_post"],
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "client_credentials",
      "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: authentication,
    revocation_endpoint_auth_methods_supported: authentication,
    introspection_endpoint_auth_methods_supported: ["client_secret_basic"],
    code_challenge_methods_supported: ["S256"],
  };
}
