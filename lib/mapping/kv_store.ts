/**
 * Mappings in Deno KV, shared by the isolates of a function. Nothing here
 * throws: without KV, or with a bad one, the function works from memory.
 *
 * @module
 */
import { LruMap } from "../util/lru_map.ts";
import { SingleFlight } from "../util/single_flight.ts";
import {
  announcementAfter,
  AnnouncementTracker,
  type Changed,
} from "./announcement.ts";
import { createKvAccess, type KvOptions } from "./kv_access.ts";
import {
  type DatedMapping,
  decodeMapping,
  encodeMapping,
  EVENT_MEMORY_MS,
  type KnownEvent,
  latestEvent,
  readStored,
} from "./kv_values.ts";

/** Part of every key. A change in how entries are parsed or stored raises it. */
const FORMAT = 4;

/** How often an announcement competes with others before it is made as a gap. */
const MAX_ATTEMPTS = 8;

/** For how many organizations an unconfirmed invalidation is remembered. */
const MAX_UNCONFIRMED = 10_000;

/** What KV holds for an organization. */
export interface Stored {
  /** Of the mapping or the tombstone; `null` if KV holds neither. */
  readonly version: string | null;
  readonly event?: KnownEvent | undefined;
  readonly found?: DatedMapping | undefined;
}

/** An invalidation that KV has not confirmed: until then it may hold an old mapping. */
interface Unconfirmed {
  readonly event: KnownEvent | undefined;
  /** Whether it is due even if KV knows the event. */
  readonly isForced: boolean;
}

/** How an invalidation ended: every isolate learns of it; KV knew the event; KV did not confirm it. */
type Outcome = "announced" | "known" | "failed";

export class KvStore {
  readonly #options: KvOptions;
  readonly #access: ReturnType<typeof createKvAccess>;
  readonly #tracker = new AnnouncementTracker();
  readonly #announcing = new SingleFlight<Outcome>();
  readonly #unconfirmed = new LruMap<Unconfirmed>(MAX_UNCONFIRMED);
  readonly #announcementKey: Deno.KvKey;
  #onChange: (organization?: string) => void = () => {};

  constructor(options: KvOptions) {
    this.#options = options;
    this.#access = createKvAccess(options);
    const { origin } = options;
    this.#announcementKey = ["role_permissions_announcement", FORMAT, origin];
  }

  /**
   * Reads what KV holds for an organization; `undefined` if KV does not answer,
   * or has not confirmed this isolate's invalidation. The mapping of a version
   * that is known is not decoded again.
   */
  async read(
    organization: string,
    knownVersion?: string | null,
  ): Promise<Stored | undefined> {
    if (this.#access.isPaused()) return undefined;
    const isDue = this.#unconfirmed.get(organization) !== undefined;
    if (isDue && await this.#announce(organization) === "failed") {
      return undefined;
    }
    const key = this.#mappingKey(organization);
    const entry = await this.#access.attempt("read from", (kv) => kv.get(key));
    if (!entry) return undefined;
    const version = entry.versionstamp;
    const stored = readStored(entry.value);
    const isKnown = version === knownVersion;
    const found = isKnown ? undefined : await decodeMapping(stored);
    return { version, event: stored?.event, found };
  }

  /**
   * Writes a mapping over what KV held before ZITADEL was asked. Returns the
   * new version, `null` if KV holds something else by now, and `undefined` if
   * KV did not take it: it failed, or the mapping is too large or has expired.
   */
  async write(
    organization: string,
    { mapping, readAt }: DatedMapping,
    { version, event }: Stored,
  ): Promise<string | null | undefined> {
    const { lifetimeMs, now } = this.#options;
    const bytes = await encodeMapping(mapping);
    const expiresAt = readAt + lifetimeMs;
    if (!bytes || expiresAt <= now() || this.#access.isPaused()) {
      return undefined;
    }
    const key = this.#mappingKey(organization);
    const value = { mapping: bytes, readAt, event };
    const forgottenAt = event ? event.arrivedAt + EVENT_MEMORY_MS : 0;
    const expireIn = Math.max(expiresAt, forgottenAt) - now();
    const result = await this.#access.attempt(
      "write to",
      (kv) =>
        kv.atomic().check({ key, versionstamp: version })
          .set(key, value, { expireIn }).commit(),
    );
    return result && (result.ok ? result.versionstamp : null);
  }

