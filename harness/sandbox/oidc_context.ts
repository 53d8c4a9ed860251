/**
 * The part of oidc-provider's context that is used; the package has no types.
 */
export interface OidcContext {
  url: string;
  status: number;
  body: Record<string, unknown>;
  oidc: {
    route?: string;
    params: Record<string, string> & {
      client_id: string;
      redirect_uri: string;
    };
    client: { clientId: string };
    entities: { AuthorizationCode?: TokenSource; RefreshToken?: TokenSource };
  };
}

export interface TokenSource {
  accountId: string;
  scopes: Set<string>;
  authTime: number;
  nonce?: string;
  sessionUid: string;
}
