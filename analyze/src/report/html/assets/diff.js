/** Most pairs of lines that are compared one by one; beyond, everything between the equal ends counts as changed. */
const MAX_PAIRS = 4e6;

/** What to do to the lines of `before` to get `after`: rows of a mark (" ", "-", "+") and a line. */
function differences(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let [endA, endB] = [before.length, after.length];
  while (endA > start && endB > start && before[endA - 1] === after[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const same = (lines) => lines.map((line) => [" ", line]);
  return [
    ...same(before.slice(0, start)),
    ...between(before.slice(start, endA), after.slice(start, endB)),
    ...same(before.slice(endA)),
  ];
}

function between(a, b) {
  const changed = (one, other) => [...one.map((line) => ["-", line]), ...other.map((line) => ["+", line])];
  if (a.length * b.length > MAX_PAIRS) return changed(a, b);
  // Length of the longest common part of what is left of both, from each pair of places on.
  const wide = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * wide);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * wide + j] =
        a[i] === b[j]
          ? longest[(i + 1) * wide + j + 1] + 1
          : Math.max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
    }
  }
  const rows = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) (rows.push([" ", a[i++]]), (j += 1));
    else if (longest[(i + 1) * wide + j] >= longest[i * wide + j + 1]) rows.push(["-", a[i++]]);
    else rows.push(["+", b[j++]]);
  }
  return [...rows, ...changed(a.slice(i), b.slice(j))];
}
