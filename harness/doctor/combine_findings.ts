import { type Finding, LEVELS } from "./finding.ts";

/**
 * Makes one finding of all that have one cause, lists where it was seen, and
 * puts the worst first.
 */
export function combineFindings(findings: readonly Finding[]): Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { check, level, seen } = finding;
    const key = JSON.stringify([check, level, seen]);
    groups.set(key, [...groups.get(key) ?? [], finding]);
  }
  return [...groups.values()].map(combine)
    .sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}

function combine(group: readonly Finding[]): Finding {
  const [first] = group as readonly [Finding, ...Finding[]];
  const organizations = [
    ...new Set(group.flatMap(({ organizations }) => organizations)),
  ];
  const combined = {
    ...first,
    items: [...new Set(group.flatMap(({ items }) => items))],
    organizations,
  };
  return first.fix === undefined
    ? combined
    : { ...combined, fix: nameOrganization(first.fix, organizations) };
}

/** Completes `--org ID` in a command. */
function nameOrganization(
  fix: string,
  organizations: readonly string[],
): string {
  const [first] = organizations;
  if (first === undefined || !fix.includes("--org ID")) return fix;
  const named = fix.replaceAll("--org ID", `--org ${first}`);
  return organizations.length === 1
    ? named
    : `${named}\nand so for each of the ${organizations.length} organizations`;
}
