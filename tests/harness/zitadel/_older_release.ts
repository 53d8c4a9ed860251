import type { Sandbox } from "../../../harness/sandbox/sandbox.ts";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import { serve } from "../_serve.ts";

/** What older releases lack: calls of it are answered as they were recorded. */
const LACKING = {
  management_v1:
    /^\/zitadel\.(?:org\.v2(?:beta)?\.OrganizationService\/\w+Metadata$|action\.v2\.)/,
  v2beta: /^\/zitadel\.org\.v2\.OrganizationService\/\w+Metadata$/,
} as const;

/** Serves a sandbox without what older releases than its own lack. */
export function serveOlderRelease(
  { origin }: Pick<Sandbox, "origin">,
  api: keyof typeof LACKING,
) {
  const older = createUpstream({ organizations: {}, api });
  const missing =
    "/zitadel.org.v2.OrganizationService/ListOrganizationMetadata";
  return serve(async ({ url, method, headers, body }) => {
    const { pathname, origin: own } = new URL(url);
    const init = { method, headers, body: await new Response(body).bytes() };
    return LACKING[api].test(pathname)
      ? await older.fetch(own + missing, init)
      : await fetch(origin + pathname, method === "GET" ? { headers } : init);
  });
}
