/**
 * Recognizes UTF-16 by its byte order mark, or by the zero bytes that it has beside
 * each ASCII letter and no text in UTF-8 has.
 *
 * @returns The label for `TextDecoder`; `undefined` if it is something else.
 */
export function utf16Of(
  bytes: Uint8Array,
): "utf-16le" | "utf-16be" | undefined {
  const start = bytes.subarray(0, 2).toHex();
  if (start === "feff") return "utf-16be";
  if (start === "fffe") return "utf-16le";
  const [first, second] = bytes;
  if (bytes.length % 2 === 1 || !bytes.includes(0)) return undefined;
  return first === 0 && second !== 0 ? "utf-16be" : "utf-16le";
}
