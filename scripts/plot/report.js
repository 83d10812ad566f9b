"use strict";
// A click on a heading sorts its table: numbers by value, text by its letters, empty cells last.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.querySelectorAll("th")];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = [...body.rows];
      rows.sort((one, other) => compare(one.cells[column], other.cells[column], descending));
      body.append(...rows);
    });
  });
}

function compare(one, other, descending) {
  const empty = (one.textContent === "") - (other.textContent === "");
  if (empty !== 0) return empty;
  const numeric = one.dataset.value !== undefined && other.dataset.value !== undefined;
  const order = numeric ? one.dataset.value - other.dataset.value : one.textContent.localeCompare(other.textContent);
  return descending ? -order : order;
}
