import { type Node, parseTree, printParseErrorCode } from "jsonc-parser";
import { MAX_VALUE_BYTES } from "../../lib/mapping/permission_value.ts";

/** What each metadata key permits. */
export type Mapping = ReadonlyMap<string, readonly string[]>;

/** Something wrong or doubtful in a roles file. */
export interface RolesProblem {
  /** An error keeps the file from being written; a warning does not. */
  readonly severity: "error" | "warning";
  /** Where it is, such as `Storefront.editor[1]`; empty for the whole file. */
  readonly path: string;
  /** As the end of a sentence that begins with the path: "is not a string". */
  readonly text: string;
}

/** What a roles file holds. */
export interface ParsedRoles {
  /** The permissions of each metadata key: `admin`, `<project id>:admin`. */
  readonly mapping: Mapping;
  readonly problems: readonly RolesProblem[];
}

export const EXPECTED = 'expected an object such as {"admin": ["read:all"]}';

/** ZITADEL's limit for a metadata key, in characters. */
const MAX_KEY_LENGTH = 200;

/** Names the file's JSON Schema for editors; it is no role. */
const SCHEMA_KEY = "$schema";

const CONTROL_CHARACTER = /\p{Cc}/u;
const DIGITS = /^\d+$/;

/**
 * Reads the text of a roles file and collects everything that is wrong with it:
 * `{"admin": ["read:all"]}`, and by project, if two projects give one name two
 * meanings, `{"<project id>": {"admin": [...]}}`.
 */
export function parseRoles(text: string): ParsedRoles {
  const parser = new RolesParser();
  const root = readTree(text, parser);
  if (root?.type === "object") parser.readRoot(root);
  else if (root !== undefined) {
    parser.error("", `the file holds no object; ${EXPECTED}`);
  }
  return { mapping: parser.mapping, problems: parser.problems };
}

function readTree(text: string, parser: RolesParser): Node | undefined {
  if (text.trim() === "") {
    parser.error("", `the file is empty; ${EXPECTED}`);
    return undefined;
  }
  const errors: { error: number; offset: number; length: number }[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first !== undefined) {
    const before = text.slice(0, first.offset).split("\n");
    const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
    const what = printParseErrorCode(first.error);
    parser.error("", `the file is not JSON (${what} at ${place}); ${EXPECTED}`);
    return undefined;
  }
  return root;
}

class RolesParser {
  readonly mapping = new Map<string, readonly string[]>();
  readonly problems: RolesProblem[] = [];

  error(path: string, text: string): void {
    this.problems.push({ severity: "error", path, text });
  }

  warn(path: string, text: string): void {
    this.problems.push({ severity: "warning", path, text });
  }

  readRoot(root: Node): void {
    for (const { key, value } of this.#entries(root, "")) {
      const path = pathOf(key);
      if (key === SCHEMA_KEY && value.type === "string") continue;
      if (value.type === "object") this.#readProject(key, value);
      else {
        this.#warnIfQualified(key, path);
        this.#readRole(key, { path, name: key, value });
      }
    }
  }

  #readProject(id: string, roles: Node): void {
    const path = pathOf(id);
    if (id === "" || id.includes(":")) {
      this.error(
        path,
        "is no project id that can have entries of its own: it is empty or has a colon",
      );
      return;
    }
    for (const { key, value } of this.#entries(roles, path)) {
      const rolePath = `${path}.${pathOf(key)}`;
      this.#readRole(`${id}:${key}`, { path: rolePath, name: key, value });
    }
  }

  #readRole(
    key: string,
    { path, name, value }: {
      readonly path: string;
      readonly name: string;
      readonly value: Node;
    },
  ): void {
    if (!this.#checkKey(key, path, name)) return;
    if (value.type !== "array") {
      this.error(path, "is not an array of strings");
      return;
    }
    const permissions: string[] = [];
    for (const [index, item] of (value.children ?? []).entries()) {
      const itemPath = `${path}[${index}]`;
      if (item.type !== "string") this.error(itemPath, "is not a string");
      else if (this.#checkPermission(item.value, itemPath)) {
        if (permissions.includes(item.value)) {
          this.warn(itemPath, `repeats ${JSON.stringify(item.value)}`);
        }
        permissions.push(item.value);
      }
    }
    const bytes = new TextEncoder().encode(JSON.stringify(permissions)).length;
    if (bytes > MAX_VALUE_BYTES) {
      this.error(
        path,
        `takes ${bytes.toLocaleString("en")} bytes, and the function reads ${
          MAX_VALUE_BYTES.toLocaleString("en")
        } at most`,
      );
    }
    this.mapping.set(key, permissions);
  }

  #checkKey(key: string, path: string, name: string): boolean {
    if (this.mapping.has(key)) {
      this.error(path, `is the metadata key "${key}" once more`);
      return false;
    }
    if (name === "" || CONTROL_CHARACTER.test(key)) {
      this.error(
        path,
        name === ""
          ? "is an empty role name"
          : "has a control character in its name",
      );
      return false;
    }
    if (key.length > MAX_KEY_LENGTH) {
      this.error(
        path,
        `takes ${key.length} characters as a metadata key ("${
          key.slice(0, 20)
        }..."), and ZITADEL accepts ${MAX_KEY_LENGTH} at most`,
      );
      return false;
    }
    if (name !== name.trim()) {
      this.warn(path, "has white space at an end of its name");
    }
    return true;
  }

  #checkPermission(permission: string, path: string): boolean {
    if (permission === "") this.error(path, "is empty");
    else if (CONTROL_CHARACTER.test(permission)) {
      this.error(path, "has a control character");
    } else {
      if (/[\s,]/.test(permission)) {
        this.warn(
          path,
          `${
            JSON.stringify(permission)
          } has white space or a comma: is it several permissions? The shape "string" leaves out names with white space`,
        );
      }
      return true;
    }
    return false;
  }

  /** The function splits every metadata key at its first colon. */
  #warnIfQualified(key: string, path: string): void {
    const colon = key.indexOf(":");
    if (colon < 0) return;
    const [project, role] = [key.slice(0, colon), key.slice(colon + 1)];
    const written = JSON.stringify({ [project]: { [role]: ["..."] } });
    this.warn(
      path,
      DIGITS.test(project)
        ? `is the role "${role}" of the project ${project}; write it as ${written}`
        : `looks qualified: for a project with the id "${project}" it is the role "${role}"`,
    );
  }

  /** The members of an object, each name once. */
  #entries(object: Node, path: string): { key: string; value: Node }[] {
    const entries = new Map<string, Node>();
    for (const { children: [name, value] = [] } of object.children ?? []) {
      if (!name || !value) continue;
      const key = String(name.value);
      if (entries.has(key)) {
        const full = path === "" ? pathOf(key) : `${path}.${pathOf(key)}`;
        this.error(full, "occurs twice");
      } else entries.set(key, value);
    }
    return [...entries].map(([key, value]) => ({ key, value }));
  }
}

/** A name as a part of a path; quoted if it has other than letters and digits. */
export function pathOf(name: string): string {
  return /^[\p{L}\p{N}_:/-]+$/u.test(name) ? name : JSON.stringify(name);
}
