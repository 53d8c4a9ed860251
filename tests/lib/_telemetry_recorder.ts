import {
  type Attributes,
  metrics,
  type Span,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";

/** Takes metrics and spans in place of an exporter, until it is disposed of. */
export class TelemetryRecorder implements Disposable {
  /** What the instruments were given. */
  readonly measurements: {
    name: string;
    value: number;
    attributes: Attributes;
  }[] = [];
  /** The spans that ended, and what else was told of them: attributes, events, messages. */
  readonly spans: { name: string; isError: boolean; told: unknown[] }[] = [];
  /** The names of the instruments, with their units. */
  readonly instruments = new Map<string, string | undefined>();

  /** Begins to take them. */
  constructor() {
    const instrument = (name: string, options?: { unit?: string }) => {
      this.instruments.set(name, options?.unit);
      const take = (value: number, attributes: Attributes = {}) =>
        void this.measurements.push({ name, value, attributes });
      return { add: take, record: take };
    };
    metrics.setGlobalMeterProvider({
      getMeter: () =>
        ({ createCounter: instrument, createHistogram: instrument }) as never,
    });
    trace.setGlobalTracerProvider({
      getTracer: () => ({
        startActiveSpan: (name: string, run: (span: Span) => unknown) =>
          run(this.#span(name)),
      } as never),
    });
  }

  /**
   * Gives what one instrument was given.
   *
   * @param name The instrument's name.
   * @returns The values with their attributes.
   */
  of(name: string): [number, Attributes][] {
    return this.measurements.filter((taken) => taken.name === name)
      .map(({ value, attributes }) => [value, attributes]);
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    metrics.disable();
    trace.disable();
  }

  #span(name: string): Span {
    const told: unknown[] = [];
    let isError = false;
    const tell = (...what: unknown[]) => void told.push(...what);
    return {
      setStatus: ({ code, message }: { code: number; message?: string }) => {
        isError = code === SpanStatusCode.ERROR;
        if (message !== undefined) tell(message);
      },
      setAttribute: tell,
      setAttributes: tell,
      addEvent: tell,
      recordException: tell,
      updateName: tell,
      end: () => void this.spans.push({ name, isError, told }),
    } as never;
  }
}
