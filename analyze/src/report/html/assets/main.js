/** The body of a section's view. */
function body(id) {
  return document.querySelector(`#${id} .body`);
}

/** A view of the calls, with a choice of the kind of failure where there are several. */
function ofCalls(id, all, view) {
  const target = body(id);
  if (all.length === 0) {
    put(target, html("p", { class: "quiet" }, "The recording has no trace of a failing call."));
    return;
  }
  const inner = html("div");
  const choice = html(
    "select",
    { onchange: () => view(inner, all[choice.selectedIndex]) },
    all.map((calls) => html("option", {}, calls.title)),
  );
  put(
    target,
    ...(all.length > 1 ? [html("p", {}, html("label", { class: "choice" }, "Failure ", choice))] : []),
    inner,
  );
  view(inner, all[0]);
}

/** Lets the heads of a table sort it: a first click brings the largest number or the first word to the top. */
function sortable(table) {
  const rows = table.tBodies[0];
  const value = (row, at) => row.cells[at].textContent.trim();
  for (const [at, head] of [...table.tHead.rows[0].cells].entries()) {
    const numbers = head.classList.contains("number");
    const sort = () => {
      const up =
        head.getAttribute("aria-sort") === (numbers ? "descending" : "none") ||
        (!numbers && !head.hasAttribute("aria-sort"));
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const compare = (a, b) =>
        numbers ? (Number(value(a, at)) || 0) - (Number(value(b, at)) || 0) : value(a, at).localeCompare(value(b, at));
      rows.append(...[...rows.rows].sort((a, b) => (up ? compare(a, b) : compare(b, a))));
    };
    const text = head.textContent;
    put(head, html("button", { type: "button", class: "link", onclick: sort }, text));
  }
}

/** A button that copies a command; browsers without a clipboard select it instead. */
function copyable(item) {
  const code = item.querySelector("code");
  const copy = button("Copy", `Copy: ${code.textContent}`, async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = "Copied";
      setTimeout(() => (copy.textContent = "Copy"), 1500);
    } catch {
      getSelection().selectAllChildren(code);
    }
  });
  item.append(copy);
}

function theme(toggle) {
  const root = document.documentElement;
  const dark = () =>
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const show = () => (toggle.textContent = dark() ? "Light" : "Dark");
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    show();
  });
  show();
}

document.querySelectorAll("section.view").forEach((section) => (section.hidden = false));
const data = JSON.parse(document.getElementById("data").textContent);
theme(document.getElementById("theme"));
ofCalls("graph", data.calls, (box, calls) => new Graph(box, calls));
ofCalls("call", data.calls, (box, calls) => new Icicle(box, calls));
new Timeline(body("timeline"), data.timeline);
new Snapshots(body("snapshots"), data.snapshots);
document.querySelectorAll("table.sortable").forEach(sortable);
document.querySelectorAll("ul.remedy li:has(code)").forEach(copyable);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
