/** Nanoseconds in the unit that leaves one to four digits. */
function duration(ns) {
  for (const [unit, size] of [
    ["s", 1e9],
    ["ms", 1e6],
    ["µs", 1e3],
  ]) {
    if (ns >= size) return `${(ns / size).toPrecision(3)} ${unit}`.replace(/(\.\d*?)0+ /, "$1 ").replace(". ", " ");
  }
  return `${ns} ns`;
}

/** Milliseconds since the start of the recording. */
function moment(ms) {
  return `${(ms / 1000).toFixed(3)} s`;
}

function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
