import type { Positionals } from "./arguments.ts";
import type { Options } from "./options.ts";

/** What a command says about itself, beside its options. */
export interface Help {
  /** One sentence in the third person: "Connects the function to ...". */
  readonly summary: string;
  /** Commands that can be copied, each with a few words if it needs them. */
  readonly examples: readonly (readonly [command: string, note?: string])[];
  /** Paragraphs; a line break in one is kept. */
  readonly details?: readonly string[];
  /** Environment variables and what they are. */
  readonly environment?: readonly Row[];
  /** What the first exit codes mean here; the others mean the same everywhere. */
  readonly exit: {
    readonly done: string;
    readonly warnings?: string;
    readonly failed: string;
  };
}

type Row = readonly [name: string, text: string];

const WIDTH = 80;
/** A longer name has its text on the next line. */
const MAX_NAME_WIDTH = 22;

/** Formats the help: the sentence, examples, details, options, environment, exit codes. */
export function formatHelp({ help, options, positionals }: {
  readonly help: Help;
  readonly options: Options;
  readonly positionals: Positionals | undefined;
}): string {
  const { summary, examples, details = [], environment = [], exit } = help;
  const rows: Row[] = [
    ...positionals
      ? [[positionals.placeholder, positionals.help] as const]
      : [],
    ...Object.entries(options).map(([name, { placeholder = "", help }]) =>
      [`--${name} ${placeholder}`.trimEnd(), help] as const
    ),
    ["-h, --help", "print this"],
    ["--version", "print the version"],
  ];
  const codes: Row[] = [
    ["0", exit.done],
    ...exit.warnings ? [["1", exit.warnings] as const] : [],
    ["2", exit.failed],
    ["64", "wrong usage or settings"],
    ["70", "a fault of this command; please report it"],
    ["130", "interrupted"],
  ];
  const lengths = examples.map(([command, note]) => note ? command.length : 0);
  const commands = examples.map(([command, note]) =>
    note
      ? `  ${command.padEnd(Math.max(...lengths))}  # ${note}`
      : `  ${command}`
  );
  return [
    wrap(summary, WIDTH).join("\n"),
    section("Examples", commands),
    ...details.map((text) =>
      text.split("\n").flatMap((line) => wrap(line, WIDTH)).join("\n")
    ),
    section("Options", formatRows(rows)),
    section("Environment", formatRows(environment)),
    section("Exit codes", formatRows(codes)),
  ].filter(Boolean).join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`${title}:`, ...lines].join("\n");
}

/** Names and texts in two columns. */
function formatRows(rows: readonly Row[]): string[] {
  const lengths = rows.map(([name]) => name.length);
  const width = Math.max(...lengths.filter((it) => it <= MAX_NAME_WIDTH), 0);
  const indent = " ".repeat(width + 4);
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, WIDTH - indent.length);
    return name.length > width
      ? [`  ${name}`, ...lines.map((line) => indent + line)]
      : lines.map((line, index) =>
        index === 0 ? `  ${name.padEnd(width)}  ${line}` : indent + line
      );
  });
}

/** Breaks a text at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
