// When what failed: one line for each kind, with the snapshots and zooms of the recorder.

class Timeline {
  constructor(box, data) {
    this.data = data;
    const normal = data.kinds.filter((kind) => kind.class === "normal").length;
    this.all = normal === data.kinds.length;
    const toggle = html(
      "label",
      {},
      html("input", {
        type: "checkbox",
        onchange: (event) => {
          this.all = event.target.checked;
          this.draw();
        },
      }),
      ` with ${plural(normal, "kind")} that healthy programs live with`,
    );
    const legend = html(
      "span",
      { class: "quiet legend" },
      html("i", { class: "zoom" }),
      " zoom of the recorder ",
      html("i", { class: "snapshot" }),
      " snapshot",
    );
    this.rows = html("div", { class: "rows" });
    this.status = html("p", { class: "status", role: "status" });
    put(
      box,
      html(
        "div",
        { class: "tools" },
        normal > 0 && !this.all ? toggle : null,
        html("span", { class: "spacer" }),
        legend,
      ),
      this.rows,
      this.status,
    );
    this.draw();
    new ResizeObserver(() => this.draw()).observe(this.rows);
  }

  draw() {
    if (this.width === this.rows.clientWidth && this.drawn === this.all) return;
    this.width = this.rows.clientWidth;
    this.drawn = this.all;
    const kinds = this.data.kinds.filter((kind) => this.all || kind.class !== "normal");
    put(this.rows, ...kinds.map((kind) => this.row(kind)), this.axis());
  }

  lane() {
    return this.width < NARROW ? this.width : this.width - 300;
  }

  x(ms) {
    return 2 + (ms / this.data.end_ms) * (this.lane() - 4);
  }

  row(kind) {
    const { snapshots, zooms } = this.data;
    const between = `first after ${moment(kind.first_ms)}, last after ${moment(kind.last_ms)}`;
    const tell = () => (this.status.textContent = `${kind.title}: ${plural(kind.count, "time")}, ${between}`);
    const [first, last] = [this.x(kind.first_ms), this.x(kind.last_ms)];
    const lane = svg(
      "svg",
      { width: this.lane(), height: 22, "aria-hidden": "true" },
      zooms.map((zoom) =>
        svg(
          "rect",
          {
            class: "zoom",
            x: this.x(zoom.from_ms),
            y: 0,
            height: 22,
            width: Math.max(2, this.x(zoom.to_ms) - this.x(zoom.from_ms)),
          },
          svg("title", {}, `${zoom.title}, ${moment(zoom.from_ms)} to ${moment(zoom.to_ms)}`),
        ),
      ),
      snapshots.map((one) =>
        svg("line", { class: "snapshot", x1: this.x(one.at_ms), x2: this.x(one.at_ms), y1: 0, y2: 22 }),
      ),
      svg("line", { class: "span", x1: first, x2: Math.max(last, first + 1), y1: 11, y2: 11 }),
      kind.moments_ms.map((ms) => svg("line", { class: "moment", x1: this.x(ms), x2: this.x(ms), y1: 5, y2: 17 })),
    );
    return html(
      "div",
      {
        class: `row ${kind.class}${kind.subject ? " subject" : ""}`,
        tabindex: "0",
        "aria-label": `${kind.title}, ${plural(kind.count, "time")}`,
        onpointerenter: tell,
        onfocus: tell,
      },
      html(
        "span",
        { class: "label" },
        html("code", {}, kind.title),
        html("span", { class: "number" }, kind.count.toLocaleString("en")),
      ),
      lane,
    );
  }

  /** Milliseconds between two marks of the axis: a round number that leaves room for the words. */
  step() {
    const least = (this.data.end_ms * 70) / Math.max(this.lane(), 70);
    const size = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((times) => times * size).find((step) => step >= least);
  }

  axis() {
    const step = this.step();
    const ticks = [];
    for (let ms = 0; ms <= this.data.end_ms; ms += step) {
      const anchor = ms === 0 ? "start" : this.x(ms) > this.lane() - 24 ? "end" : "middle";
      ticks.push(svg("text", { x: this.x(ms), y: 14, "text-anchor": anchor }, `${ms / 1000} s`));
    }
    return html(
      "div",
      { class: "row axis", "aria-hidden": "true" },
      html("span", { class: "label" }),
      svg("svg", { width: this.lane(), height: 20 }, ticks),
    );
  }
}
