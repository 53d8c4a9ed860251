import { tint } from "../cli/terminal.ts";

/** A permission and the roles that gave it. */
export interface PermissionSource {
  readonly permission: string;
  readonly roles: readonly string[];
}

/** How wide a line may be, so that it fits 80 columns when indented. */
const WIDTH = 70;

/**
 * Formats a token's claims as JSON; a comment at each permission names the roles
 * that gave it.
 */
export function formatToken(
  claims: Readonly<Record<string, unknown>>,
  sources: readonly PermissionSource[],
): string[] {
  const { permissions: _, ...others } = claims;
  const lines = Object.entries(others).flatMap(([name, value]) =>
    formatClaim(name, value).map((line) => tint("faint", line))
  );
  return ["{", ...lines, ...formatPermissions(sources), "}"];
}

function formatClaim(name: string, value: unknown): string[] {
  const line = `  ${JSON.stringify(name)}: ${JSON.stringify(value)},`;
  if (line.length <= WIDTH) return [line];
  const [first, ...rest] = JSON.stringify(value, null, 2).split("\n");
  const lines = [
    `  ${JSON.stringify(name)}: ${first}`,
    ...rest.map((text) => `  ${text}`),
  ];
  return [...lines.slice(0, -1), `${lines.at(-1)},`];
}

function formatPermissions(sources: readonly PermissionSource[]): string[] {
  const names = sources.map(({ permission }, index) =>
    JSON.stringify(permission) + (index < sources.length - 1 ? "," : "")
  );
  const width = Math.max(...names.map((name) => name.length));
  return [
    `  ${tint("strong", '"permissions"')}: [`,
    ...sources.map(({ roles }, index) =>
      `    ${tint("good", names[index]!.padEnd(width))}  ${
        tint("faint", `// ${roles.join(", ")}`)
      }`
    ),
    "  ]",
  ];
}
