/**
 * The licences of the packages in deno.lock. After a package is added:
 * `deno install && deno run --allow-read --allow-write --allow-run tests/_licenses.ts`
 *
 * @module
 */
import { read, ROOT } from "./_source_files.ts";

export const LICENSES_FILE = new URL("tests/licenses.json", ROOT);

/**
 * Reads which licence each package of deno.lock names; `undefined` if Deno has
 * not fetched the package.
 */
export async function readLicenses(): Promise<[string, string | undefined][]> {
  const { npm } = JSON.parse(await read("deno.lock"));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  const registries = await Array.fromAsync(Deno.readDir(npmCache));
  // A package for one platform is a part of another, under its licence.
  const whole = Object.keys(npm).filter((key) => !npm[key].cpu);
  return Promise.all(
    whole.sort().map(async (key) => {
      // After an underscore a key lists peers: `zod-x@1.2.0_zod@4.6.7`.
      const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
      const manifests = await Promise.all(
        registries.map((registry) =>
          Deno.readTextFile(
            `${npmCache}/${registry.name}/${name}/${version}/package.json`,
          ).catch(() => undefined)
        ),
      );
      const manifest = manifests.find(Boolean);
      return [name!, manifest && String(JSON.parse(manifest).license)];
    }),
  );
}

if (import.meta.main) {
  const licenses = await readLicenses();
  const missing = licenses.find(([, license]) => !license);
  if (missing) throw new Error(`Run \`deno install\`: no ${missing[0]}`);
  const text = JSON.stringify(Object.fromEntries(licenses), null, 2);
  await Deno.writeTextFile(LICENSES_FILE, `${text}\n`);
}
