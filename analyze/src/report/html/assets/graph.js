// The call graph: failing calls of one kind, merged.

const NARROW = 640;

class Graph {
  constructor(box, calls) {
    this.calls = calls;
    this.forest = new Forest(calls.merged, calls.functions);
    this.selected = this.forest.end ?? this.forest.roots[0];
    this.outline = box.clientWidth < NARROW;
    this.zoom = 1;
    this.hits = [];
    this.found = new Set();
    this.canvas = svg("svg", {
      role: "tree",
      tabindex: "0",
      "aria-label": `Calls of ${calls.title}`,
      onkeydown: (event) => this.key(event),
      onclick: (event) => this.click(event),
    });
    this.frame = html("div", { class: "canvas" }, this.canvas);
    this.details = html("div", { class: "details", "aria-live": "polite" });
    draggable(this.frame);
    this.frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    const left = calls.merged.left_out;
    const parts = [plural(calls.count, "failing call"), calls.source];
    if (left > 0) parts.push(`${left} rare functions left out`);
    put(
      box,
      this.tools(),
      html("p", { class: "quiet" }, parts.join(", ")),
      html("div", { class: "split" }, this.frame, this.details),
    );
    this.draw();
    if (this.size.width > this.frame.clientWidth) this.fit(0.8);
    this.show(this.selected);
  }

  tools() {
    this.count = html("span", { class: "quiet", role: "status" });
    this.search = html("input", {
      type: "search",
      placeholder: "Find a function",
      "aria-label": "Find a function in the call graph",
      oninput: () => this.look(),
      onkeydown: (event) => event.key === "Enter" && this.step(event.shiftKey ? -1 : 1),
    });
    const redraw = (act) => () => {
      act();
      this.draw();
    };
    return html(
      "div",
      { class: "tools" },
      this.search,
      this.count,
      html("span", { class: "spacer" }),
      button("Failing path", "Show the failing path alone", () => {
        this.forest.fold();
        this.draw();
        this.show(this.forest.end ?? this.forest.roots[0]);
      }),
      button(
        "Open all",
        "Open all functions",
        redraw(() => this.forest.unfoldAll()),
      ),
      button(
        "Outline",
        "Callees below their caller, or beside it",
        redraw(() => (this.outline = !this.outline)),
      ),
      button("−", "Zoom out", () => this.scale(1 / 1.25)),
      button("+", "Zoom in", () => this.scale(1.25)),
      button("Fit", "Fit the width", () => this.fit()),
    );
  }

  look() {
    this.hits = this.forest.find(this.search.value);
    this.found = new Set(this.hits);
    this.hit = -1;
    if (this.hits.length > 0) this.step(1);
    else this.draw();
    this.tell();
  }

  step(by) {
    if (this.hits.length === 0) return;
    this.hit = (this.hit + by + this.hits.length) % this.hits.length;
    this.forest.reveal(this.hits[this.hit]);
    this.selected = this.hits[this.hit];
    this.draw();
    this.show(this.selected);
    this.tell();
  }

  tell() {
    const text =
      this.search.value === "" ? "" : this.hits.length === 0 ? "none" : `${this.hit + 1} of ${this.hits.length}`;
    this.count.textContent = text;
  }

  meta(node) {
    const { calls, total_ns } = this.calls.merged;
    const parts = [`×${calls[node]}`];
    if (total_ns[node] > 0) parts.push(duration(total_ns[node] / calls[node]));
    return parts.join(" · ");
  }

  /** The errors that a node is known to have returned; that of the origin is known even when no value was recorded. */
  errors(node) {
    const errors = this.forest.errors(node).map(([name, count]) => `${name} ×${count}`);
    return errors.length === 0 && node === this.forest.end ? this.calls.errno : errors.join(" ");
  }

  width(row) {
    if (row.stub) return 92;
    const errors = this.errors(row.node);
    const second = measure(this.meta(row.node), SANS) + (errors ? measure(errors, SANS) + 14 : 0);
    const folds = this.forest.children[row.node].length > 0 ? 30 : 0;
    return Math.ceil(Math.max(measure(this.forest.names[row.node], MONO), second) + 18 + folds);
  }

  draw() {
    const rows = this.forest.rows();
    place(rows, (row) => this.width(row), this.outline);
    this.rows = rows;
    const at = new Map(rows.filter((row) => !row.stub).map((row) => [row.node, row]));
    const links = rows
      .map((row) => this.link(row, at.get(row.stub ? row.node : this.calls.merged.parent[row.node])))
      .filter(Boolean);
    // The failing path lies on top.
    links.sort((a, b) => a.classList.contains("failing") - b.classList.contains("failing"));
    put(this.canvas, svg("g", { "aria-hidden": "true" }, links), ...rows.map((row) => this.box(row)));
    this.size = {
      width: Math.max(...rows.map((row) => row.x + this.width(row))) + 4,
      height: Math.max(...rows.map((row) => row.y + BOX.height)) + 4,
    };
    this.resize();
    this.mark();
  }

  resize() {
    const { width, height } = this.size;
    this.canvas.setAttribute("viewBox", `-2 -2 ${width} ${height}`);
    this.canvas.setAttribute("width", width * this.zoom);
    this.canvas.setAttribute("height", height * this.zoom);
  }

