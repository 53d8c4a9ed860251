/** Settings that may have several lines. */
const MULTILINE: ReadonlySet<string> = new Set([
  "SERVICE_ACCOUNT_KEY",
  "PAYLOAD_PRIVATE_KEY",
]);

const QUOTED = /^["'`]|["'`]$/;
/** Control characters and invisible ones, such as a zero-width space. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/** Reads settings one by one and collects what is wrong with them. */
export class SettingReader {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #problems = new Map<string, string>();

  /**
   * Creates a reader.
   *
   * @param environment The environment variables.
   * @param names The settings, each of which is checked for quotes and invisible characters.
   */
  constructor(
    environment: Readonly<Record<string, string | undefined>>,
    names: Iterable<string>,
  ) {
    this.#environment = environment;
    for (const name of names) this.#checkForm(name);
  }

  /**
   * Returns a setting.
   *
   * @param name The setting's name.
   * @returns Its text without white space around it; empty if it is unset.
   */
  text(name: string): string {
    return this.#environment[name]?.trim() ?? "";
  }

  /**
   * Reports what is wrong with a setting. The first problem of a setting counts.
   *
   * @param name The setting's name, or several.
   * @param what The rest of a sentence that begins with the name.
   */
  problem(name: string, what: string): void {
    if (!this.#problems.has(name)) this.#problems.set(name, what);
  }

  /**
   * Reads a whole number.
   *
   * @param name The setting's name.
   * @param options The default, and the smallest and the largest number allowed.
   * @returns The number; 0 after a problem.
   */
  whole(
    name: string,
    options: {
      readonly default: string;
      readonly min: number;
      readonly max: number;
    },
  ): number {
    const { min, max } = options;
    const value = this.text(name) || options.default;
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    this.problem(name, `is not a whole number from ${min} to ${max}`);
    return 0;
  }

  /**
   * Reads one of several words.
   *
   * @param name The setting's name.
   * @param choices The words; the first is the default.
   * @returns The word; the default after a problem.
   */
  choice<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const value = this.text(name);
    if (value === "") return choices[0];
    const choice = choices.find((word) => word === value);
    if (choice === undefined) {
      this.problem(name, `is not one of ${choices.join(", ")}`);
    }
    return choice ?? choices[0];
  }

  /**
   * Ends the reading.
   *
   * @throws {TypeError} If there was any problem; the message names all of them.
   */
  finish(): void {
    const { size } = this.#problems;
    if (size === 0) return;
    const lines = Array.from(
      this.#problems,
      ([name, what]) => `  ${name} ${what}`,
    );
    const settings = size === 1 ? "setting needs" : "settings need";
    throw new TypeError(
      `Cannot start: ${size} ${settings} attention\n${lines.join("\n")}`,
    );
  }

  /** Container runtimes pass values differently: some keep quotes and line ends. */
  #checkForm(name: string): void {
    const value = this.text(name);
    const line = MULTILINE.has(name)
      ? value.replaceAll(/[\r\n\t]/g, "")
      : value;
    if (QUOTED.test(value)) {
      this.problem(
        name,
        "begins or ends with a quote: write the value without quotes (docker run --env-file keeps them)",
      );
    } else if (INVISIBLE.test(line)) {
      this.problem(
        name,
        "holds a control character or an invisible one: type the value again, or copy it without line breaks",
      );
    }
  }
}

/**
 * Parses a setting that holds a JSON object.
 *
 * @param text The setting.
 * @returns The object; empty if the text is not JSON.
 */
export function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
