import { parseArgs } from "node:util";
import { didYouMean } from "./closest.ts";
import { UsageError } from "./errors.ts";
import type { Options, Raw, Values } from "./options.ts";

/** The arguments of a command that are not options. */
export type Positionals =
  & {
    /** As in the help, such as `FILE...`. */
    readonly placeholder: string;
    readonly help: string;
  }
  & (
    | { readonly min: number; readonly max: number }
    /** Every word that is no option of the command is for another program. */
    | { readonly isForwarded: true }
  );

/** What a command takes. Without positionals, every word has to be an option. */
export interface Expected<O extends Options> {
  readonly options: O;
  readonly positionals?: Positionals;
}

/**
 * Reads a command line.
 *
 * @throws {UsageError} If it has an option that does not exist, one value too many
 * or too few, or a value that is refused.
 */
export function readArguments<O extends Options>(
  args: readonly string[],
  { options, positionals }: Expected<O>,
): Values<O> & { readonly positionals: readonly string[] } {
  const names = new Set(Object.keys(options).map((name) => `--${name}`));
  const isForwarded = positionals !== undefined && "isForwarded" in positionals;
  const own = isForwarded ? args.filter((it) => names.has(it)) : args;
  const { values: raw, positionals: given, tokens } = parse(own, options);
  const seen = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== "option" || options[token.name]?.multiple) continue;
    const { rawName, value } = token;
    const name = options[token.name] ? token.name : token.name.slice(3); // no-
    if (value === "") throw new UsageError(`${rawName} has no value`);
    const before = seen.get(name);
    const isHarmless = value === undefined && before === rawName;
    if (before !== undefined && !isHarmless) {
      throw new UsageError(`${rawName} is given a second time`);
    }
    seen.set(name, rawName);
  }
  const values = Object.fromEntries(
    Object.entries(options).map(([name, { read }]) => [
      name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
      read(raw[name] as Raw, `--${name}`),
    ]),
  ) as Values<O>;
  if (isForwarded) {
    return { ...values, positionals: args.filter((it) => !names.has(it)) };
  }
  const { min = 0, max = 0, placeholder = "" } = positionals ?? {};
  const unexpected = given[max];
  if (unexpected !== undefined) {
    throw new UsageError(
      `Unexpected argument '${unexpected}'${suggest(unexpected, options)}`,
    );
  }
  if (given.length < min) throw new UsageError(`Missing ${placeholder}`);
  return { ...values, positionals: given };
}

function parse(args: readonly string[], options: Options) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: Object.values(options).some((it) => it.negatable),
      tokens: true,
      options,
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // It adds a hint about positional arguments that start with a dash.
    const message = error.message
      .replace(/\. To specify a positional argument.*/s, "")
      .replace(/\s*\n\s*/g, " ");
    const unknown = /^Unknown option '-+([^']+)'/.exec(message)?.[1] ?? "";
    throw new UsageError(message + suggest(unknown, options));
  }
}

function suggest(name: string, options: Options): string {
  return didYouMean(name, Object.keys(options), "--");
}
