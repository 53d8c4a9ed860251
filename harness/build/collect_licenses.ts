/** As esbuild names a file of a package: `node_modules/.deno/zod@4.6.7/node_modules/zod/...`. */
const PACKAGE =
  /^(node_modules\/\.deno\/[^/]+\/node_modules\/((?:@[^/]+\/)?[^/]+))\//;

/** Files of a package that its licence wants copied, in any case and with any ending. */
const LICENSE_FILE = /^(?:licen[cs]e|notice|copying)\b/i;

/**
 * Collects the licences of the packages among the sources of a bundle: name,
 * version, what package.json says, and the text if the package has one.
 */
export async function collectLicenses(
  folder: string,
  sources: readonly string[],
): Promise<string> {
  const packages = new Map<string, string>();
  for (const source of sources) {
    const [, path, name] = PACKAGE.exec(source) ?? [];
    if (path && name) packages.set(path, name);
  }
  const sections = await Promise.all(
    [...packages].map(async ([path, name]) => {
      const root = `${folder}/${path}`;
      const { version, license, author, repository } = JSON.parse(
        await Deno.readTextFile(`${root}/package.json`),
      );
      const names = (await Array.fromAsync(Deno.readDir(root)))
        .map(({ name }) => name).filter((it) => LICENSE_FILE.test(it)).sort();
      const texts = await Promise.all(
        names.map((it) => Deno.readTextFile(`${root}/${it}`)),
      );
      const lines = [
        `${name} ${version}: ${license}`,
        author && `Author: ${author.name ?? author}`,
        repository && `Source: ${repository.url ?? repository}`,
      ].filter(Boolean);
      return [lines.join("\n"), ...texts.map((text) => text.trim())]
        .join("\n\n");
    }),
  );
  const unique = [...new Set(sections)].sort();
  return unique.join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}
