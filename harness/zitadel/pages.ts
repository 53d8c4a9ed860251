/** Entries of a page: ZITADEL's default, which no operator's limit is below. */
export const PAGE_SIZE = 100;

/** A page of a list. */
export interface Page<T> {
  readonly entries: readonly T[];
  /** How many entries all pages hold together. */
  readonly total: number;
}

/** Reads a list page by page until everything is there. */
export async function readPages<T>(
  read: (offset: number) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = [];
  while (true) {
    const { entries, total } = await read(all.length);
    all.push(...entries);
    if (entries.length === 0 || all.length >= total) return all;
  }
}
