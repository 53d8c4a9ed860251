import { type FailureReason, FunctionError } from "../../lib/errors.ts";
import { messageOf } from "../cli/terminal.ts";

/** Why something could not be had. */
export interface Problem {
  readonly text: string;
  /** As in the function's log, if the function knows this cause. */
  readonly reason?: FailureReason | undefined;
  /** What the function's log advises. */
  readonly remedy?: string | undefined;
}

/** Something that was asked for: what came, or why it did not. */
export type Answer<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: Problem };

/** Asks for something. What the doctor's own code gets wrong is thrown on. */
export async function answer<T>(
  ask: () => T | Promise<T>,
): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return { problem: problemOf(error) };
  }
}

export function problemOf(error: unknown): Problem {
  if (!(error instanceof FunctionError)) return { text: messageOf(error) };
  const { reason, remedy, organization, fields } = error.details;
  const prefix = `Cannot read the metadata of organization ${organization}: `;
  // Whose metadata it was is told beside: one cause is one finding.
  const text = messageOf(error).replace(prefix, "");
  const address = fields?.zitadel === undefined
    ? ""
    : `, asked at ${fields.zitadel}`;
  return { text: text + address, reason, remedy };
}
