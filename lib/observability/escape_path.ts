/** How long a path in a log line may be, in characters. */
const MAX_PATH_CHARACTERS = 100;

const CUT = "...";

/**
 * Escapes a path for the log: a stranger chose it, and a log viewer may act on
 * control characters, line separators or text that runs from right to left.
 *
 * @param path The path as it was requested.
 * @returns The path in printable ASCII, percent-encoded and cut at {@linkcode MAX_PATH_CHARACTERS}.
 */
export function escapePath(path: string): string {
  const beginning = path.slice(0, MAX_PATH_CHARACTERS + 1).toWellFormed();
  // What was percent-encoded stays as it was sent.
  const escaped = encodeURI(beginning).replaceAll("%25", "%");
  return escaped.length > MAX_PATH_CHARACTERS
    ? escaped.slice(0, MAX_PATH_CHARACTERS - CUT.length) + CUT
    : escaped;
}
