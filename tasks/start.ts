/**
 * `deno task start`: runs the function with the permissions that its settings
 * need and no others.
 *
 * @module
 */
import { leastPermissions } from "../harness/function_process.ts";

const HELP =
  `Run the function, with the least permissions that its settings need.

Usage: deno task start

The settings are environment variables; without the required ones the start says
what is missing. Permitted are: the settings by name, the network to
ZITADEL_DOMAIN, to HOST:PORT and to KV_URL's server, and files at KV_URL alone.`;

if (Deno.args.includes("--help")) {
  console.log(HELP);
  Deno.exit(0);
}

const child = new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "--no-prompt",
    ...leastPermissions(Deno.env.toObject()),
    new URL("../main.ts", import.meta.url).pathname,
  ],
  stdin: "null",
}).spawn();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  });
}
const { code } = await child.status;
Deno.exit(code);
