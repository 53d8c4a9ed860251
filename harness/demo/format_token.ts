import { tint } from "../cli/terminal.ts";

/** A permission and the roles that gave it. */
export interface PermissionSource {
  readonly permission: string;
  readonly roles: readonly string[];
}

/**
 * Formats a token's claims as JSON; a comment at each permission names the roles
 * that gave it.
 */
export function formatToken(
  claims: Readonly<Record<string, unknown>>,
  sources: readonly PermissionSource[],
): string[] {
  const { permissions: _, ...others } = claims;
  const lines = JSON.stringify(others, null, 2).split("\n").slice(0, -1);
  const names = sources.map(({ permission }, index) =>
    JSON.stringify(permission) + (index < sources.length - 1 ? "," : "")
  );
  const width = Math.max(...names.map((name) => name.length));
  return [
    ...lines.slice(0, -1).map((line) => tint("faint", line)),
    tint("faint", `${lines.at(-1)},`),
    `  ${tint("strong", '"permissions"')}: [`,
    ...sources.map(({ roles }, index) =>
      `    ${tint("good", names[index]!.padEnd(width))}  ${
        tint("faint", `// ${roles.join(", ")}`)
      }`
    ),
    "  ]",
    "}",
  ];
}
