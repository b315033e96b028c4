// Filters, sorting, and plots one can walk through. Without it the pages still read.
"use strict";
(() => {
  // Plots: what a dot says, beside it, for pointer and keyboard.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);

  function show(dot) {
    tip.textContent = dot.dataset.tip;
    tip.hidden = false;
    const at = dot.querySelector("use").getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const left = Math.min(Math.max(at.left + at.width / 2 - tip.offsetWidth / 2, 8), wide - tip.offsetWidth - 8);
    const above = at.top - tip.offsetHeight - 4;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(above > 4 ? above : at.bottom + 4) + scrollY}px`;
  }

  function hide() {
    tip.hidden = true;
  }

  // One stop of the Tab key for each plot; arrows go from dot to dot, Home and End to the ends.
  function walk(svg, event) {
    const dots = [...svg.querySelectorAll(".dot:not(.out)")];
    const here = dots.indexOf(document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: dots.length - 1 }[event.key];
    if (to === undefined || here < 0) return;
    event.preventDefault();
    const next = dots[Math.min(Math.max(to, 0), dots.length - 1)];
    dots[here].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  function stop(svg) {
    const dots = [...svg.querySelectorAll(".dot")];
    const first = dots.find((dot) => !dot.classList.contains("out"));
    dots.forEach((dot) => { dot.tabIndex = dot === first ? 0 : -1; });
  }

  const drawings = [...document.querySelectorAll(".plot > svg")];
  for (const svg of drawings) {
    for (const dot of svg.querySelectorAll(".dot")) {
      const title = dot.querySelector("title");
      dot.dataset.tip = title.textContent;
      dot.setAttribute("aria-label", title.textContent);
      title.remove(); // the browser's own tooltip would cover ours
    }
    stop(svg);
    const frame = svg.parentElement; // listening for focus on the drawing itself would make it a stop of the Tab key
    frame.addEventListener("keydown", (event) => walk(svg, event));
    for (const [on, act] of [["pointerover", show], ["focusin", show], ["pointerout", hide], ["focusout", hide]]) {
      frame.addEventListener(on, (event) => {
        const dot = event.target.closest(".dot");
        if (dot) act(dot);
      });
    }
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // Narrow pages lay tables out in blocks; some browsers then no longer take them for tables, unless they are told.
  const parts = { rowgroup: "thead, tbody", row: "tr", columnheader: "thead th", rowheader: "tbody th", cell: "td" };
  for (const main of document.querySelectorAll("table.main")) {
    main.setAttribute("role", "table");
    for (const [role, part] of Object.entries(parts)) {
      for (const element of main.querySelectorAll(part)) element.setAttribute("role", role);
    }
  }

  const table = document.getElementById("artifacts");
  if (!table) return;

  // Rows, read once.
  const body = table.tBodies[0];
  const nothing = document.getElementById("nothing");
  const count = document.getElementById("count");
  const form = document.getElementById("filters");
  const heads = [...table.tHead.rows[0].cells];
  const column = Object.fromEntries(heads.map((head, index) => [head.dataset.key, index]));
  const rows = [...body.rows].map((tr, index) => {
    const cell = (key) => tr.cells[column[key]];
    const number = (key) => (cell(key).dataset.v === undefined ? NaN : Number(cell(key).dataset.v));
    const text = (key) => cell(key).textContent.trim();
    const bases = tr.dataset.base ? tr.dataset.base.split("\n") : [];
    const words = ["name", "task", "format", "weights"].map(text).concat(bases, tr.dataset.family);
    return {
      tr, index, number, text, bases, name: tr.querySelector("th a").textContent, main: "main" in tr.dataset, search: words.join(" ").toLowerCase(), task: text("task"), format: text("format"),
      family: tr.dataset.family, host: tr.dataset.host, metric: tr.dataset.m || "", lower: "lower" in tr.dataset,
      size: number("size") / 1e6, p50: number("p50"), quality: number("quality"),
    };
  });
  const dots = [...document.querySelectorAll(".dot[data-i]")];
  const pairs = [...document.querySelectorAll(".pair")].map((element) => (
    { element, rows: [...element.querySelectorAll(".dot[data-i]")].map((dot) => rows[dot.dataset.i]) }));
  const artifacts = new Set(rows.map((row) => row.name)).size;
  const leads = document.getElementById("family-page");
  const fields = [...form.elements].filter((field) => field.name);
  const state = { sort: "", down: false }; // "": as they are recommended
  let recalled = false;

  function wanted() {
    const values = Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));
    values.words = values.q.toLowerCase().split(/\s+/).filter(Boolean);
    values.formatText = values.format.replaceAll("_", "-");
    return values;
  }

  const above = (value, limit) => limit !== "" && !(value <= Number(limit));
  const below = (value, limit) => limit !== "" && !(value >= Number(limit));

  function fits(row, want) {
    return want.words.every((word) => row.search.includes(word))
      && (!want.task || row.task === want.task)
      && (!want.format || row.format === want.formatText)
      && (!want.base || row.bases.includes(want.base))
      && (!want.family || row.family === want.family)
      && !above(row.size, want.size) && !above(row.p50, want.p50)
      && !(row.lower ? above : below)(row.quality, want.quality);
  }

  // Without a host, an artifact is shown as the host measured it that measured most of its family.
  const shownOn = (row, host) => host === "*" || (host ? row.host === host : row.main);

  function filter() {
    const want = wanted();
    for (const row of rows) {
      row.fits = shownOn(row, want.host) && fits(row, want);
      row.tr.hidden = !row.fits;
    }
    tell(rows.filter((row) => row.fits));
    table.classList.toggle("one-host", want.host !== "*");
    table.classList.toggle("chosen-host", Boolean(want.host));
    for (const dot of dots) dot.classList.toggle("out", !rows[dot.dataset.i].fits);
    for (const pair of pairs) pair.element.hidden = !pair.rows.some((row) => row.fits);
    drawings.forEach(stop);
    for (const field of fields) field.classList.toggle("on", field.value !== "");
    const family = form.elements.family;
    leads.hidden = !family.value;
    leads.textContent = `All about ${family.value}`;
    leads.setAttribute("href", family.selectedOptions[0]?.dataset.page ?? "");
  }

  // What is counted are artifacts; where several hosts are shown, their results too.
  function tell(shown) {
    const here = new Set(shown.map((row) => row.name)).size;
    const things = artifacts === 1 ? "artifact" : "artifacts";
    const results = shown.length > here ? `, ${shown.length} results` : "";
    nothing.hidden = shown.length > 0;
    count.textContent = (here === artifacts ? `${here} ${things}` : `${here} of ${artifacts} ${things}`) + results;
  }

  // Figures of different metrics, or milliseconds of different hosts, are not mixed: each kind is sorted by itself.
  const kinds = { quality: "metric", change: "metric", p50: "host", p95: "host", memory: "host" };
  const letters = new Intl.Collator("en", { numeric: true });

  function sort() {
    for (const cell of heads) cell.removeAttribute("aria-sort");
    if (!state.sort) return body.append(...rows.map((row) => row.tr));
    const head = heads[column[state.sort]];
    const numeric = head.classList.contains("n");
    const kind = kinds[state.sort];
    const sign = state.down ? -1 : 1;
    const keys = new Map(rows.map((row) => [row, numeric ? row.number(state.sort) : row.text(state.sort)]));
    const compare = (one, other) => {
      const a = keys.get(one), b = keys.get(other);
      if (numeric && (Number.isNaN(a) || Number.isNaN(b))) return Number.isNaN(a) - Number.isNaN(b) || one.index - other.index;
      if (kind && one[kind] !== other[kind]) return letters.compare(one[kind], other[kind]);
      const better = kind === "metric" && one.lower ? -1 : 1;  // of quality, ascending is from the worst to the best
      return sign * better * (numeric ? a - b : letters.compare(a, b)) || one.index - other.index;
    };
    body.append(...[...rows].sort(compare).map((row) => row.tr));
    head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
  }

  // The state is in the address, so that a view can be kept and sent.
  function remember() {
    const said = new URLSearchParams();
    for (const field of fields) if (field.value !== "") said.set(field.name, field.value);
    if (state.sort) said.set("sort", (state.down ? "-" : "") + state.sort);
    const hash = said.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function recall() {
    if (location.hash && !location.hash.includes("=") && recalled) return remember(); // went to a place on the page
    recalled = true;
    const said = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      const value = said.get(field.name) ?? "";
      field.value = value;
      if (field.selectedIndex === -1) field.value = "";
    }
    const asked = said.get("sort") ?? "";
    const known = Object.hasOwn(column, asked.replace(/^-/, ""));
    state.sort = known ? asked.replace(/^-/, "") : "";
    state.down = known && asked.startsWith("-");
    filter();
    sort();
  }

  function reset() {
    for (const field of fields) field.value = "";
    Object.assign(state, { sort: "", down: false });
    filter();
    sort();
    remember();
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      state.down = state.sort === head.dataset.key && !state.down;
      state.sort = head.dataset.key;
      sort();
      remember();
    });
  }
  form.addEventListener("input", () => { filter(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); reset(); });
  nothing.querySelector("button").addEventListener("click", () => { reset(); fields[0].focus(); });
  addEventListener("hashchange", recall);
  form.hidden = false;
  table.classList.add("live");
  recall();
})();
