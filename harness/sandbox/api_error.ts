import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@zitadel/proto/zitadel/message_pb.js";

/**
 * Makes an error the way ZITADEL's API reports one: the message with an
 * identifier of the place in brackets, and both again as a detail.
 */
export function apiError(
  code: Code,
  message: string,
  { id }: { id: string },
): ConnectError {
  return new ConnectError(`${message} (${id})`, code, undefined, [
    { desc: ErrorDetailSchema, value: { id, message } },
  ]);
}

/** The error for a caller whose roles do not reach. */
export function noPermission(id: string): ConnectError {
  return apiError(Code.PermissionDenied, "No matching permissions found", {
    id,
  });
}

/** The error for something that is not there. */
export function notFound(message: string, id: string): ConnectError {
  return apiError(Code.NotFound, message, { id });
}

/** The error for a name that is taken. */
export function alreadyExists(message: string): ConnectError {
  return apiError(Code.AlreadyExists, message, { id: "V3-DKcYh" });
}
