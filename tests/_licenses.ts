/**
 * The licences of the packages in deno.lock. After a package is added:
 * `deno install && deno run --allow-read --allow-write --allow-run tests/_licenses.ts`
 *
 * @module
 */
import { ROOT } from "./_source_files.ts";

/** Licences by package name, as the packages' own package.json files name them. */
export type Licenses = Readonly<Record<string, string>>;

export const LICENSES_FILE = new URL("tests/licenses.json", ROOT);

/** Reads which packages deno.lock pins, as `[name, version]`. */
export async function lockedPackages(): Promise<[string, string][]> {
  const { npm } = JSON.parse(
    await Deno.readTextFile(new URL("deno.lock", ROOT)),
  );
  // What has a `cpu` is the part of a package for one platform, under its licence;
  // Deno fetches that of this platform only.
  const whole = Object.entries<{ cpu?: unknown }>(npm)
    .flatMap(([key, { cpu }]) => cpu ? [] : [key]);
  // After an underscore a key lists peers: `zod-x@1.2.0_zod@4.6.7`.
  return whole.map((key) => {
    const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
    return [name!, version!];
  });
}

/** Finds where Deno keeps the packages that it has fetched, one folder per registry. */
export async function packageFolders(): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  const registries = await Array.fromAsync(Deno.readDir(npmCache));
  return registries.map(({ name }) => `${npmCache}/${name}`);
}

/** Returns the licence of a package; `undefined` if Deno has not fetched it. */
export async function licenseOf(
  [name, version]: readonly [string, string],
  folders: readonly string[],
): Promise<string | undefined> {
  for (const folder of folders) {
    try {
      const path = `${folder}/${name}/${version}/package.json`;
      const { license } = JSON.parse(await Deno.readTextFile(path));
      return String(license);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

if (import.meta.main) {
  const folders = await packageFolders();
  const licenses: Record<string, string> = {};
  for (const locked of (await lockedPackages()).sort()) {
    const license = await licenseOf(locked, folders);
    if (!license) throw new Error(`Run \`deno install\`: no ${locked[0]}`);
    licenses[locked[0]] = license;
  }
  const text = JSON.stringify(licenses, null, 2);
  await Deno.writeTextFile(LICENSES_FILE, `${text}\n`);
}
