/** Replaces members of an object until the result is disposed of. */
export function replaced(
  object: object,
  members: Readonly<Record<string, unknown>>,
): Disposable {
  const originals = Object.fromEntries(
    Object.keys(members).map((name) => [name, Reflect.get(object, name)]),
  );
  Object.assign(object, members);
  return { [Symbol.dispose]: () => void Object.assign(object, originals) };
}
