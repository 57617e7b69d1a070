// SPDX-License-Identifier: Apache-2.0
// Sorting and filtering of tables. Without it the page has the same tables, as they were written.
"use strict";
(function () {
  const collator = new Intl.Collator("en", { numeric: true });

  function key(cell) {
    if (!cell) return null;
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = cell.textContent.trim();
    if (text === "" || text === "-") return null;
    return cell.classList.contains("n") && !isNaN(text) ? Number(text) : text;
  }

  // Empty cells come last in both directions; numbers before words.
  function compare(a, b, sign) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return sign * collator.compare(a, b);
  }

  function sortBy(table, column, descending) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows).map((row, order) => ({ row, order, key: key(row.cells[column]) }));
    rows.sort((a, b) => compare(a.key, b.key, descending ? -1 : 1) || a.order - b.order);
    body.append(...rows.map((entry) => entry.row));
    Array.from(table.tHead.rows[0].cells).forEach((head, i) => {
      if (i === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  function makeSortable(table) {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortBy(table, column, head.getAttribute("aria-sort") === "ascending"));
    });
  }

  // Whether "1-3, 7" or "all" has the number.
  function hasRow(list, number) {
    return list === "all" || list.split(", ").some((part) => {
      const [first, last = first] = part.split("-").map(Number);
      return first <= number && number <= last;
    });
  }

  function makeFilter(table) {
    const rows = Array.from(table.tBodies[0].rows);
    const lists = rows.map((row) => row.querySelector("td.rows")?.textContent);
    const texts = rows.map((row) =>
      Array.from(row.cells, (cell) => (cell.className === "rows" ? "" : cell.textContent)).join("\n").toLowerCase());
    const has = (i, word) => texts[i].includes(word) || (lists[i] && /^\d+$/.test(word) && hasRow(lists[i], Number(word)));
    const label = document.createElement("label");
    const input = document.createElement("input");
    const count = document.createElement("span");
    input.type = "search";
    input.id = table.id + "-filter";
    input.setAttribute("aria-controls", table.id);
    label.append("Rows with ", input);
    count.setAttribute("role", "status");
    document.getElementById(table.id + "-tools").prepend(label, count);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => has(i, word));
        shown += !row.hidden;
      });
      count.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
    });
  }

  // Long files are carried packed, which every browser can save; one that can unpack them does so.
  function unpacked(link) {
    const name = link.download.replace(/\.gz$/, "");
    link.textContent = name;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const bytes = Uint8Array.from(atob(link.href.slice(link.href.indexOf(",") + 1)), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      new Response(stream).blob().then((blob) => {
        const file = document.createElement("a");
        file.href = URL.createObjectURL(blob);
        file.download = name;
        file.click();
        setTimeout(() => URL.revokeObjectURL(file.href), 60000);
      });
    });
  }
  if ("DecompressionStream" in window) document.querySelectorAll('a.file[download$=".gz"]').forEach(unpacked);

  document.querySelectorAll("table.sort").forEach((table) => {
    if (table.tBodies[0].rows.length > 1) makeSortable(table);
  });
  document.querySelectorAll("table.filter").forEach((table) => {
    if (table.tBodies[0].rows.length > 3) makeFilter(table);
  });
})();
