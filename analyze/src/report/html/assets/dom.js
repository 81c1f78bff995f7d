// Elements are made here and nowhere else. What comes from the recording is set as text or as an attribute, never as
// markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** An HTML element; attributes that begin with "on" are listeners. */
function html(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An SVG element. */
function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function button(text, label, act) {
  return html("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
}

/** Puts `children` in the place of all that is in an element. */
function put(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child != null));
}

/** Width of text in pixels, in the font of a style. */
const measure = (() => {
  const context = document.createElement("canvas").getContext("2d");
  return (text, font) => {
    context.font = font;
    return context.measureText(text).width;
  };
})();

const MONO = "12px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const SANS = "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/** `text` without its end, so that it fits into `width` pixels; empty when hardly anything would be left. */
function clipped(text, width, font) {
  if (measure(text, font) <= width) return text;
  const each = measure("m", font);
  const kept = Math.floor(width / each) - 1;
  return kept < 2 ? "" : text.slice(0, kept) + "…";
}

/** Lets a view be scrolled by dragging with a mouse; touch and keyboard scroll anyway. */
function draggable(box) {
  let from = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("button, input")) return;
    from = { x: event.clientX + box.scrollLeft, y: event.clientY + box.scrollTop };
  });
  box.addEventListener("pointermove", (event) => {
    if (!from || !(event.buttons & 1)) return;
    box.scrollLeft = from.x - event.clientX;
    box.scrollTop = from.y - event.clientY;
  });
  box.addEventListener("pointerup", () => (from = null));
}
