// Which nodes of a call tree are shown, and where.

/** The merged calls as a forest that is folded up, but for the failing path. */
class Forest {
  constructor(columns, names) {
    this.columns = columns;
    this.names = columns.function.map((number) => names[number]);
    this.children = columns.function.map(() => []);
    this.roots = [];
    columns.parent.forEach((parent, node) => (parent < 0 ? this.roots : this.children[parent]).push(node));
    this.path = new Set(columns.path);
    this.end = columns.path[columns.path.length - 1];
    this.fold();
  }

  /** Folds everything but the failing path; without one the outermost calls are open. */
  fold() {
    this.kept = new Set(this.path);
    this.open = new Set(this.path);
    this.open.delete(this.end);
    this.whole = new Set();
    if (this.path.size === 0) this.roots.forEach((root) => this.unfold(root));
  }

  unfoldAll() {
    this.names.forEach((_, node) => this.unfold(node));
  }

  /** Shows all that a node calls. */
  unfold(node) {
    if (this.children[node].length === 0) return;
    this.open.add(node);
    this.whole.add(node);
  }

  close(node) {
    this.open.delete(node);
    this.whole.delete(node);
  }

  /** Opens what is closed or partly open, closes what is open. */
  toggle(node) {
    if (this.whole.has(node) || (this.open.has(node) && this.hidden(node) === 0)) this.close(node);
    else this.unfold(node);
  }

  /** Opens the way down to a node. */
  reveal(node) {
    for (let at = node; at >= 0; at = this.columns.parent[at]) {
      this.kept.add(at);
      if (at !== node) this.open.add(at);
    }
  }

  callees(node) {
    if (!this.open.has(node)) return [];
    const all = this.children[node];
    return this.whole.has(node) ? all : all.filter((child) => this.kept.has(child));
  }

  /** Callees of an open node that are not shown. */
  hidden(node) {
    return this.open.has(node) ? this.children[node].length - this.callees(node).length : 0;
  }

  errors(node) {
    return Object.entries(this.columns.errors[node] ?? {});
  }

  find(text) {
    const wanted = text.toLowerCase();
    return wanted === "" ? [] : this.names.flatMap((name, node) => (name.toLowerCase().includes(wanted) ? [node] : []));
  }

  /** The shown nodes from top to bottom. A `stub` stands for the hidden callees of its node. */
  rows() {
    const rows = [];
    const stack = this.roots.map((node) => ({ node, depth: 0 })).reverse();
    while (stack.length > 0) {
      const row = stack.pop();
      rows.push(row);
      if (row.stub) continue;
      const depth = row.depth + 1;
      if (this.hidden(row.node) > 0) stack.push({ node: row.node, depth, stub: true });
      for (const node of this.callees(row.node).reverse()) stack.push({ node, depth });
    }
    return rows;
  }
}

const BOX = { height: 36, gap: 8, indent: 22, column: 28 };

/** Gives each row its place: callees to the right of their caller, or, in an outline, below it. */
function place(rows, width, outline) {
  if (outline) {
    rows.forEach((row, at) => {
      row.x = row.depth * BOX.indent;
      row.y = at * (BOX.height + BOX.gap);
    });
    return;
  }
  const columns = [];
  for (const row of rows) columns[row.depth] = Math.max(columns[row.depth] ?? 0, width(row));
  const left = [0];
  columns.forEach((wide, depth) => (left[depth + 1] = left[depth] + wide + BOX.column));
  // The first callee stands beside its caller, each further one in a line of its own.
  let line = -1;
  let last = -1;
  for (const row of rows) {
    if (row.depth <= last || line < 0) line += 1;
    last = row.depth;
    row.x = left[row.depth];
    row.y = line * (BOX.height + BOX.gap);
  }
}
