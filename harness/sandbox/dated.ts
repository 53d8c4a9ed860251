export interface Dated {
  created: Date;
  changed: Date;
  /** The number of events of its aggregate. */
  sequence: number;
}

export function dated(sequence = 1): Dated {
  const now = new Date();
  return { created: now, changed: now, sequence };
}

export function touch(thing: Dated): Date {
  thing.changed = new Date();
  thing.sequence++;
  return thing.changed;
}
