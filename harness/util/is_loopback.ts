/** Reports whether the host of a URL is this machine. */
export function isLoopback(url: URL | null): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? "");
}
