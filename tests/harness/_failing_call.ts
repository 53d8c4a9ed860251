import { serve } from "./_serve.ts";

/** Passes calls on to ZITADEL, except one, which fails with a gRPC status; the paths are noted. */
export function serveFailing(
  origin: string,
  call: string,
  status: { readonly "grpc-status": string; readonly "grpc-message": string },
) {
  const paths: string[] = [];
  const server = serve(async (request) => {
    const { pathname } = new URL(request.url);
    paths.push(pathname);
    if (pathname.endsWith(`/${call}`)) {
      const type = { "content-type": "application/grpc-web+proto" };
      return new Response(null, { headers: { ...type, ...status } });
    }
    const { method, headers } = request;
    const body = method === "GET" ? null : await request.bytes();
    return fetch(`${origin}${pathname}`, { method, headers, body });
  });
  return { ...server, paths };
}
