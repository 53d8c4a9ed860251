type Method = (...args: unknown[]) => Promise<unknown>;

/** The HMACs that Web Crypto is asked for until the watch is disposed of. */
export class HmacWatch implements Disposable {
  /** What each was computed of, in order; the same object is the same copy. */
  readonly messages: ArrayBufferView[] = [];
  /** The most that were computed at once. */
  mostAtOnce = 0;
  /** HMACs wait for it; a test that holds them resolves it. */
  start: Promise<void> = Promise.resolve();
  #running = 0;

  constructor() {
    const original = crypto.subtle.sign as unknown as Method;
    Object.assign(crypto.subtle, {
      sign: (...args: unknown[]) => this.#run(original, args),
    });
  }

  async #run(original: Method, args: unknown[]): Promise<unknown> {
    this.messages.push(args.at(-1) as ArrayBufferView);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running);
    try {
      await this.start;
      return await original.apply(crypto.subtle, args);
    } finally {
      this.#running--;
    }
  }

  [Symbol.dispose](): void {
    // The method of the prototype is back.
    Reflect.deleteProperty(crypto.subtle, "sign");
  }
}
