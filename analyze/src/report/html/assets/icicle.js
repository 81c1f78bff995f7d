// One failing call from its entry to its end: callees below their caller, as wide as they took long.

const ROW = 20;

class Icicle {
  constructor(box, calls) {
    this.calls = calls;
    this.columns = calls.call;
    this.names = this.columns.function.map((number) => calls.functions[number]);
    this.path = new Set(this.columns.path);
    this.interrupts = new Set(this.columns.interrupts);
    this.index();
    this.selected = this.columns.path[this.columns.path.length - 1] ?? 0;
    this.canvas = svg("svg", {
      tabindex: "0",
      role: "application",
      "aria-roledescription": "icicle",
      "aria-label": `One call of ${calls.title}; arrow keys walk, Enter widens, Escape goes back`,
      onkeydown: (event) => this.key(event),
      onclick: (event) => this.click(event),
      onpointerover: (event) => this.hover(event),
    });
    this.frame = html("div", { class: "icicle" }, this.canvas);
    this.status = html("p", { class: "status", role: "status" });
    this.back = button("Whole call", "Show the whole call", () => this.widen(-1));
    const origin = this.columns.path[this.columns.path.length - 1];
    this.near = button("Where it failed", "Show the caller of the function that said no", () =>
      this.widen(this.parent[origin]),
    );
    this.near.hidden = origin == null || this.parent[origin] < 0;
    const about = [
      `thread ${calls.pid}`,
      `failed ${moment(calls.ended_ms)} after the start of the recording`,
      plural(this.names.length, "function call"),
      this.columns.timed ? null : "without times: widths are numbers of calls",
      calls.lossy ? "parts of it were lost" : null,
      this.columns.left_out > 0 ? `${this.columns.left_out} calls at its end left out` : null,
    ];
    put(
      box,
      html(
        "div",
        { class: "tools" },
        html("span", { class: "quiet" }, about.filter(Boolean).join(", ")),
        html("span", { class: "spacer" }),
        this.near,
        this.back,
      ),
      this.frame,
      this.status,
    );
    this.widen(-1);
    this.tell(this.selected);
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  /** Callers and callees, from the order of entry and the depths. */
  index() {
    const open = [];
    this.parent = this.columns.depth.map((depth, at) => {
      while (open.length > 0 && this.columns.depth[open[open.length - 1]] >= depth) open.pop();
      const parent = open[open.length - 1] ?? -1;
      open.push(at);
      return parent;
    });
    this.ends = this.columns.start.map((start, at) => start + this.columns.length[at]);
    this.whole = [0, Math.max(1, ...this.ends)];
  }

  /** Shows a call alone, with its callers above; -1 for all. */
  widen(at) {
    this.root = at;
    [this.from, this.to] =
      at < 0 ? this.whole : [this.columns.start[at], Math.max(this.ends[at], this.columns.start[at] + 1)];
    this.back.disabled = at < 0;
    this.draw();
  }

  draw() {
    const width = this.frame.clientWidth;
    if (width === 0) return;
    const scale = width / (this.to - this.from);
    const boxes = [];
    let deepest = 0;
    this.names.forEach((name, at) => {
      const left = Math.max(0, (this.columns.start[at] - this.from) * scale);
      const right = Math.min(width, (this.ends[at] - this.from) * scale);
      if (right < 0 || left > width || (right - left < 0.4 && !this.path.has(at) && at !== this.selected)) return;
      deepest = Math.max(deepest, this.columns.depth[at]);
      boxes.push(this.box(at, name, left, Math.max(right - left, 1)));
    });
    this.canvas.setAttribute("width", width);
    this.canvas.setAttribute("height", (deepest + 1) * ROW);
    put(this.canvas, ...boxes);
  }

  box(at, name, left, width) {
    const returned = this.columns.returned[at];
    const classes = [
      "call",
      `shade${this.columns.depth[at] % 2}`,
      this.path.has(at) && "failing",
      this.interrupts.has(at) && "interrupt",
      at === this.selected && "selected",
    ];
    const text = width > 26 ? clipped(returned ? `${name} = ${returned}` : name, width - 8, MONO) : "";
    const y = this.columns.depth[at] * ROW;
    return svg(
      "g",
      { class: classes.filter(Boolean).join(" "), "data-call": at },
      svg("rect", { x: left, y, width: Math.max(width - 0.6, 0.6), height: ROW - 1 }),
      text === "" ? null : svg("text", { x: left + 4, y: y + 14 }, text),
    );
  }

  click(event) {
    const box = event.target.closest("[data-call]");
    if (!box) return;
    this.selected = Number(box.dataset.call);
    this.tell(this.selected);
    this.widen(this.selected === this.root ? -1 : this.selected);
  }

  hover(event) {
    const box = event.target.closest("[data-call]");
    if (box) this.tell(Number(box.dataset.call));
  }

  /** Says in one line what a call was. */
  tell(at) {
    const { start, length, timed, returned } = this.columns;
    const parts = [
      timed ? `took ${duration(length[at])}, entered after ${duration(start[at])}` : plural(length[at], "call"),
    ];
    if (returned[at]) parts.push(`returned ${returned[at]}`);
    if (this.interrupts.has(at)) parts.push("in an interrupt");
    if (this.path.has(at)) parts.push("on the failing path");
    put(this.status, html("code", {}, this.names[at] ?? ""), ` ${parts.join(", ")}`);
  }

  siblings(at) {
    return this.parent.flatMap((parent, other) => (parent === this.parent[at] ? [other] : []));
  }

  key(event) {
    const at = this.selected;
    const beside = (by) => {
      const all = this.siblings(at);
      return all[all.indexOf(at) + by] ?? at;
    };
    const next = {
      ArrowUp: () => (this.parent[at] < 0 ? at : this.parent[at]),
      ArrowDown: () => (this.parent[at + 1] === at ? at + 1 : at),
      ArrowLeft: () => beside(-1),
      ArrowRight: () => beside(1),
    }[event.key];
    if (next) {
      this.selected = next();
      this.tell(this.selected);
      this.draw();
    } else if (event.key === "Enter" || event.key === " ") this.widen(at);
    else if (event.key === "Escape") this.widen(-1);
    else return;
    event.preventDefault();
  }
}
