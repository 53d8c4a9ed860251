export type Payload = Record<string, unknown> & {
  grantId?: string;
  uid?: string;
  consumed?: number;
};

/**
 * oidc-provider's storage: a map for each of its models, discarded with the
 * sandbox. Its own memory adapter is shared by all providers of a process.
 */
export class MemoryAdapter {
  readonly model: string;
  readonly #payloads = new Map<string, Payload>();

  constructor(model: string) {
    this.model = model;
  }

  upsert(id: string, payload: Payload): Promise<void> {
    this.#payloads.set(id, payload);
    return Promise.resolve();
  }

  find(id: string): Promise<Record<string, unknown> | undefined> {
    return Promise.resolve(this.#payloads.get(id));
  }

  findByUid(uid: string): Promise<Payload | undefined> {
    return Promise.resolve(
      [...this.#payloads.values()].find((payload) => payload.uid === uid),
    );
  }

  /** Marks a code or token as used. */
  consume(id: string): Promise<void> {
    const payload = this.#payloads.get(id);
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    return Promise.resolve();
  }

  destroy(id: string): Promise<void> {
    this.#payloads.delete(id);
    return Promise.resolve();
  }

  /** Deletes everything that came of one grant. */
  revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, payload] of this.#payloads) {
      if (payload.grantId === grantId) this.#payloads.delete(id);
    }
    return Promise.resolve();
  }
}
