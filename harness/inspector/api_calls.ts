import { ROUTES } from "../demo/ask_api.ts";
import type { ApiResult } from "./types.ts";

/**
 * Calls the example API's routes with the caller's token. The statuses are in
 * the answer's body: a browser logs a 403 as an error of the page.
 *
 * @param api The API's origin.
 * @param request The page's request, with the token.
 * @returns The results, in the order of the routes.
 */
export async function callApi(
  api: string,
  request: Request,
): Promise<Response> {
  const authorization = request.headers.get("authorization") ?? "";
  const results = await Promise.all(
    ROUTES.map(async ({ method, path }): Promise<ApiResult> => {
      const response = await fetch(api + path, {
        method,
        headers: { authorization },
        redirect: "manual",
      });
      const { message } = await response.json().catch(() => ({}));
      return {
        status: response.status,
        reason: response.ok ? "" : String(message ?? ""),
      };
    }),
  );
  return Response.json(results);
}
