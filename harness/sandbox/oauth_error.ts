/** An OAuth endpoint's refusal, as clients read it. */
export class OAuthError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(
    code: string,
    description: string,
    status = 400,
  ) {
    super(description);
    this.name = "OAuthError";
    this.code = code;
    this.status = status;
  }
}

/** Creates a JSON response that must not be stored, as OAuth requires. */
export function oauthJson(body: unknown, status = 200): Response {
  return Response.json(body, {
    status,
    headers: { "cache-control": "no-store" },
  });
}

export function oauthErrorResponse(
  { status, code, message }: { status: number; code: string; message: string },
): Response {
  return oauthJson(
    { error: code, ...(message && { error_description: message }) },
    status,
  );
}
