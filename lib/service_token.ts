/** Gives the bearer token by which metadata is read. */
export interface ServiceToken {
  /**
   * Gives a token that is valid as far as is known.
   *
   * @param signal Ends the wait.
   * @returns The bearer token.
   * @throws {FunctionError} Where none can be had.
   */
  get(signal: AbortSignal): Promise<string>;
  /**
   * Tells that ZITADEL refused a token.
   *
   * @param token The refused token.
   * @returns Whether `get` can give another one.
   */
  discard(token: string): boolean;
}

/**
 * Uses a personal access token, which ZITADEL made for the service user.
 *
 * @param token The personal access token.
 * @returns The token, always the same.
 */
export function personalAccessToken(token: string): ServiceToken {
  return { get: () => Promise.resolve(token), discard: () => false };
}
