/** ZITADEL's default page size, which no operator's limit is below. */
export const PAGE_SIZE = 100;

export interface Page<T> {
  readonly entries: readonly T[];
  /** The number of entries on all pages. */
  readonly total: number;
}

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
