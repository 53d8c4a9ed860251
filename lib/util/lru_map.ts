export interface LruBounds {
  readonly maxEntries: number;
  /** Of all values together, as given to `set()`. */
  readonly maxBytes: number;
}

/**
 * A map that drops its least recently used entries when it grows over its
 * bounds. The newest entry always stays.
 */
export class LruMap<V> {
  readonly #entries = new Map<string, { value: V; bytes: number }>();
  readonly #bounds: LruBounds;
  #bytes = 0;
  /** The key used last, which is in its place already. */
  #newest: string | undefined;

  constructor(bounds: LruBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
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
      if (!this.#isOverBounds() || this.#entries.size === 1) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  #isOverBounds(): boolean {
    return this.#entries.size > this.#bounds.maxEntries ||
      this.#bytes > this.#bounds.maxBytes;
  }
}
