/**
 * Answers the requests of some paths, and returns `undefined` for all others.
 */
export type RouteHandler = (
  request: Request,
) => Promise<Response | undefined>;
