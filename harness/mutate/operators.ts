import type { Expression, Node } from "@babel/types";
import { isText } from "./is_text.ts";
import type { Operator } from "./mutant.ts";

/** A node that a rule may change. */
export interface Site<Type extends Node["type"] = Node["type"]> {
  readonly node: Extract<Node, { type: Type }>;
  /** The nodes around it, the nearest last. */
  readonly parents: readonly Node[];
  readonly source: string;
}

/** What a rule replaces, and by what. */
export type Change = readonly [
  operator: Operator,
  replaced: { readonly start: number; readonly end: number },
  replacement: string,
];

type Rules = {
  readonly [Type in Node["type"]]?: (site: Site<Type>) => readonly Change[];
};

const COMPARISONS: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "==": "!=",
  "!=": "==",
};

const ARITHMETIC: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "<<": ">>",
  ">>": "<<",
  "&": "|",
  "|": "&",
};

const ASSIGNMENTS: Readonly<Record<string, string>> = {
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
};

const LOGIC = { "&&": "||", "||": "&&", "??": "&&" } as const;

/** The rules: what can be wrong in a node of each type. */
export const RULES: Rules = {
  IfStatement: negateTest,
  ConditionalExpression: negateTest,
  WhileStatement: negateTest,
  DoWhileStatement: negateTest,
  ForStatement: negateTest,
  BinaryExpression: replaceBinary,
  LogicalExpression: replaceLogic,
  UnaryExpression: ({ node, source }) =>
    node.operator === "!"
      ? [["condition", span(node), sourceOf(node.argument, source)]]
      : [],
  UpdateExpression: ({ node, source }) => {
    const sign = node.operator === "++" ? "--" : "++";
    const operand = sourceOf(node.argument, source);
    return [[
      "arithmetic",
      span(node),
      node.prefix ? sign + operand : operand + sign,
    ]];
  },
  AssignmentExpression: ({ node, source }) => {
    const operator = ASSIGNMENTS[node.operator];
    if (operator === undefined || isString(node.right)) return [];
    const at = operatorSpan(node.left, node.operator, { source });
    return [["arithmetic", at, operator]];
  },
  BooleanLiteral: ({ node }) => [["boolean", span(node), String(!node.value)]],
  NumericLiteral: ({ node }) =>
    [node.value + 1, node.value - 1].map((value) => [
      "number",
      span(node),
      // Two minus signs in a row would be another operator.
      value < 0 ? `(${value})` : String(value),
    ]),
  StringLiteral: (site) => emptyString(site, site.node.value),
  TemplateLiteral: (site) =>
    emptyString(site, sourceOf(site.node, site.source)),
  OptionalMemberExpression: ({ node, source }) =>
    node.optional
      ? removeOptional(node.object, { source, by: node.computed ? "" : "." })
      : [],
  OptionalCallExpression: ({ node, source }) =>
    node.optional ? removeOptional(node.callee, { source, by: "" }) : [],
  ExpressionStatement: ({ node }) =>
    isSuperCall(node.expression) ? [] : [remove(node)],
  ThrowStatement: ({ node }) => [remove(node)],
  BreakStatement: ({ node }) => [remove(node)],
  ContinueStatement: ({ node }) => [remove(node)],
  ReturnStatement: ({ node }) =>
    node.argument === null || node.argument === undefined
      ? [remove(node)]
      : isUndefined(node.argument)
      ? []
      : [["return", span(node), "return undefined;"]],
  ArrowFunctionExpression: ({ node }) =>
    node.body.type === "BlockStatement" || isUndefined(node.body)
      ? []
      : [["return", span(node.body), "undefined"]],
};

function negateTest(
  { node, source }: {
    readonly node: { readonly test?: Expression | null | undefined };
    readonly source: string;
  },
): Change[] {
  const { test } = node;
  // These have a rule of their own that negates them.
  if (
    !test || test.type === "BooleanLiteral" ||
    test.type === "UnaryExpression" && test.operator === "!" ||
    test.type === "BinaryExpression" && /^[!=]==?$/.test(test.operator)
  ) return [];
  return [["condition", span(test), `!(${sourceOf(test, source)})`]];
}

function replaceBinary({ node, source }: Site<"BinaryExpression">): Change[] {
  const { left, operator, right } = node;
  const at = operatorSpan(left, operator, { source });
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) return [["comparison", at, comparison]];
  const arithmetic = ARITHMETIC[operator];
  return arithmetic === undefined || isString(left) || isString(right)
    ? []
    : [["arithmetic", at, arithmetic]];
}

function replaceLogic({ node, source }: Site<"LogicalExpression">): Change[] {
  // Another operator may bind differently, and may not stand beside `??` bare.
  const operand = (it: Expression) =>
    it.type === "LogicalExpression"
      ? `(${sourceOf(it, source)})`
      : sourceOf(it, source);
  const isNested = (it: Expression) => it.type === "LogicalExpression";
  const other = LOGIC[node.operator];
  if (isNested(node.left) || isNested(node.right)) {
    const text = `${operand(node.left)} ${other} ${operand(node.right)}`;
    return [["logic", span(node), text]];
  }
  const at = operatorSpan(node.left, node.operator, { source });
  return [["logic", at, other]];
}

function emptyString(
  { node, parents }: Site<"StringLiteral"> | Site<"TemplateLiteral">,
  text: string,
): Change[] {
  const parent = parents.at(-1);
  const isKey = parent !== undefined && "key" in parent &&
    parent.key === node &&
    !("computed" in parent && parent.computed);
  const isTagged = parent?.type === "TaggedTemplateExpression";
  const isModule = parent?.type === "ImportExpression";
  if (isKey || isTagged || isModule || isText(node, parents)) return [];
  return [["string", span(node), text === "" ? '"mutant"' : '""']];
}

function removeOptional(
  object: Node,
  { source, by }: { readonly source: string; readonly by: "" | "." },
): Change[] {
  const start = source.indexOf("?.", object.end!);
  return [["optional chaining", { start, end: start + 2 }, by]];
}

/** An empty statement stays, so that `if (a) b();` keeps its form. */
function remove(node: Node): Change {
  return ["removal", span(node), ";"];
}

function operatorSpan(
  left: Node,
  operator: string,
  { source }: { readonly source: string },
) {
  const start = source.indexOf(operator, left.end!);
  return { start, end: start + operator.length };
}

function span(node: Node) {
  return { start: node.start!, end: node.end! };
}

function sourceOf(node: Node, source: string): string {
  return source.slice(node.start!, node.end!);
}

function isString({ type }: Node): boolean {
  return type === "StringLiteral" || type === "TemplateLiteral";
}

function isUndefined(node: Node): boolean {
  return node.type === "Identifier" && node.name === "undefined" ||
    node.type === "UnaryExpression" && node.operator === "void";
}

function isSuperCall(node: Expression): boolean {
  return node.type === "CallExpression" && node.callee.type === "Super";
}
