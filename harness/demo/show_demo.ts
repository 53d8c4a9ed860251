import { Interrupted } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { formatEvent } from "./format_event.ts";
import { formatToken } from "./format_token.ts";
import { type DemoLogin, runDemo } from "./run_demo.ts";

/** `deno task demo`: runs the demo and shows each step, then the tokens. */
export async function showDemo(
  { json }: { readonly json: boolean },
  io: Io,
): Promise<Outcome> {
  const begin = performance.now();
  const signal = io.untilInterrupted();
  try {
    const logins = await runDemo({
      signal,
      onEvent: (event) => {
        if (json) return;
        for (const line of formatEvent(event)) io.print(line);
      },
    });
    if (json) return printJson(io, "done", { logins });
    for (const line of formatTokens(logins)) io.print(line);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    io.print(`
${tint("good", "Done")} in ${seconds} s. Everything is stopped and removed.
Next: \`deno task dev\` to log in yourself and change the mapping,
      \`deno task setup --help\` to connect a ZITADEL of yours.`);
    return "done";
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted("everything is stopped and removed");
  }
}

/** The first token in full, and of the others the permissions. */
function formatTokens([first, ...others]: readonly DemoLogin[]): string[] {
  if (!first) return [];
  return [
    `\n${tint("strong", `The access token of ${first.user}`)}`,
    "Its signature is verified; each permission shows its role.\n",
    ...formatToken(first.claims, first.sources),
    ...others.map(({ user, sources }) => {
      const permissions = sources.map(({ permission, roles }) =>
        `${tint("good", `"${permission}"`)}  ${
          tint("faint", `// ${roles.join(", ")}`)
        }`
      );
      return `\nThe access token of ${user}: ${permissions.join(", ")}`;
    }),
  ];
}
