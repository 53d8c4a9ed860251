import { createUpstream } from "../../harness/sandbox/upstream.ts";

/** What every organization's mapping is. */
export const MAPPING: Readonly<Record<string, readonly string[]>> = {
  viewer: ["posts:read"],
  editor: ["posts:read", "posts:write"],
  "2:editor": ["stock:pick"],
};

/** Creates a ZITADEL that knows every organization, so that whatever a payload names, the call can be answered. */
export function createUpstreamOfAll() {
  const metadata = Object.fromEntries(
    Object.entries(MAPPING)
      .map(([key, value]) => [key, btoa(JSON.stringify(value))]),
  );
  return createUpstream({
    organizations: new Proxy({}, { get: () => ({ readable: true, metadata }) }),
  });
}
