/**
 * Ends the command in one line on a release of Deno that lacks what it uses.
 * Imported for that alone, before anything that an older release cannot evaluate;
 * what it cannot link, such as `import { parseEnv } from "node:util"`, would fail first.
 *
 * @module
 */

/** The oldest release that the tests have run on. */
const NEEDED = "2.9.5";

const tooOld = describeOldDeno(Deno.version.deno);
if (tooOld !== undefined) {
  console.error(`error: ${tooOld}`);
  Deno.exit(64);
}

/** Says that a release is too old; `undefined` if it is not. */
export function describeOldDeno(version: string): string | undefined {
  const isOld = version.localeCompare(NEEDED, "en", { numeric: true }) < 0;
  return isOld
    ? `This is Deno ${version}, and ${NEEDED} or later is needed: run \`deno upgrade\`, or use \`npx --yes deno@2.9.6\` in place of \`deno\``
    : undefined;
}
