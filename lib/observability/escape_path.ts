export function escapePath(path: string): string {
  return JSON.stringify(path.slice(0, 100)).slice(1, -1);
}
