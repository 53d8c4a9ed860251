/**
 * How the isolates of a function tell each other that an organization's mapping
 * changed: by a list under one key in Deno KV that all of them watch.
 *
 * @module
 */
import { SingleFlight } from "../util/single_flight.ts";
import { EVENT_MEMORY_MS } from "./event_sequences.ts";
import {
  appendTo,
  type InvalidationList,
  newSince,
  NO_LIST,
  parseList,
  startAgain,
} from "./invalidation_list.ts";
import { KV_TIMEOUT_MS, type KvAccess, type KvOptions } from "./kv_access.ts";
import {
  type KvKeys,
  kvKeys,
  parseSequence,
  type StoredVersion,
} from "./kv_schema.ts";

/** How often an announcement competes with others before it starts the list again. */
const MAX_ATTEMPTS = 8;

/**
 * How long to wait before each further try to announce what KV did not confirm,
 * in milliseconds. A short outage of KV is over by then; in a longer one, other
 * isolates' mappings expire.
 */
export const ANNOUNCE_RETRY_MS = [1_000, 4_000, 16_000];

/** The outcome of an invalidation. */
export type InvalidationOutcome =
  /** Every isolate learns of it. */
  | { readonly kind: "announced" }
  /** KV has this event or a later one, and the mapping in KV has this version. */
  | { readonly kind: "known"; readonly version: StoredVersion }
  /** KV did not confirm it. */
  | { readonly kind: "failed" };

/** Told what other isolates announce. */
export interface InvalidationListener {
  /** An organization's mapping changed, by an event with this sequence if it has one. */
  onInvalidated(organization: string, sequence?: number): void;
  /** Some invalidations may have been missed. */
  onGap(): void;
}

/** An invalidation that KV has not confirmed: until then it may hold an old mapping. */
interface Pending {
  /** The highest sequence of its events. */
  readonly sequence: number;
  /** Whether one of its events has no sequence, so that it is acted on in any case. */
  readonly isForced: boolean;
}

/** The isolates' announcements to each other. */
export class Invalidations {
  readonly #options: KvOptions;
  readonly #access: KvAccess;
  readonly #keys: KvKeys;
  readonly #isolate = crypto.randomUUID();
  readonly #pending = new Map<string, Pending>();
  readonly #announcing = new SingleFlight<InvalidationOutcome>();
  #listener: InvalidationListener | undefined;
  /** Ends what runs in the background, which begins with the watch. */
  #shutdown: AbortSignal | undefined;
  #isRetrying = false;
  /** The list as this isolate saw it last; `undefined` before the watch began. */
  #seen: InvalidationList | undefined;

  /**
   * Joins the isolates that share a database.
   *
   * @param access The bounded access to KV.
   * @param options The database and what else it takes.
   */
  constructor(access: KvAccess, options: KvOptions) {
    this.#access = access;
    this.#options = options;
    this.#keys = kvKeys(options.origin);
  }

