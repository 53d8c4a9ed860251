import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Creates errors as ZITADEL's API reports them: the message with an identifier
 * of the place in brackets.
 */
const errorOf = (code: Code) => (message: string, id: string) =>
  new ConnectError(`${message} (${id})`, code);

export const notFound = errorOf(Code.NotFound);
export const permissionDenied = errorOf(Code.PermissionDenied);
export const unauthenticated = errorOf(Code.Unauthenticated);
export const invalidArgument = errorOf(Code.InvalidArgument);
export const failedPrecondition = errorOf(Code.FailedPrecondition);

export function alreadyExists(message: string): ConnectError {
  return errorOf(Code.AlreadyExists)(message, "V3-DKcYh");
}
