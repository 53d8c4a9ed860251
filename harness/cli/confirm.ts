import type { Io } from "./io.ts";

/**
 * Asks before anything is changed, unless the user said `--yes`. A program that
 * reads JSON cannot be asked. Reports on stderr if nothing will be done.
 */
export function confirm(
  io: Io,
  question: string,
  { yes, json = false }: { readonly yes: boolean; readonly json?: boolean },
): boolean {
  if (yes) return true;
  const answer = json ? undefined : io.ask(question);
  if (answer) return true;
  io.error(
    answer === undefined
      ? "Nothing was changed: no terminal to confirm on. Use --yes"
      : "Nothing was changed",
  );
  return false;
}