  /**
   * Invalidates an organization's mapping in KV and announces it to the other
   * isolates. One announcement per organization is in flight and one waits. If
   * KV does not confirm it, it is tried again at the organization's next reading
   * and a few times in the background; until then, the organization's mapping
   * is not read from KV.
   *
   * @param organization The organization's id.
   * @param sequence The event's sequence, if it has one.
   * @returns The outcome.
   */
  invalidate(
    organization: string,
    sequence?: number,
  ): Promise<InvalidationOutcome> {
    const earlier = this.#pending.get(organization);
    this.#pending.set(organization, {
      sequence: Math.max(earlier?.sequence ?? -1, sequence ?? -1),
      isForced: sequence === undefined || earlier?.isForced === true,
    });
    this.#announcing.outdate(organization);
    return this.#announce(organization);
  }

  /**
   * Makes sure that KV has confirmed an organization's invalidations.
   *
   * @param organization The organization's id.
   * @returns `false` if it has not, so it may hold an old mapping.
   */
  async confirm(organization: string): Promise<boolean> {
    if (!this.#pending.has(organization)) return true;
    return (await this.#announce(organization)).kind !== "failed";
  }

  #announce(organization: string): Promise<InvalidationOutcome> {
    return this.#announcing.do(organization, async () => {
      const pending = this.#pending.get(organization)!;
      const outcome = await this.#commit(organization, pending);
      const isLatest = this.#pending.get(organization) === pending;
      if (outcome.kind === "failed") this.#retry();
      else if (isLatest) this.#pending.delete(organization);
      return outcome;
    });
  }

  /** Announces what KV did not confirm, a few times: other isolates serve the old mapping meanwhile. */
  async #retry(): Promise<void> {
    if (this.#isRetrying || !this.#shutdown) return;
    this.#isRetrying = true;
    for (const pauseMs of ANNOUNCE_RETRY_MS) {
      await this.#access.pause(pauseMs, this.#shutdown);
      if (this.#shutdown.aborted) return;
      let isConfirmed = true;
      for (const organization of [...this.#pending.keys()]) {
        isConfirmed = await this.confirm(organization);
        if (!isConfirmed) break;
      }
      if (isConfirmed) break;
    }
    this.#isRetrying = false;
  }

  async #commit(
    organization: string,
    { sequence, isForced }: Pending,
  ): Promise<InvalidationOutcome> {
    const { mapping, sequence: sequenceKey, invalidations } = this.#keys;
    const keys = [
      invalidations,
      sequenceKey(organization),
      mapping(organization),
    ] as const;
    for (let attempt = 1;; attempt++) {
      const found = await this.#access.attempt(
        "invalidate in",
        (kv) => kv.getMany<unknown[]>(keys),
      );
      if (!found) return { kind: "failed" };
      const [listed, highest, head] = found as [
        Deno.KvEntryMaybe<unknown>,
        Deno.KvEntryMaybe<unknown>,
        Deno.KvEntryMaybe<unknown>,
      ];
      const known = parseSequence(highest.value) ?? -1;
      if (!isForced && sequence <= known) {
        return { kind: "known", version: head.versionstamp };
      }
      const list = parseList(listed.value);
      const isLastAttempt = attempt === MAX_ATTEMPTS;
      const result = await this.#access.attempt("invalidate in", (kv) => {
        const operation = this.#tombstone(kv.atomic(), organization)
          .set(
            invalidations,
            isLastAttempt ? startAgain() : appendTo(list, {
              organization,
              by: this.#isolate,
              ...sequence >= 0 && { sequence },
            }),
          );
        if (sequence > known) {
          const expireIn = EVENT_MEMORY_MS;
          operation.set(sequenceKey(organization), { sequence }, { expireIn });
        }
        // Every commit changes the list, so it guards the sequence too.
        if (!isLastAttempt) operation.check(listed);
        return operation.commit();
      });
      if (!result) return { kind: "failed" };
      if (result.ok) {
        this.#tellOfReplaced(list, organization);
        return { kind: "announced" };
      }
    }
  }

  /** Adds a tombstone, not a deletion: it changes the version that a reading begun earlier checks. */
  #tombstone(
    operation: Deno.AtomicOperation,
    organization: string,
  ): Deno.AtomicOperation {
    const { lifetimeMs, now } = this.#options;
    return operation.set(
      this.#keys.mapping(organization),
      { invalidatedAt: now() },
      { expireIn: Math.max(lifetimeMs, 1_000) },
    );
  }

  /** Tells of another isolate's announcement that ours replaced in the list before the watch showed it. */
  #tellOfReplaced(list: InvalidationList, organization: string): void {
    const { invalidations: unseen } = newSince(list, this.#seen ?? NO_LIST);
    const isReplaced = unseen.some((it) =>
      it.organization === organization && it.by !== this.#isolate
    );
    if (isReplaced) this.#listener?.onInvalidated(organization);
  }

  /**
   * Watches for what other isolates invalidate, until `shutdown` is aborted.
   *
   * What is read once the watch has begun misses no announcement. A watch that
   * is slow or broken is not waited for; then its first value counts as a gap,
   * so what was read before it is compared with KV.
   *
   * @param listener Told of other isolates' announcements.
   * @param shutdown Ends the watch and other background work.
   * @returns Once the watch has begun, or is not waited for any longer.
   */
  watch(listener: InvalidationListener, shutdown: AbortSignal): Promise<void> {
    this.#listener = listener;
    this.#shutdown = shutdown;
    const begun = Promise.withResolvers<void>();
    let isLate = false;
    const stopWaiting = () => {
      isLate = true;
      begun.resolve();
    };
    const onValue = (value: unknown) => {
      const seen = this.#seen;
      this.#seen = parseList(value);
      if (seen) this.#tell(seen, this.#seen);
      else if (isLate) listener.onGap();
      begun.resolve();
    };
    this.#options.timeout(KV_TIMEOUT_MS).addEventListener("abort", stopWaiting);
    this.#access.watch(
      this.#keys.invalidations,
      { onValue, onBreak: stopWaiting },
      shutdown,
    );
    return begun.promise;
  }

  #tell(seen: InvalidationList, list: InvalidationList): void {
    const { invalidations, hasGap } = newSince(list, seen);
    if (hasGap) this.#listener?.onGap();
    for (const { organization, by, sequence } of invalidations) {
      if (by === this.#isolate) continue;
      this.#listener?.onInvalidated(organization, sequence);
    }
  }
}
