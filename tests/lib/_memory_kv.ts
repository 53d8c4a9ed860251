/** Lets a call through now or later, or refuses it by throwing. */
export type Gate = (call: string) => Promise<void>;

interface Stored {
  readonly value: unknown;
  readonly versionstamp: string;
  readonly expiresAt: number;
}

interface Write {
  readonly key: Deno.KvKey;
  readonly value: unknown;
  readonly expireIn: number;
}

/** A copy of a database. */
export type Backup = ReadonlyMap<string, Stored>;

interface Watch {
  /** Shows what changed. */
  wake(): void;
  isBroken: boolean;
}

/** A client's calls pass at once, to the database and back. */
const open: Gate = () => Promise.resolve();

/**
 * A Deno KV in this process whose every call can be held back, before it
 * reaches the database and again before its answer arrives: what a test of
 * interleavings needs. It has the calls that the function uses.
 */
export class MemoryKv {
  #entries = new Map<string, Stored>();
  readonly #watches = new Set<Watch>();
  readonly #now: () => number;
  #version = 0;

  /** Values expire by the clock that is given. */
  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

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
    const get = (key: Deno.KvKey) => this.#get(key);
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
          set: (
            key: Deno.KvKey,
            value: unknown,
            { expireIn = Infinity }: { readonly expireIn?: number } = {},
          ) => {
            writes.push({ key, value: structuredClone(value), expireIn });
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
    return this.#watches.size;
  }

  /** What has not expired. */
  get values(): unknown[] {
    return [...this.#entries.values()]
      .filter(({ expiresAt }) => expiresAt > this.#now())
      .map(({ value }) => value);
  }

  backup(): Backup {
    return new Map(this.#entries);
  }

  /** Goes on with a copy of earlier, or with nothing. Versions are not used twice. */
  restore(backup: Backup = new Map()): void {
    this.#entries = new Map(backup);
    for (const watch of this.#watches) watch.wake();
  }

  /** Breaks the connections of all watches. */
  breakWatches(): void {
    for (const watch of this.#watches) {
      watch.isBroken = true;
      watch.wake();
    }
  }

  get #versionstamp(): string {
    return String(this.#version).padStart(20, "0");
  }

  #get(key: Deno.KvKey): Deno.KvEntryMaybe<unknown> {
    const stored = this.#entries.get(JSON.stringify(key));
    if (!stored || stored.expiresAt <= this.#now()) {
      return { key, value: null, versionstamp: null };
    }
    const { value, versionstamp } = stored;
    return { key, value, versionstamp };
  }

  #write(writes: readonly Write[]): void {
    this.#version++;
    const versionstamp = this.#versionstamp;
    for (const { key, value, expireIn } of writes) {
      const expiresAt = this.#now() + expireIn;
      this.#entries.set(JSON.stringify(key), {
        value,
        versionstamp,
        expiresAt,
      });
    }
    for (const watch of this.#watches) watch.wake();
  }

  /** Like Deno KV's: the value now, then the last one whenever it changed. */
  #watch(
    get: () => Deno.KvEntryMaybe<unknown>,
    gate: Gate,
    onWatched: (() => () => void) | undefined,
  ): ReadableStream<Deno.KvEntryMaybe<unknown>[]> {
    let seen: string | null | undefined;
    const watch: Watch = { wake() {}, isBroken: false };
    const requireConnection = () => {
      if (!watch.isBroken) return;
      this.#watches.delete(watch);
      throw new TypeError("connection lost");
    };
    return new ReadableStream({
      start: () => void this.#watches.add(watch),
      pull: async (controller) => {
        while (get().versionstamp === seen && !watch.isBroken) {
          const { promise, resolve } = Promise.withResolvers<void>();
          watch.wake = resolve;
          await promise;
        }
        // Meanwhile it may change again: only the last value is shown.
        await gate("watch >");
        requireConnection();
        const entry = get();
        seen = entry.versionstamp;
        const arrive = onWatched?.();
        await gate("watch <");
        requireConnection();
        arrive?.();
        controller.enqueue([entry]);
      },
      cancel: () => {
        this.#watches.delete(watch);
        // Ends the wait of `pull`, whose stream is closed.
        seen = "closed";
        watch.wake();
      },
    }, { highWaterMark: 0 });
  }
}

/** A client's connection to a {@linkcode MemoryKv} that a test can hold up and cut. */
export class Connection {
  readonly kv: Deno.Kv;
  /** Whether calls are answered, refused, or never answered; watches continue. */
  state: "good" | "refuses" | "silent" = "good";
  readonly #held = new Map<string, Promise<void>>();
  readonly #counts = new Map<string, number>();

  constructor(database: MemoryKv) {
    this.kv = database.connect({ gate: (call) => this.#pass(call) });
  }

  /** Holds one kind of call up, as `get >` before the database and `get <` after it, until the returned function is called. */
  hold(call: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(call, promise);
    return () => {
      this.#held.delete(call);
      resolve();
    };
  }

  /** How often a kind of call was made. */
  count(call: string): number {
    return this.#counts.get(call) ?? 0;
  }

  async #pass(call: string): Promise<void> {
    this.#counts.set(call, this.count(call) + 1);
    if (!call.startsWith("watch")) {
      if (this.state === "refuses") throw new TypeError("KV refuses");
      if (this.state === "silent") await new Promise(() => {});
    }
    await this.#held.get(call);
  }
}
