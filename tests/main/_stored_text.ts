import { gunzipSync } from "node:zlib";

/** Everything that a database holds, as text that a canary would be readable in. */
export async function storedText(kv: Deno.Kv): Promise<string> {
  const texts: string[] = [];
  for await (const { key, value } of kv.list({ prefix: [] })) {
    texts.push(...textsIn(key), ...textsIn(value));
  }
  return texts.join("\n");
}

function textsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) {
    // Mappings are compressed.
    const isGzip = value[0] === 0x1f && value[1] === 0x8b;
    return [new TextDecoder().decode(isGzip ? gunzipSync(value) : value)];
  }
  if (value === null || typeof value !== "object") return [String(value)];
  return Object.entries(value).flat().flatMap(textsIn);
}
