import { attempt } from "./zitadel_error.ts";

/** ZITADEL's default page size, which no operator's limit is below. */
export const PAGE_SIZE = 100;

/** What the v1 APIs are asked for a page by. */
export interface PageQuery {
  readonly query: {
    readonly offset: bigint;
    readonly limit: number;
    readonly asc: boolean;
  };
}

/** A page as the v1 APIs answer it. */
export interface PageAnswer<Message> {
  readonly result: readonly Message[];
  readonly details?: { readonly totalResult: bigint } | undefined;
}

/** Lists all that an API lists by pages, as the v1 APIs do. */
export function listAll<Message, Entry>(
  action: string,
  ask: (page: PageQuery) => Promise<PageAnswer<Message>>,
  entryOf: (message: Message) => Entry,
): Promise<Entry[]> {
  return attempt(action, async () => {
    const all: Entry[] = [];
    while (true) {
      const offset = BigInt(all.length);
      const query = { offset, limit: PAGE_SIZE, asc: true };
      const { result, details } = await ask({ query });
      all.push(...result.map(entryOf));
      const total = Number(details?.totalResult ?? 0);
      if (result.length === 0 || all.length >= total) return all;
    }
  });
}
