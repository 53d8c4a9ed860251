import { type Node, parseTree, printParseErrorCode } from "jsonc-parser";
import { MAX_VALUE_BYTES } from "../../lib/mapping/permission_value.ts";
import { foldSpelling, remarksOn } from "./remarks_on_names.ts";

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
  /** Where that begins in the text, from 1; absent for the whole file. */
  readonly line?: number;
  readonly column?: number;
}

/** What a roles file holds. */
export interface ParsedRoles {
  /** The permissions of each metadata key: `admin`, `<project id>:admin`. */
  readonly mapping: Mapping;
  /** The ids that the file takes for those of projects. */
  readonly projects: ReadonlySet<string>;
  readonly problems: readonly RolesProblem[];
}

const EXPECTED = 'expected an object such as {"admin": ["read:all"]}';

/** ZITADEL's limit for a metadata key, in characters. */
const MAX_KEY_LENGTH = 200;

/** Names the file's JSON Schema for editors; it is no role. */
const SCHEMA_KEY = "$schema";

const CONTROL_CHARACTER = /\p{Cc}/u;
const DIGITS = /^\d+$/;

/** What other tools call the parts of a role, or what they put roles into. */
const FOREIGN_FIELDS =
  /^(?:permissions?|scopes?|extends|inherits?|parents?|includes?|composites?|description|allow|deny|grants?|can)$/i;
const FOREIGN_FRAMES =
  /^(?:roles?|permissions?|groups?|policies|rules|realm|client|extends|inherits?)$/i;

/**
 * Reads the text of a roles file and collects everything that is wrong with it:
 * `{"admin": ["read:all"]}`, and by project, if two projects give one name two
 * meanings, `{"<project id>": {"admin": [...]}}`.
 */
export function parseRoles(text: string): ParsedRoles {
  const { mapping, projects, problems } = new RolesParser(text);
  return { mapping, projects, problems };
}

/** A member of an object, and the node of its name. */
interface Member {
  readonly key: string;
  readonly path: string;
  readonly name: Node;
  readonly value: Node;
}

class RolesParser {
  readonly mapping = new Map<string, readonly string[]>();
  readonly projects = new Set<string>();
  readonly problems: RolesProblem[] = [];
  readonly #lineStarts: readonly number[];
  /** The names of each spelling, of roles and of permissions. */
  readonly #roles = new Map<string, Set<string>>();
  readonly #permissions = new Map<string, Set<string>>();

  constructor(text: string) {
    const breaks = text.matchAll(/\n/g);
    this.#lineStarts = [0, ...breaks.map(({ index }) => index + 1)];
    const errors: { error: number; offset: number; length: number }[] = [];
    const root = parseTree(text, errors, { disallowComments: true });
    const [first] = errors;
    if (text.trim() === "") this.#fail(`the file is empty; ${EXPECTED}`);
    else if (first !== undefined) {
      const { line, column } = this.#placeOf(first);
      const what = printParseErrorCode(first.error);
      this.#fail(
        `the file is not JSON (${what} at line ${line}, column ${column}); ${EXPECTED}`,
        first,
      );
    } else if (root?.type !== "object") {
      this.#fail(`the file holds no object; ${EXPECTED}`);
    } else {
      for (const member of this.#members(root)) this.#readMember(member);
    }
  }

