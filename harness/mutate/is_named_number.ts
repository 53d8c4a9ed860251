import type { Node } from "@babel/types";

/**
 * Reports whether a node is the value of a constant such as
 * `const MAX_BYTES = 64 * 1024`. One more or less is a decision and no fault,
 * and tests read it by its name.
 *
 * @param parents The nodes around it, the nearest last.
 */
export function isInNamedNumber(node: Node, parents: readonly Node[]): boolean {
  const chain = [node, ...parents.toReversed()];
  const declarator = chain.find(({ type }) =>
    type !== "BinaryExpression" && type !== "NumericLiteral"
  );
  return declarator !== undefined && isNamedNumber(declarator);
}

/** Reports whether a node declares such a constant. */
export function isNamedNumber(node: Node): boolean {
  return node.type === "VariableDeclarator" && node.id.type === "Identifier" &&
    /^[A-Z][A-Z0-9_]*$/.test(node.id.name) &&
    node.init !== null && node.init !== undefined && isNumber(node.init);
}

function isNumber(node: Node): boolean {
  return node.type === "NumericLiteral" ||
    node.type === "BinaryExpression" && isNumber(node.left) &&
      isNumber(node.right);
}
