/** The bounds of an {@linkcode LruMap}. */
export interface LruBounds {
  /** The most entries it keeps. */
  readonly maxEntries: number;
  /** The most bytes its values may take together. */
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

  /**
   * Creates an empty map.
   *
   * @param bounds How much to keep.
   */
  constructor(bounds: LruBounds) {
    this.#bounds = bounds;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many bytes the values take together. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Returns a value, which counts as its use.
   *
   * @param key The value's key.
   * @returns The value, or `undefined` if there is none.
   */
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
   * @param key The value's key.
   * @param value The value.
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

  /**
   * Drops a value.
   *
   * @param key The value's key.
   */
  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  /** Drops everything. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #isOverBounds(): boolean {
    return this.#entries.size > this.#bounds.maxEntries ||
      this.#bytes > this.#bounds.maxBytes;
  }
}
