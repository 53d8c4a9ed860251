/** What an OAuth endpoint refuses, in the form clients read. */
export class OAuthError extends Error {
  readonly status: number;
  readonly code: string;

  /** Tells code, description and status as the client gets them. */
  constructor(
    code: string,
    description: string,
    { status = 400 }: { status?: number } = {},
  ) {
    super(description);
    this.name = "OAuthError";
    this.code = code;
    this.status = status;
  }
}

/** Answers with JSON that must not be stored, as OAuth asks. */
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