  /**
   * Puts a tombstone in the place of an organization's mapping and announces
   * it. One announcement per organization is in flight and one waits. What KV
   * does not confirm is tried again at the organization's next reading.
   *
   * Returns `false` if KV knows the event, or a later one.
   */
  async invalidate(
    organization: string,
    event: KnownEvent | undefined,
  ): Promise<boolean> {
    const earlier = this.#unconfirmed.get(organization);
    this.#unconfirmed.set(organization, {
      event: latestEvent(this.#options.now(), earlier?.event, event),
      isForced: event === undefined || earlier !== undefined,
    });
    this.#announcing.outdate(organization);
    return await this.#announce(organization) !== "known";
  }

  #announce(organization: string): Promise<Outcome> {
    return this.#announcing.do(organization, async () => {
      const unconfirmed = this.#unconfirmed.get(organization);
      if (!unconfirmed) return "announced";
      const outcome = await this.#commit(organization, unconfirmed);
      const isLatest = this.#unconfirmed.get(organization) === unconfirmed;
      if (outcome !== "failed" && isLatest) {
        this.#unconfirmed.delete(organization);
      }
      return outcome;
    });
  }

  async #commit(
    organization: string,
    { event, isForced }: Unconfirmed,
  ): Promise<Outcome> {
    const { now, lifetimeMs } = this.#options;
    const key = this.#mappingKey(organization);
    // Outlives every mapping read before, and every replay of the event.
    const expireIn = lifetimeMs + EVENT_MEMORY_MS;
    for (let attempt = 1;; attempt++) {
      const entries = await this.#access.attempt(
        "invalidate in",
        (kv) => kv.getMany<[unknown, unknown]>([this.#announcementKey, key]),
      );
      if (!entries) return "failed";
      const [last, stored] = entries;
      this.#tell(this.#tracker.observe(last));
      const known = latestEvent(now(), readStored(stored.value)?.event);
      const isKnown = event && known && event.sequence <= known.sequence;
      if (isKnown && !isForced) return "known";
      const isContended = attempt === MAX_ATTEMPTS;
      const announcement = announcementAfter(
        last.value,
        organization,
        now(),
        isContended,
      );
      const tombstone = {
        invalidatedAt: now(),
        event: latestEvent(now(), event, known),
      };
      const result = await this.#access.attempt("invalidate in", (kv) => {
        const operation = kv.atomic()
          .set(this.#announcementKey, announcement)
          .set(key, tombstone, { expireIn });
        return (isContended ? operation : operation.check(last)).commit();
      });
      if (!result) return "failed";
      if (!result.ok) continue;
      // The isolate sees its own gap, too: it may have missed what it replaced.
      if (!isContended) this.#tracker.commit(result.versionstamp, announcement);
      return "announced";
    }
  }

  /**
   * Watches what other isolates announce until `shutdown` is aborted.
   *
   * @param onChange Told which organization changed; `undefined` if it may have been any.
   */
  async watch(
    onChange: (organization?: string) => void,
    shutdown: AbortSignal,
  ): Promise<void> {
    this.#onChange = onChange;
    await this.#access.watch(this.#announcementKey, (entry) => {
      this.#tell(entry ? this.#tracker.observe(entry) : this.#tracker.lose());
    }, shutdown);
  }

  #tell(changed: Changed): void {
    if (changed === "all") this.#onChange();
    else if (changed !== "none") this.#onChange(changed.organization);
  }

  #mappingKey(organization: string): Deno.KvKey {
    return ["role_permissions", FORMAT, this.#options.origin, organization];
  }
}
