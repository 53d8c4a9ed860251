/**
 * Runs inside the function's process, before `main.ts`, and tries what the
 * function has no business with. Says on stdout what became of each.
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
};

const results: Record<string, string> = {};
for (const [name, attempt] of Object.entries(ATTEMPTS)) {
  try {
    await attempt();
    results[name] = "allowed";
  } catch (error) {
    results[name] = (error as Error).name;
  }
}
console.log(`ATTEMPTS ${JSON.stringify(results)}`);
