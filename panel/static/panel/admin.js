/* Fields in the rows of a tabular inline have no label of their own; they take their column's. */
(() => {
  "use strict";
  const name = (field) => {
    const cell = field.closest("td");
    const heading = cell && cell.closest("table").tHead.rows[0].cells[cell.cellIndex];
    if (heading && !field.labels.length && !field.ariaLabel) field.ariaLabel = heading.textContent.trim();
  };
  const nameAll = (where) => where.querySelectorAll(".tabular td :is(input:not([type=hidden]), select, textarea)").forEach(name);
  document.addEventListener("formset:added", () => nameAll(document));
  nameAll(document);
})();