  #fail(text: string, at?: Pick<Node, "offset">): void {
    this.#report("error", "", text, at);
  }

  #report(
    severity: RolesProblem["severity"],
    path: string,
    text: string,
    at?: Pick<Node, "offset">,
  ): void {
    this.problems.push({ severity, path, text, ...at && this.#placeOf(at) });
  }

  #placeOf({ offset }: Pick<Node, "offset">) {
    const line = this.#lineStarts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - this.#lineStarts[line]! + 1 };
  }

  #readMember(member: Member): void {
    const { key, path, name, value } = member;
    if (key === SCHEMA_KEY && value.type === "string") return;
    if (value.type === "object") return this.#readProject(member);
    const [, project, role] = /^(.*?):(.*)$/s.exec(key) ?? [];
    if (project === undefined) {
      if (FOREIGN_FRAMES.test(key)) {
        this.#report("warning", path, "is taken for a role of this name", name);
      }
    } else {
      // The function splits every metadata key at its first colon.
      const isId = DIGITS.test(project);
      if (isId) this.projects.add(project);
      const written = JSON.stringify({ [project]: { [role!]: ["..."] } });
      const text = isId
        ? `is the role "${role}" of the project ${project}; write it as ${written}`
        : `looks qualified: for a project with the id "${project}" it is the role "${role}"`;
      this.#report("warning", path, text, name);
    }
    this.#readRole(key, member);
  }

  #readProject({ key: id, path, name, value }: Member): void {
    if (id === "" || id.includes(":")) {
      const text =
        "is no project id that can have entries of its own: it is empty or has a colon";
      return this.#report("error", path, text, name);
    }
    this.projects.add(id);
    const roles = this.#members(value, `${path}.`);
    if (!DIGITS.test(id)) {
      const foreign = roles.find(({ key }) => FOREIGN_FIELDS.test(key));
      const meant = foreign
        ? `write a role as {"admin": ["..."]}; no entry extends another`
        : FOREIGN_FRAMES.test(id)
        ? "write its roles at the top level"
        : "ZITADEL's own ids are numbers: is it a project's name?";
      const what = foreign ? ` with a role "${foreign.key}"` : "";
      const text = `is taken for the id of a project${what}; ${meant}`;
      this.#report("warning", path, text, name);
    }
    for (const role of roles) this.#readRole(`${id}:${role.key}`, role);
  }

  #readRole(key: string, { key: role, path, name, value }: Member): void {
    const refusal = this.mapping.has(key)
      ? `is the metadata key "${key}" once more`
      : role === ""
      ? "is an empty role name"
      : CONTROL_CHARACTER.test(key)
      ? "has a control character in its name"
      : key.length > MAX_KEY_LENGTH
      ? `takes ${key.length} characters as a metadata key ("${
        key.slice(0, 20)
      }..."), and ZITADEL accepts ${MAX_KEY_LENGTH} at most`
      : undefined;
    if (refusal) return this.#report("error", path, refusal, name);
    if (role !== role.trim()) {
      const text = "has white space at an end of its name";
      this.#report("warning", path, text, name);
    }
    this.#remark(this.#roles, key, path, name);
    if (value.type !== "array") {
      return this.#report("error", path, "is not an array of strings", value);
    }
    const permissions: string[] = [];
    for (const [index, item] of (value.children ?? []).entries()) {
      const itemPath = `${path}[${index}]`;
      if (!this.#checkPermission(item, itemPath)) continue;
      if (permissions.includes(item.value)) {
        const text = `repeats ${JSON.stringify(item.value)}`;
        this.#report("warning", itemPath, text, item);
      }
      permissions.push(item.value);
    }
    const bytes = new TextEncoder().encode(JSON.stringify(permissions)).length;
    if (bytes > MAX_VALUE_BYTES) {
      const [takes, most] = [bytes, MAX_VALUE_BYTES].map((it) =>
        it.toLocaleString("en")
      );
      const text =
        `takes ${takes} bytes, and the function reads ${most} at most`;
      this.#report("error", path, text, value);
    }
    this.mapping.set(key, permissions);
  }

  #checkPermission(item: Node, path: string): boolean {
    const { value: name, type } = item;
    const refusal = type !== "string"
      ? "is not a string"
      : name === ""
      ? "is empty"
      : CONTROL_CHARACTER.test(name)
      ? "has a control character"
      : undefined;
    if (refusal) {
      this.#report("error", path, refusal, item);
      return false;
    }
    if (/[\s,]/.test(name)) {
      const text = `${
        JSON.stringify(name)
      } has white space or a comma: is it several permissions? The shape "string" leaves out names with white space`;
      this.#report("warning", path, text, item);
    }
    this.#remark(this.#permissions, name, path, item);
    return true;
  }

  /** Warns of what is doubtful about a name, where it occurs first. */
  #remark(
    names: Map<string, Set<string>>,
    name: string,
    path: string,
    at: Node,
  ): void {
    const folded = foldSpelling(name);
    const alike = names.get(folded) ?? new Set();
    if (alike.has(name)) return;
    const remarks = remarksOn(name);
    const [other] = alike;
    names.set(folded, alike.add(name));
    if (other !== undefined) {
      remarks.unshift(
        `differs from ${
          JSON.stringify(other)
        } only in case or in characters that look alike: these are two names`,
      );
    }
    for (const text of remarks) this.#report("warning", path, text, at);
  }

  /** The members of an object, each name once. */
  #members(object: Node, parent = ""): Member[] {
    const members = new Map<string, Member>();
    for (const { children: [name, value] = [] } of object.children ?? []) {
      if (!name || !value) continue;
      const key = String(name.value);
      const path = parent + pathOf(key);
      if (members.has(key)) this.#report("error", path, "occurs twice", name);
      else members.set(key, { key, path, name, value });
    }
    return [...members.values()];
  }
}

/** A name as a part of a path; quoted if it has other than letters and digits. */
function pathOf(name: string): string {
  return /^[\p{L}\p{N}_:/-]+$/u.test(name) ? name : JSON.stringify(name);
}
