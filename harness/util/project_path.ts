import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/**
 * Returns the path of a file of this project. A URL's own path is percent-encoded:
 * it names no file if a folder has a space or a letter such as é in its name.
 */
export function projectPath(name: string): string {
  return fileURLToPath(new URL(name, ROOT));
}
