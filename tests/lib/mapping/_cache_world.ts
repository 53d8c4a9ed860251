/**
 * The world of the cache's model: isolates, a KV and a ZITADEL, what may happen
 * to them, and what every answer must hold to.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FunctionError } from "../../../lib/errors.ts";
import type { MetadataEntry } from "../../../lib/mapping/role_mapping.ts";
import {
  Clock,
  createIsolate,
  EVENT_MEMORY_MS,
  type Isolate,
  KV_PAUSE_MS,
  ORIGIN,
  storeOver,
} from "./_isolate.ts";
import { type Backup, MemoryKv } from "../_memory_kv.ts";

export const FRESH_MS = 10_000;
export const STALE_MS = 30_000;
const UPSTREAM_TIMEOUT_MS = 2_000;
export const ISOLATES = 3;
export const ORGANIZATIONS = 2;

/** How long a server of KV is away while its database is replaced. */
const RESTORE_MS = 1_000;

/** More than any one wait of the function takes, one after the other. */
const CALM_MS = 20_000;

const DOWN = new FunctionError("upstream_failed", "ZITADEL is down");
const LATE = new FunctionError("upstream_timeout", "ZITADEL is late");

/** What KV does with a call: takes it, refuses it, or takes it when it is back. */
export type KvMode = "good" | "refuses" | "silent";

/** What happens next, and its name in a counterexample. */
export interface Step {
  readonly label: string;
  readonly take: (model: Model) => void;
  [fc.toStringMethod](): string;
}

/** A function's isolate, and what it was told. */
interface Running {
  readonly isolate: Isolate;
  /** By organization: the least version that a call beginning now may be answered with, after this isolate's own events. It holds whatever KV loses. */
  readonly floors: number[];
  /** The same, after what other isolates announced. KV may lose it. */
  readonly heard: number[];
  /** By organization: the highest sequence that this isolate acted on, and when. */
  readonly acted: { sequence: number; at: number }[];
  /** By organization: what the version was when its last event came. */
  readonly events: number[];
}

