/** Lets a call through now or later, or refuses it by throwing. */
export type Gate = (call: string) => Promise<void>;

interface Stored {
  readonly value: unknown;
  readonly versionstamp: string;
}

interface Write {
  readonly key: Deno.KvKey;
  readonly value: unknown;
}

/** A client's calls pass at once, to the database and back. */
const open: Gate = () => Promise.resolve();

/**
 * A Deno KV in this process whose every call can be held back, before it
 * reaches the database and again before its answer arrives: what a test of
 * interleavings needs. It has the calls that the function uses.
 */
export class MemoryKv {
  readonly #entries = new Map<string, Stored>();
  readonly #changed = new Set<() => void>();
  #version = 0;

  /** Gives a client of its own, as each isolate has. */
  connect(options: {
    readonly gate?: Gate;
    readonly onCommit?: (writes: readonly Write[]) => void;
    /** Called with the moment's state before a watched value arrives; returns what to do as it arrives. */
    readonly onWatched?: () => () => void;
  } = {}): Deno.Kv {
    const { gate = open, onCommit, onWatched } = options;
    const call = async <T>(name: string, work: () => T): Promise<T> => {
      await gate(`${name} >`);
      const result = work();
      await gate(`${name} <`);
      return result;
    };
    const get = (key: Deno.KvKey): Deno.KvEntryMaybe<unknown> => {
      const stored = this.#entries.get(JSON.stringify(key));
      return stored
        ? { key, ...stored }
        : { key, value: null, versionstamp: null };
    };
    const kv = {
      get: (key: Deno.KvKey) => call("get", () => get(key)),
      getMany: (keys: Deno.KvKey[]) =>
        call("getMany", () => keys.map((key) => get(key))),
      atomic: () => {
        const checks: { key: Deno.KvKey; versionstamp: string | null }[] = [];
        const writes: Write[] = [];
        const operation = {
          check: (...added: typeof checks) => {
            checks.push(...added);
            return operation;
          },
          set: (key: Deno.KvKey, value: unknown) => {
            writes.push({ key, value: structuredClone(value) });
            return operation;
          },
          commit: () =>
            call("commit", () => {
              const ok = checks.every(({ key, versionstamp }) =>
                get(key).versionstamp === versionstamp
              );
              if (ok) {
                this.#write(writes);
                onCommit?.(writes);
              }
              return { ok, versionstamp: ok && this.#versionstamp };
            }),
        };
        return operation;
      },
      watch: ([key]: [Deno.KvKey]) =>
        this.#watch(() => get(key), gate, onWatched),
    };
    return kv as unknown as Deno.Kv;
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#changed.size;
  }

  get #versionstamp(): string {
    return String(this.#version).padStart(20, "0");
  }

  #write(writes: readonly Write[]): void {
    this.#version++;
    const versionstamp = this.#versionstamp;
    for (const { key, value } of writes) {
      this.#entries.set(JSON.stringify(key), { value, versionstamp });
    }
    for (const changed of this.#changed) changed();
  }

  /** Like Deno KV's: the value now, then the last one whenever it changed. */
  #watch(
    get: () => Deno.KvEntryMaybe<unknown>,
    gate: Gate,
    onWatched: (() => () => void) | undefined,
  ): ReadableStream<Deno.KvEntryMaybe<unknown>[]> {
    let seen: string | null | undefined;
    let wake = () => {};
    const changed = () => wake();
    return new ReadableStream({
      start: () => void this.#changed.add(changed),
      pull: async (controller) => {
        await gate("watch >");
        while (get().versionstamp === seen) {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        }
        const entry = get();
        seen = entry.versionstamp;
        const arrive = onWatched?.();
        await gate("watch <");
        arrive?.();
        controller.enqueue([entry]);
      },
      cancel: () => {
        this.#changed.delete(changed);
        // Ends the wait of `pull`, whose stream is closed.
        seen = "closed";
        wake();
      },
    }, { highWaterMark: 0 });
  }
}
