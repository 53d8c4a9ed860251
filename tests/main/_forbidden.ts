/**
 * Runs inside the function's process, before `main.ts`, and tries what the
 * function has no business with. Writes the result of each to stdout.
 *
 * @module
 */
const ATTEMPTS: Record<string, () => unknown> = {
  "read a file": () => Deno.readTextFile(import.meta.filename!),
  "write a file": () => Deno.writeTextFile("forbidden.txt", ""),
  "read another variable": () => Deno.env.get("HOME"),
  "read all variables": () => Deno.env.toObject(),
  "reach another host": () => fetch("https://other.example/"),
  "reach another port of the instance": () => fetch("http://127.0.0.1:9998/"),
  "listen at another port": () => Deno.listen({ port: 9_999 }),
  "run a program": () => new Deno.Command(Deno.execPath()).output(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "learn about the system": () => Deno.hostname(),
  // Deno allows these hosts to imports, without --allow-net.
  "import from the web": () => importFrom("https://esm.sh/"),
  "import from a CDN": () => importFrom("https://cdn.jsdelivr.net/"),
  "import from GitHub": () => importFrom("https://raw.githubusercontent.com/"),
  "import from npm": () => importFrom("npm:"),
};

/** Computed, so that Deno does not load it with this file. */
function importFrom(origin: string): Promise<unknown> {
  return import(`${origin}a-secret-of-the-function`);
}

/** Deno's words for a module that it did not even ask for. */
const NOT_ASKED = /--no-remote is specified|not found in cache/;

const results: Record<string, string> = {};
for (const [name, attempt] of Object.entries(ATTEMPTS)) {
  try {
    await attempt();
    results[name] = "allowed";
  } catch (error) {
    const { name: kind, message } = error as Error;
    results[name] = NOT_ASKED.test(message) ? "NotAsked" : kind;
  }
}
console.log(`ATTEMPTS ${JSON.stringify(results)}`);
