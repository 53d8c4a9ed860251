/** The project's folder. */
export const ROOT = new URL("../", import.meta.url);

/** Lists the source files at and below the places, relative to the project's folder. */
export async function sourceFiles(
  places: readonly string[],
): Promise<string[]> {
  const files: string[] = [];
  for (const place of places) {
    if (!place.endsWith("/")) {
      files.push(place);
      continue;
    }
    for await (
      const { name, isDirectory } of Deno.readDir(new URL(place, ROOT))
    ) {
      if (isDirectory) files.push(...await sourceFiles([`${place}${name}/`]));
      else if (/\.[jt]s$/.test(name)) files.push(`${place}${name}`);
    }
  }
  return files;
}
