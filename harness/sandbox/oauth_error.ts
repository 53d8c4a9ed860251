/** An OAuth endpoint's refusal, as clients read it. */
export class OAuthError extends Error {
  constructor(
    readonly code: string,
    description: string,
    readonly status = 400,
  ) {
    super(description);
    this.name = "OAuthError";
  }

  toJSON(): Record<string, string> {
    const { code: error, message } = this;
    return { error, ...message && { error_description: message } };
  }

  toResponse(): Response {
    return Response.json(this, { status: this.status });
  }
}
