import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@zitadel/proto/zitadel/message_pb.js";

/**
 * Creates an error as ZITADEL's API reports it: the message with an identifier
 * of the place in brackets, and both again as a detail.
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

export function noPermission(id: string): ConnectError {
  return apiError(Code.PermissionDenied, "No matching permissions found", {
    id,
  });
}

export function notFound(message: string, id: string): ConnectError {
  return apiError(Code.NotFound, message, { id });
}

export function alreadyExists(message: string): ConnectError {
  return apiError(Code.AlreadyExists, message, { id: "V3-DKcYh" });
}
