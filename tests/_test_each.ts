/** Defines a test with one step for each case of a table. */
export function testEach<T>(
  name: string,
  cases: Readonly<Record<string, T>>,
  check: (value: T, name: string) => void | Promise<void>,
): void {
  Deno.test(name, async (t) => {
    for (const [step, value] of Object.entries(cases)) {
      await t.step(step, () => check(value, step));
    }
  });
}
