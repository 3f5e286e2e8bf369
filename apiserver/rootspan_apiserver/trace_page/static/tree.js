// A trace as a tree of spans.

/** Return the roots: spans without a parent, and those whose parent is not in the trace. Children are in the order of their start. */
export function tree(trace) {
  const nodes = new Map(trace.spans.map((span) => [span.id, { span, children: [], parent: null }]));
  const roots = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.span.parent);
    if (parent && !descends(parent, node)) {
      node.parent = parent;
      parent.children.push(node);
    } else {
      node.lost = node.span.parent !== null;
      roots.push(node);
    }
  }
  return roots;
}

/** Return the nodes from top to bottom with their depth, without what is below the ids in `folded`. */
export function flat(roots, folded) {
  const rows = [];
  const waiting = roots.map((node) => [node, 0]).reverse();
  while (waiting.length) {
    const [node, depth] = waiting.pop();
    rows.push({ ...node, node, depth });
    if (folded.has(node.span.id)) continue;
    for (let index = node.children.length - 1; index >= 0; index--) waiting.push([node.children[index], depth + 1]);
  }
  return rows;
}

function descends(node, ancestor) {
  for (let each = node; each; each = each.parent) if (each === ancestor) return true;
  return false;
}
