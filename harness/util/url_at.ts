/**
 * Returns the URL of a path and query at an origin. Nothing in a path from a file
 * can name another host: not `//host/`, `http://host/`, `\\host` or `@host`.
 */
export function urlAt(origin: string | URL, path: string): URL {
  const [, pathname = "", search = ""] = /^([^?#]*)([^#]*)/.exec(path) ?? [];
  const url = new URL(origin);
  url.pathname = pathname;
  url.search = search;
  return url;
}
