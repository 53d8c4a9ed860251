/** Removes all other variables from this process, for programs that inherit its environment. */
export function keepVariables(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(Deno.env.toObject())) {
    if (!(name in env)) Deno.env.delete(name);
  }
}
