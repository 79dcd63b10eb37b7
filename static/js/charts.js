/* Draws each chart from its own table, which is there without a script, too. A figure says whose rows it draws
   (data-chart-of) and how (data-chart); the table's columns with data-series are its series, in the colour of that name. */
"use strict";

(() => {
  const drawn = new Map();
  /* Short, then with more and more decimals. */
  const axisNumbers = [{}, ...[1, 2, 3].map((digits) => ({ maximumFractionDigits: digits }))].map(
    (digits) => new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", ...digits }),
  );
  /* Resolves a token of the style sheet to the colour that it is where the probe stands. */
  const probe = document.createElement("span");
  probe.hidden = true;

  function colourOf(token) {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  }

  /* What is to be seen of a cell: words for screen readers alone are left out. */
  function textOf(cell) {
    const shown = cell.cloneNode(true);
    for (const hidden of shown.querySelectorAll(".visually-hidden")) hidden.remove();
    return shown.textContent.trim().replace(/\s+/g, " ");
  }

  function valueOf(cell) {
    return Number(cell.querySelector("data")?.value ?? Number.NaN);
  }

  function read(table) {
    const rows = [...table.tBodies[0].rows];
    if (table.dataset.order === "newest-first") rows.reverse();
    const heads = [...table.tHead.rows[0].cells];
    const series = heads.flatMap((head, place) => (head.dataset.series ? [{ head, place }] : []));
    return {
      labels: rows.map((row) => row.cells[0].dataset.label || textOf(row.cells[0])),
      titles: rows.map((row) => textOf(row.cells[0])),
      links: rows.map((row) => row.cells[0].querySelector("a")?.href),
      series: series.map(({ head, place }) => ({
        name: textOf(head),
        colour: `chart-${head.dataset.series}`,
        isBelow: head.dataset.below === "yes",
        values: rows.map((row) => valueOf(row.cells[place])),
        texts: rows.map((row) => textOf(row.cells[place])),
      })),
    };
  }

  function datasetOf(series, kind, rows) {
    const colour = colourOf(series.colour);
    return {
      label: series.name,
      data: series.isBelow ? series.values.map((value) => -value) : series.values,
      texts: series.texts,
      backgroundColor: colour,
      borderColor: colour,
      ...(kind === "lines"
        ? { borderWidth: 2, pointRadius: rows < 3 ? 3 : 0, pointHitRadius: 12 }
        : { borderRadius: 3, maxBarThickness: 56 }),
    };
  }

  /* The shortest way to write numbers in which no two different ones read the same. */
  function numbersApart(values) {
    const count = new Set(values).size;
    const areApart = (numbers) => new Set(values.map((value) => numbers.format(value))).size === count;
    return axisNumbers.find(areApart) || axisNumbers.at(-1);
  }

  function axesOf(kind) {
    const [line, muted] = [colourOf("line"), colourOf("muted")];
    const isStacked = kind === "stacked" || kind === "mirrored";
    const shown = (value) => (kind === "mirrored" ? Math.abs(value) : value);
    const write = (value, _place, ticks) => numbersApart(ticks.map((tick) => shown(tick.value))).format(shown(value));
    const amounts = {
      beginAtZero: kind !== "lines",
      stacked: isStacked,
      border: { display: false },
      grid: { color: line },
      ticks: { color: muted, maxTicksLimit: 6, callback: write },
    };
    const names = {
      stacked: isStacked,
      border: { color: line },
      grid: { display: false },
      ticks: { color: muted, ...(kind === "sideways" ? { autoSkip: false } : { maxRotation: 0, autoSkipPadding: 16 }) },
    };
    return kind === "sideways" ? { x: amounts, y: names } : { x: names, y: amounts };
  }

  function tooltipOf(titles) {
    const [ink, line, surface] = ["ink", "line", "surface"].map(colourOf);
    return {
      padding: 10,
      backgroundColor: surface,
      borderColor: line,
      borderWidth: 1,
      titleColor: ink,
      bodyColor: ink,
      callbacks: {
        title: ([item]) => titles[item.dataIndex],
        label: (item) => ` ${item.dataset.label}: ${item.dataset.texts[item.dataIndex]}`,
      },
    };
  }

  function draw(figure) {
    const canvas = figure.querySelector("canvas");
    const table = document.getElementById(figure.dataset.chartOf);
    if (!table || drawn.has(canvas)) return;
    const kind = figure.dataset.chart;
    const along = kind === "sideways" ? "y" : "x";
    const { labels, titles, links, series } = read(table);
    /* Where a row leads on, its place in the chart does so, too. */
    const linkAt = (chart, event) => {
      const [hit] = chart.getElementsAtEventForMode(event, "index", { axis: along, intersect: true }, false);
      return hit && links[hit.index];
    };
    figure.append(probe);
    const options = {
      /* Nothing moves: what is drawn anew every few seconds would not come to rest. */
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      indexAxis: along,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12 },
      interaction: { mode: "index", axis: along, intersect: false },
      scales: axesOf(kind),
      plugins: { legend: { display: false }, colors: { enabled: false }, tooltip: tooltipOf(titles) },
      onClick: (event, _hits, chart) => {
        const href = linkAt(chart, event);
        if (href) location.assign(href);
      },
      onHover: (event, _hits, chart) => canvas.classList.toggle("leads-on", Boolean(linkAt(chart, event))),
    };
    const datasets = series.map((one) => datasetOf(one, kind, labels.length));
    drawn.set(canvas, new Chart(canvas, { type: kind === "lines" ? "line" : "bar", data: { labels, datasets }, options }));
  }

  /* Those of figures that a swap has taken away go, those that came are drawn. */
  function drawNew() {
    for (const canvas of drawn.keys()) if (!canvas.isConnected) forget(canvas);
    for (const figure of document.querySelectorAll("[data-chart-of]")) draw(figure);
  }

  /* In the colours of the page as it is now: light or dark, and light on paper. */
  function drawAnew() {
    for (const canvas of drawn.keys()) forget(canvas);
    drawNew();
  }

  function forget(canvas) {
    drawn.get(canvas).destroy();
    drawn.delete(canvas);
  }

  drawNew();
  document.addEventListener("htmx:afterSettle", drawNew);
  for (const media of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(media).addEventListener("change", drawAnew);
  }
  /* Letters that come later are wider or narrower than those that the axes were measured with. */
  document.fonts.addEventListener("loadingdone", drawAnew);
})();