/** One run of the model: a scheduler decides what comes before what. */
export class Model {
  readonly #scheduler: fc.Scheduler;
  readonly #clock = new Clock();
  readonly #kv = new MemoryKv(this.#clock.now);
  /** By organization: when each version of its mapping was replaced. The last is in force. */
  readonly #replacedAt = Array.from(
    { length: ORGANIZATIONS },
    () => [Infinity],
  );
  /** By organization: the least version that KV may still hold. */
  readonly #committed: number[] = new Array(ORGANIZATIONS).fill(0);
  /** By organization: the last event's sequence. */
  readonly #sequences: number[] = new Array(ORGANIZATIONS).fill(0);
  /** By organization: until when events may be ignored, because of an absurd sequence. */
  readonly #ignoredUntil: number[] = new Array(ORGANIZATIONS).fill(0);
  readonly #running: Running[] = [];
  /** Another isolate's, which nothing holds back. */
  readonly #stranger = storeOver(this.#kv.connect(), this.#clock).store;
  #backup: Backup | undefined;
  #restores = 0;
  #failure: unknown;
  #unanswered = 0;
  #isDown = false;
  #kvMode: KvMode = "good";
  #kvIsBack = Promise.withResolvers<void>();

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    for (let index = 0; index < ISOLATES; index++) this.start(index);
  }

  async run(sequence: readonly Step[]): Promise<void> {
    this.#scheduler.scheduleSequence(sequence.map(({ label, take }) => ({
      label,
      builder: () => Promise.resolve(take(this)),
    })));
    await this.#scheduler.waitIdle();
    await this.#calmDown();
    assert.equal(this.#unanswered, 0, "a call was never answered");

    // With everything well again, and all that was kept too old.
    this.advance(FRESH_MS + STALE_MS);
    for (const running of this.#running) {
      for (const [organization, versions] of this.#replacedAt.entries()) {
        const version = running.isolate.view(String(organization));
        await this.#calmDown();
        assert.match(await version, new RegExp(`^${versions.length - 1} from`));
      }
    }
    if (this.#failure) throw this.#failure;
  }

  end(): void {
    for (const { isolate } of this.#running) isolate[Symbol.dispose]();
  }

  /** Repairs what is broken and lets everything end that is under way. */
  async #calmDown(): Promise<void> {
    this.#isDown = false;
    this.setKvMode("good");
    await this.#scheduler.waitIdle();
    for (let ms = 0; ms < CALM_MS && this.#unanswered > 0; ms += 100) {
      this.advance(100);
      await this.#scheduler.waitIdle();
    }
  }

  keepBackup(): void {
    this.#backup = this.#kv.backup();
  }

  change(organization: number): void {
    const versions = this.#replacedAt[organization]!;
    versions[versions.length - 1] = this.#clock.now();
    versions.push(Infinity);
  }

  setDown(isDown: boolean): void {
    this.#isDown = isDown;
  }

  call(index: number, organization: number): void {
    this.#follow(this.#call(index, organization));
  }

  async #call(index: number, organization: number): Promise<void> {
    const { isolate, floors, heard } = this.#running[index]!;
    const begunAt = this.#clock.now();
    const floor = floors[organization]!;
    const heardFloor = heard[organization]!;
    try {
      const answer = await isolate.view(String(organization));
      const version = Number.parseInt(answer);
      assert.ok(version >= floor, `${answer} was served after an event`);
      // A mapping that KV cannot be asked about serves as a stale one does.
      const isUnverified = answer.endsWith("stale") &&
        isolate.kvFailures.some((at) => at >= begunAt - KV_PAUSE_MS);
      assert.ok(
        version >= heardFloor || isUnverified,
        `${answer} was served after another isolate announced an event`,
      );
      const replacedAt = this.#replacedAt[organization]![version]!;
      assert.ok(
        begunAt < replacedAt + FRESH_MS + STALE_MS,
        `${answer} was served after it was too old`,
      );
    } catch (error) {
      if (error !== DOWN && error !== LATE) throw error;
    }
  }

  /** Keeps what went wrong for the end: nothing waits for it before. */
  #follow(work: Promise<unknown>): void {
    this.#unanswered++;
    work.catch((error) => this.#failure ??= error)
      .finally(() => this.#unanswered--);
  }

  event(index: number, organization: number, kind: string): void {
    const running = this.#running[index]!;
    const now = this.#clock.now();
    const next = ++this.#sequences[organization]!;
    const isIgnored = kind !== "none" &&
      now < this.#ignoredUntil[organization]!;
    if (!isIgnored) {
      const version = this.#replacedAt[organization]!.length - 1;
      running.events[organization] = version;
      running.floors[organization] = version;
    }
    if (kind === "absurd") {
      this.#ignoredUntil[organization] = now + EVENT_MEMORY_MS;
    }
    if (kind === "next" && !isIgnored) {
      running.acted[organization] = { sequence: next, at: now };
    }
    const absurd = Number.MAX_SAFE_INTEGER;
    const sequence = { next, none: undefined, absurd }[kind];
    const { cache } = running.isolate;
    this.#follow(cache.invalidate(String(organization), sequence));
  }

  replay(index: number, organization: number, back: number): void {
    const sequence = this.#sequences[organization]! - back;
    if (sequence < 1) return;
    this.#follow(this.#replay(this.#running[index]!, organization, sequence));
  }

  async #replay(
    { acted, isolate }: Running,
    organization: number,
    sequence: number,
  ): Promise<void> {
    const { sequence: highest, at } = acted[organization]!;
    const now = this.#clock.now();
    const isKnown = sequence <= highest && now < at + EVENT_MEMORY_MS;
    const isActedOn = await isolate.cache.invalidate(
      String(organization),
      sequence,
    );
    assert.ok(!isKnown || !isActedOn, "a replay was acted on");
    if (isActedOn && sequence >= acted[organization]!.sequence) {
      acted[organization] = { sequence, at: now };
    }
  }

  burst(organizations: number): void {
    const announce = async () => {
      for (let index = 0; index < organizations; index++) {
        await this.#stranger.invalidate(`stranger-${index}`, undefined);
      }
    };
    this.#follow(announce());
  }

  /** What other isolates announced may be lost; what an isolate was told itself is not. */
  restore(hasBackup: boolean): void {
    this.#restores++;
    this.#committed.fill(0);
    for (const { heard } of this.#running) heard.fill(0);
    this.#kv.restore(hasBackup ? this.#backup : undefined);
    this.#kv.breakWatches();
    this.advance(RESTORE_MS);
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  setKvMode(mode: KvMode): void {
    this.#kvMode = mode;
    if (mode === "silent") return;
    this.#kvIsBack.resolve();
    this.#kvIsBack = Promise.withResolvers();
  }

  start(index: number): void {
    this.#running[index]?.isolate[Symbol.dispose]();
    const kv = this.#kv.connect({
      gate: async (call) => {
        if (this.#kvMode === "refuses") throw new TypeError("KV refuses");
        while (this.#kvMode === "silent") await this.#kvIsBack.promise;
        await this.#scheduler.schedule(Promise.resolve(), `${index} ${call}`);
      },
      onCommit: (writes) => {
        for (const { key, value } of writes) {
          if (!Object.hasOwn(value as object, "invalidatedAt")) continue;
          assert.equal(key[2], ORIGIN);
          const organization = Number(key[3]);
          raise(this.#committed, organization, running.events[organization]!);
        }
      },
      onWatched: () => {
        const committed = [...this.#committed];
        const restores = this.#restores;
        return async () => {
          await microtasks();
          if (restores !== this.#restores) return;
          for (const [organization, version] of committed.entries()) {
            raise(running.heard, organization, version);
          }
        };
      },
    });
    const readings = new Array(ORGANIZATIONS).fill(0);
    const readMetadata = async (organization: string) => {
      const current = Number(organization);
      readings[current]++;
      if (readings[current] > 1) {
        this.#failure ??= new Error("Two readings of one organization at once");
      }
      try {
        return await this.#readMetadata(index, current);
      } finally {
        readings[current]--;
      }
    };
    const running: Running = {
      isolate: createIsolate({
        kv,
        clock: this.#clock,
        readMetadata,
        freshMs: FRESH_MS,
        staleMs: STALE_MS,
      }),
      floors: new Array(ORGANIZATIONS).fill(0),
      heard: [...this.#committed],
      acted: Array.from(
        { length: ORGANIZATIONS },
        () => ({ sequence: 0, at: 0 }),
      ),
      events: new Array(ORGANIZATIONS).fill(0),
    };
    this.#running[index] = running;
  }

  #readMetadata(
    index: number,
    organization: number,
  ): Promise<MetadataEntry[]> {
    return new Promise((resolve, reject) => {
      this.#clock.timeout(UPSTREAM_TIMEOUT_MS)
        .addEventListener("abort", () => reject(LATE));
      const answer = async () => {
        const label = `${index} metadata ${organization}`;
        await this.#scheduler.schedule(Promise.resolve(), `${label} >`);
        const isDown = this.#isDown;
        const version = this.#replacedAt[organization]!.length - 1;
        await this.#scheduler.schedule(Promise.resolve(), `${label} <`);
        if (isDown) return reject(DOWN);
        const value = new TextEncoder().encode(`["${version}"]`);
        resolve([{ key: "viewer", value }]);
      };
      answer().catch(reject);
    });
  }
}

function raise(values: number[], index: number, least: number): void {
  values[index] = Math.max(values[index]!, least);
}

/** Long enough for a watched value to reach the cache. */
async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
