/** A folder that is removed, with all that is in it, when disposed of. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file and returns its path. */
  write(text: string | Uint8Array, name?: string): Promise<string>;
}

export async function tempFolder(): Promise<TempFolder> {
  const path = await Deno.makeTempDir();
  return {
    path,
    async write(content, name = "file") {
      const bytes = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
      await Deno.writeFile(`${path}/${name}`, bytes);
      return `${path}/${name}`;
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
