/** All about a function, wherever in the graph it stands. */
function describe(graph, node) {
  const { forest } = graph;
  const { calls, total_ns, parent } = graph.calls.merged;
  const within = forest.children[node].reduce((sum, child) => sum + total_ns[child], 0);
  const rows = [["Calls here", calls[node].toLocaleString("en")]];
  if (total_ns[node] > 0) {
    rows.push(
      ["Time in all", duration(total_ns[node])],
      ["Mean", duration(Math.round(total_ns[node] / calls[node]))],
      ["In itself", duration(Math.max(0, total_ns[node] - within))],
    );
  }
  const errors = graph.errors(node);
  if (errors) rows.push(["Returned", errors]);
  const same = forest.names.flatMap((name, other) => (name === forest.names[node] ? [other] : []));
  const callers = new Map();
  for (const other of same) if (parent[other] >= 0) callers.set(forest.names[parent[other]], other);
  const go = (target, text) =>
    html(
      "li",
      {},
      html(
        "button",
        {
          type: "button",
          class: "link",
          onclick: () => {
            forest.reveal(target);
            graph.draw();
            graph.show(target);
          },
        },
        html("code", {}, text),
      ),
    );
  const list = (title, items) =>
    items.length === 0
      ? []
      : [
          html("h4", {}, title),
          html(
            "ul",
            {},
            items.slice(0, 40),
            items.length > 40 ? html("li", { class: "quiet" }, `and ${items.length - 40} more`) : null,
          ),
        ];
  return [
    html("h3", {}, html("code", {}, forest.names[node])),
    html(
      "dl",
      {},
      rows.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]),
    ),
    ...list(
      "Called by",
      [...callers].map(([name, at]) => go(at, name)),
    ),
    ...list(
      "Calls",
      forest.children[node].map((child) => go(child, `${forest.names[child]} ×${calls[child]}`)),
    ),
  ];
}
