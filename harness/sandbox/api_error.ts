import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Creates an error as ZITADEL's API reports it: the message with an identifier
 * of the place in brackets.
 */
export function apiError(
  code: Code,
  message: string,
  id: string,
): ConnectError {
  return new ConnectError(`${message} (${id})`, code);
}

export function notFound(message: string, id: string): ConnectError {
  return apiError(Code.NotFound, message, id);
}

export function alreadyExists(message: string): ConnectError {
  return apiError(Code.AlreadyExists, message, "V3-DKcYh");
}
