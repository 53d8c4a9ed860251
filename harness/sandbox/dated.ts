/** When something came to be and was last changed. */
export interface Dated {
  created: Date;
  changed: Date;
  /** ZITADEL's count of the events of its aggregate. */
  sequence: number;
}

/** Starts the dates of something new. */
export function dated(sequence = 1): Dated {
  const now = new Date();
  return { created: now, changed: now, sequence };
}

/** Notes that something was changed. */
export function touch(thing: Dated): Date {
  thing.changed = new Date();
  thing.sequence++;
  return thing.changed;
}
