/**
 * A map that drops its least recently used entries when it grows over its
 * bounds. The newest entry always stays.
 */
export class LruMap<V> {
  readonly #entries = new Map<string, { value: V; bytes: number }>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #bytes = 0;
  /** The key used last, which is in its place already. */
  #newest: string | undefined;

  /** @param maxBytes Of all values together, as given to `set()`. */
  constructor(maxEntries: number, maxBytes: number = Infinity) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** Counts as a use of the value. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (key !== this.#newest) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#newest = key;
    }
    return entry.value;
  }

  /**
   * Stores a value, and drops others if the map is over its bounds.
   *
   * @param bytes How many bytes the value takes; 0 if only entries are bounded.
   */
  set(key: string, value: V, bytes = 0): void {
    this.delete(key);
    this.#entries.set(key, { value, bytes });
    this.#newest = key;
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      const { size } = this.#entries;
      const isInBounds = size <= this.#maxEntries &&
        this.#bytes <= this.#maxBytes;
      if (isInBounds || size === 1) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
