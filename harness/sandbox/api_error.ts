import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@zitadel/proto/zitadel/message_pb.js";

/**
 * Makes an error the way ZITADEL's API reports one: the message with an
 * identifier of the place in brackets, and both again as a detail.
 *
 * @param code The gRPC code.
 * @param message What went wrong, in ZITADEL's words.
 * @param options The place's identifier.
 * @returns The error, to be thrown.
 *
 * @internal The Connect library's types are not documented here.
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

/**
 * The error for a caller whose roles do not reach.
 *
 * @param id The identifier of the place that refused.
 * @returns The error, to be thrown.
 *
 * @internal The Connect library's types are not documented here.
 */
export function noPermission(id: string): ConnectError {
  return apiError(Code.PermissionDenied, "No matching permissions found", {
    id,
  });
}

/**
 * The error for something that is not there.
 *
 * @param message What is not there.
 * @param id The identifier of the place that looked.
 * @returns The error, to be thrown.
 *
 * @internal The Connect library's types are not documented here.
 */
export function notFound(message: string, id: string): ConnectError {
  return apiError(Code.NotFound, message, { id });
}

/**
 * The error for a name that is taken.
 *
 * @param message What is taken.
 * @returns The error, to be thrown.
 *
 * @internal The Connect library's types are not documented here.
 */
export function alreadyExists(message: string): ConnectError {
  return apiError(Code.AlreadyExists, message, { id: "V3-DKcYh" });
}
