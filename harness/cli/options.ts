import { type Parse, parseFile } from "./parse.ts";

/** What `parseArgs` returns for an option. */
export type Raw = string | boolean | string[] | undefined;

/** An option of a command: what follows its name, its help, and how it is read. */
export interface Option<T> {
  readonly type: "boolean" | "string";
  /** What stands for the value in the help, such as `URL`. */
  readonly placeholder?: string;
  readonly help: string;
  readonly multiple?: boolean;
  readonly negatable?: boolean;
  readonly read: (raw: Raw, name: string) => T;
}

// deno-lint-ignore no-explicit-any -- a table of options of different types
export type Options = Readonly<Record<string, Option<any>>>;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** The values of a command's options: `--env-file` is `envFile`. */
export type Values<O extends Options> = {
  readonly [Name in keyof O & string as CamelCase<Name>]: O[Name] extends
    Option<infer T> ? T : never;
};

/** What the words of an option's value mean. */
interface ValueOptions<T> {
  /** The value if the option is absent. */
  readonly default?: string;
  readonly parse?: Parse<T>;
}

/** `--name`: on or off. */
export function flag(help: string): Option<boolean> {
  return { type: "boolean", help, read: (raw) => raw === true };
}

/** `--name` or `--no-name`; `undefined` if neither is given. */
export function toggle(help: string): Option<boolean | undefined> {
  return {
    type: "boolean",
    negatable: true,
    help,
    read: (raw) => raw as boolean | undefined,
  };
}

/** `--name VALUE`. */
export function option<T = string>(
  placeholder: string,
  help: string,
  options: ValueOptions<T> & { readonly default: string },
): Option<T>;
export function option<T = string>(
  placeholder: string,
  help: string,
  options?: ValueOptions<T> | Parse<T>,
): Option<T | undefined>;
export function option<T>(
  placeholder: string,
  help: string,
  options: ValueOptions<T> | Parse<T> = {},
): Option<T | string | undefined> {
  const { default: absent = undefined, parse } = typeof options === "function"
    ? { parse: options }
    : options;
  return {
    type: "string",
    placeholder,
    help: absent === undefined ? help : `${help} (default ${absent})`,
    read(raw = absent, name) {
      return raw === undefined || !parse
        ? raw as string
        : parse(`${raw}`, name);
    },
  };
}

/** `--name VALUE`, any number of times. */
export function list(
  placeholder: string,
  help: string,
  parse: Parse<string> = (text) => text,
): Option<string[]> {
  return {
    type: "string",
    placeholder,
    help,
    multiple: true,
    read: (raw, name) =>
      ((raw ?? []) as string[]).map((text) => parse(text, name)),
  };
}

/** What several commands have in common. */
export const JSON_OPTION = flag("print one JSON document, for programs");
export const YES_OPTION = flag("do not ask");
export const DRY_RUN_OPTION = flag("show what would change; change nothing");
/** If the default does not exist, the settings are those of the environment. */
export const ENV_FILE_OPTION: Option<string> = {
  ...option("FILE", "where the settings are", { default: ".env" }),
  read: (raw, name) => raw === undefined ? ".env" : parseFile(`${raw}`, name),
};