  link(row, caller) {
    if (!caller || caller === row) return null;
    const failing = !row.stub && this.forest.path.has(row.node);
    const [x, y] = [row.x, row.y + BOX.height / 2];
    const way = this.outline
      ? `M${caller.x + 10} ${caller.y + BOX.height}V${y}H${x}`
      : `M${caller.x + this.width(caller)} ${caller.y + BOX.height / 2}H${x - 16}V${y}H${x}`;
    return svg("path", { d: way, class: failing ? "link failing" : "link" });
  }

  box(row) {
    const { node } = row;
    const width = this.width(row);
    if (row.stub) {
      const text = `+ ${this.forest.hidden(node)} more`;
      return svg(
        "g",
        { class: "stub", "data-open": node, transform: `translate(${row.x} ${row.y})`, role: "none" },
        svg("rect", { width, height: BOX.height, rx: 4 }),
        svg("text", { x: 10, y: 22 }, text),
      );
    }
    const folds = this.forest.children[node].length;
    const open = this.forest.open.has(node);
    const errors = this.errors(node);
    const meta = this.meta(node);
    const classes = [
      "node",
      this.forest.path.has(node) && "failing",
      this.found.has(node) && "hit",
      node === this.forest.end && "origin",
    ];
    return svg(
      "g",
      {
        id: `node-${node}`,
        class: classes.filter(Boolean).join(" "),
        "data-node": node,
        transform: `translate(${row.x} ${row.y})`,
        role: "treeitem",
        "aria-level": row.depth + 1,
        "aria-expanded": folds ? String(open) : null,
        "aria-label": [this.forest.names[node], meta, errors && `returned ${errors}`].filter(Boolean).join(", "),
      },
      svg("rect", { width, height: BOX.height, rx: 4 }),
      svg("text", { class: "name", x: 9, y: 15 }, this.forest.names[node]),
      svg("text", { class: "meta", x: 9, y: 29 }, meta),
      errors ? svg("text", { class: "error", x: 19 + measure(meta, SANS), y: 29 }, errors) : null,
      folds
        ? svg(
            "g",
            { class: "fold", "data-fold": node },
            svg("rect", { x: width - 28, y: 0, width: 28, height: BOX.height, rx: 4 }),
            svg("text", { x: width - 14, y: 22 }, open && this.forest.hidden(node) === 0 ? "−" : "+"),
          )
        : null,
    );
  }

  click(event) {
    const fold = event.target.closest("[data-fold], [data-open]");
    const box = event.target.closest("[data-node]");
    if (fold) this.fold(Number(fold.dataset.fold ?? fold.dataset.open));
    else if (box) this.show(Number(box.dataset.node), false);
  }

  fold(node) {
    this.forest.toggle(node);
    this.draw();
    this.show(node, false);
  }

  key(event) {
    const rows = this.rows.filter((row) => !row.stub);
    const at = rows.findIndex((row) => row.node === this.selected);
    const node = this.selected;
    const open = this.forest.open.has(node);
    const go = {
      ArrowDown: () => this.show(rows[Math.min(at + 1, rows.length - 1)].node),
      ArrowUp: () => this.show(rows[Math.max(at - 1, 0)].node),
      Home: () => this.show(rows[0].node),
      End: () => this.show(rows[rows.length - 1].node),
      ArrowRight: () =>
        open && this.forest.callees(node).length > 0
          ? this.show(this.forest.callees(node)[0])
          : this.forest.children[node].length > 0 && this.fold(node),
      ArrowLeft: () =>
        open
          ? (this.forest.close(node), this.draw(), this.show(node))
          : this.calls.merged.parent[node] >= 0 && this.show(this.calls.merged.parent[node]),
      Enter: () => this.fold(node),
      " ": () => this.fold(node),
      "+": () => this.scale(1.25),
      "-": () => this.scale(1 / 1.25),
      0: () => this.fit(),
    }[event.key];
    if (!go || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go();
  }

  mark() {
    for (const box of this.canvas.querySelectorAll("[data-node]")) {
      box.setAttribute("aria-selected", String(Number(box.dataset.node) === this.selected));
    }
    this.canvas.setAttribute("aria-activedescendant", `node-${this.selected}`);
  }

  /** Selects a node, brings it into sight and tells all about it. */
  show(node, scroll = true) {
    if (node == null) return;
    this.selected = node;
    this.mark();
    if (scroll) this.bringIntoSight(document.getElementById(`node-${node}`));
    put(this.details, ...describe(this, node));
  }

  bringIntoSight(box) {
    if (!box) return;
    const margin = 12;
    const [inner, outer] = [box.getBoundingClientRect(), this.frame.getBoundingClientRect()];
    const by = (from, to, least, most) =>
      from < least ? from - least : to > most ? Math.min(to - most, from - least) : 0;
    this.frame.scrollBy(
      by(inner.left, inner.right, outer.left + margin, outer.left + this.frame.clientWidth - margin),
      by(inner.top, inner.bottom, outer.top + margin, outer.top + this.frame.clientHeight - margin),
    );
  }

  /** The wheel scrolls; with Ctrl, as when fingers pinch, it zooms. */
  wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.scale(Math.exp(-event.deltaY / 200));
  }

  scale(by) {
    this.zoom = Math.min(3, Math.max(0.2, this.zoom * by));
    this.resize();
  }

  /** Fits the graph into the width, as long as it can be read. */
  fit(least = 0.2) {
    const room = this.frame.clientWidth - 26;
    this.zoom = Math.min(1.5, Math.max(least, room / this.size.width));
    this.resize();
    this.frame.scrollTo(0, 0);
  }
}
