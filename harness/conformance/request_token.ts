/** Asks the token endpoint, for errors and grant types that the login helpers lack. */
export async function requestToken(
  origin: string,
  form: Record<string, string>,
  client?: { readonly clientId: string; readonly clientSecret: string },
): Promise<{ readonly status: number; readonly body: Record<string, string> }> {
  const response = await fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    headers: client ? basic(client.clientId, client.clientSecret) : {},
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: await response.json() };
}

export function basic(clientId: string, secret: string) {
  return { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` };
}

export function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}
