// What procfs, sysfs and statfs said: each path in each snapshot, and what changed between them.

const PAGE = 200;

class Snapshots {
  constructor(box, data) {
    this.data = data;
    this.changed = data.cells.map((cells) => new Set(cells.filter((cell) => cell >= 0)).size > 1);
    const some = this.changed.filter(Boolean).length;
    this.search = html("input", {
      type: "search",
      placeholder: "Find a path or a value",
      "aria-label": "Find a path or a value in the snapshots",
      oninput: () => this.list(),
    });
    this.only = html("input", { type: "checkbox", checked: some > 0, onchange: () => this.list() });
    this.count = html("span", { class: "quiet", role: "status" });
    this.body = html("tbody", { onclick: (event) => this.pick(event) });
    this.more = button("Show more", "Show more paths", () => {
      this.limit += PAGE;
      this.rows();
    });
    this.details = html("div", { class: "details", "aria-live": "polite" });
    const head = html(
      "tr",
      {},
      html("th", { scope: "col" }, "Path"),
      data.titles.map((title) => html("th", { scope: "col" }, title)),
    );
    const table = html(
      "div",
      { class: "scroll list", tabindex: "0", role: "region", "aria-label": "Paths" },
      html("table", {}, html("thead", {}, head), this.body),
      this.more,
    );
    const left =
      data.left_out > 0
        ? html("p", { class: "quiet" }, `${data.left_out} long texts are left out of this page; the bundle has them.`)
        : null;
    put(
      box,
      html(
        "div",
        { class: "tools" },
        this.search,
        html("label", {}, this.only, ` only the ${some} that changed`),
        this.count,
      ),
      left,
      html("div", { class: "split even" }, table, this.details),
    );
    this.list();
    const first = data.focus ?? this.found[0];
    if (first != null) this.show(first);
  }

  text(cell) {
    return cell < 0 ? null : this.data.texts[cell];
  }

  list() {
    const wanted = this.search.value.toLowerCase();
    const fits = (path, at) =>
      (!this.only.checked || this.changed[at]) &&
      (path.toLowerCase().includes(wanted) ||
        this.data.cells[at].some((cell) => this.text(cell)?.toLowerCase().includes(wanted)));
    this.found = this.data.paths.flatMap((path, at) => (fits(path, at) ? [at] : []));
    this.count.textContent = `${this.found.length} of ${plural(this.data.paths.length, "path")}`;
    this.limit = PAGE;
    this.rows();
  }

  rows() {
    put(this.body, ...this.found.slice(0, this.limit).map((at) => this.row(at)));
    this.more.hidden = this.found.length <= this.limit;
    this.mark();
  }

  row(at) {
    let before = null;
    const cells = this.data.cells[at].map((cell) => {
      const text = this.text(cell);
      const same = text != null && text === before;
      const earlier = before;
      if (text != null) before = text;
      const first = text == null ? "" : this.telling(text, earlier);
      const short = first.length > 32 ? `${first.slice(0, 31)}…` : first;
      const many = text != null && (text.includes("\n") || short !== first);
      return html(
        "td",
        { class: text == null ? "none" : same ? "same" : "value" },
        text == null ? "" : same ? "same" : short + (many && short === first ? " …" : ""),
      );
    });
    return html(
      "tr",
      { "data-at": at, class: this.changed[at] ? "changed" : null },
      html(
        "th",
        { scope: "row" },
        html("button", { type: "button", class: "link" }, html("code", {}, this.data.paths[at])),
      ),
      cells,
    );
  }

  /** The line that tells most about a text: the first one that was not in the text before, else the first one. */
  telling(text, before) {
    const lines = text.split("\n");
    const known = new Set(before?.split("\n"));
    return lines.find((line) => !known.has(line)) ?? lines[0];
  }

  pick(event) {
    const row = event.target.closest("tr");
    if (row) this.show(Number(row.dataset.at));
  }

  mark() {
    for (const row of this.body.children) row.classList.toggle("selected", Number(row.dataset.at) === this.at);
  }

  /** A path whole: its first text, then what each later snapshot changed. */
  show(at) {
    this.at = at;
    this.mark();
    const parts = [html("h3", {}, html("code", {}, this.data.paths[at]))];
    let before = null;
    this.data.cells[at].forEach((cell, number) => {
      const text = this.text(cell);
      const title = this.data.titles[number];
      if (text == null) return;
      if (before == null)
        parts.push(html("h4", {}, `At the ${title}`), html("pre", {}, text === "" ? "(empty)" : text));
      else if (text !== before)
        parts.push(html("h4", {}, `At the ${title}, against what was before`), this.difference(before, text));
      else parts.push(html("h4", {}, `At the ${title}: the same`));
      before = text;
    });
    put(this.details, ...parts);
  }

  /** Changed lines, with two lines around them. */
  difference(before, after) {
    const rows = differences(before.split("\n"), after.split("\n"));
    const near = rows.map((_, at) => rows.slice(Math.max(0, at - 2), at + 3).some(([mark]) => mark !== " "));
    const lines = [];
    rows.forEach(([mark, line], at) => {
      if (near[at])
        lines.push(
          html("span", { class: mark === "+" ? "added" : mark === "-" ? "removed" : null }, `${mark} ${line}\n`),
        );
      else if (near[at - 1] || (at === 0 && rows.length > 0)) lines.push(html("span", { class: "quiet" }, "  …\n"));
    });
    return html("pre", { class: "diff" }, lines);
  }
}
