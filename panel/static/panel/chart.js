/* Redraws a page's server-made charts with uPlot: hover, zoom, the same colours, the reader's number format. */
(() => {
  "use strict";
  const language = document.documentElement.lang || "en";
  const charts = new Map();

  /* Canvas cannot read light-dark(); an element can. */
  const probe = document.createElement("i");
  const colour = (name) => {
    if (!probe.isConnected) document.body.append(probe);
    probe.hidden = true;
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const faded = (name, share) => {
    const parts = colour(name).match(/[\d.]+/g).slice(0, 3);
    return `rgba(${parts.join(",")},${share})`;
  };

  /* The same signs, digits and units as monitoring/catalogue/units.py. */
  const written = (value, options) => value.toLocaleString(language, options).replace("-", "−");
  const plain = (value, digits = 0) => written(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const sure = (value, most) => written(value, { maximumFractionDigits: most });
  const gap = "\u00a0";
  const cents = (v) => (v === 0 || v >= 0.1 ? 2 : v >= 0.001 ? 4 : Math.min(12, 2 - Math.floor(Math.log10(v))));
  const writers = {
    ratio: (v) => `${sure(v * 100, 2)}${language.startsWith("pt") ? gap : ""}%`,
    score: (v) => plain(v, 3),
    ms: (v) => (Math.abs(v) >= 1000 ? `${sure(v / 1000, 1)}${gap}s` : `${sure(v, v < 10 ? 1 : 0)}${gap}ms`),
    usd: (v) => `${v < 0 ? "−" : ""}US$${language.startsWith("pt") ? gap : ""}${plain(Math.abs(v), cents(Math.abs(v)))}`,
    s: (v) => [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].filter(([size]) => v >= size || size === 1).slice(0, 1).map(([size, unit]) => `${sure(v / size, 1)}${gap}${unit}`)[0],
    target: (v) => written(v, { maximumSignificantDigits: 4 }),
    value: (v) => plain(v, Math.abs(v) >= 100000 ? 0 : Math.abs(v) >= 0.1 || v === 0 ? 2 : 4),
    bytes: (v) => (v >= 1e9 ? `${sure(v / 1e9, 1)}${gap}GB` : v >= 1e6 ? `${sure(v / 1e6, 1)}${gap}MB` : `${sure(v / 1e3, 1)}${gap}kB`),
    per_minute: (v) => `${sure(v, v < 10 ? 1 : 0)}`,
    per_second: (v) => `${sure(v, v < 10 ? 1 : 0)}`,
  };
  const compact = (v) => (Math.abs(v) >= 10000 ? `${sure(v / (v >= 1e6 ? 1e6 : 1e3), 1)}${gap}${v >= 1e6 ? "M" : "k"}` : sure(v, 1));
  const writer = (unit) => writers[unit] || compact;

  const dates = (zone, options) => new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });

  /* Split a line in what is settled and what is provisional; they share the point where they meet. */
  const split = (line) => {
    if (!line.p) return [line.v, null];
    const settled = line.v.map((v, i) => (line.p[i] ? null : v));
    const waiting = line.v.map((v, i) => (line.p[i] || line.p[i + 1] ? v : null));
    return [settled, waiting];
  };

  /* A value between gaps makes no line: it is drawn as a point. */
  const lonely = (values) => values.flatMap((v, i) => (v !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []));
  const alone = (values) => ({ show: true, size: 6, filter: () => lonely(values) });

  const series = (data, text) => {
    const columns = [data.t];
    const list = [{}];
    const bands = [];
    data.lines.forEach((line, index) => {
      const stroke = () => colour(line.tone);
      const [settled, waiting] = split(line);
      if (line.low) {
        bands.push({ series: [list.length + 1, list.length], fill: () => faded(line.tone, 0.16), dir: -1 });
        list.push({ stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } });
        columns.push(line.low, line.high);
      }
      list.push({ stroke, width: 1.8, points: alone(settled), ...(index === 0 && !line.low ? { fill: () => faded(line.tone, 0.09) } : {}) });
      columns.push(settled);
      if (waiting) {
        list.push({ stroke: () => colour("second"), width: 1.8, dash: [4, 4], points: alone(waiting) });
        columns.push(waiting);
      }
    });
    return { columns, list, bands, text };
  };

  const under = (data) => (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const [start, end, , kind] of data.bands) {
      const x = u.valToPos(start, "x", true);
      ctx.fillStyle = kind === "corrected" ? faded("muted", 0.22) : faded("bad", 0.13);
      ctx.fillRect(x, bbox.top, Math.max(u.valToPos(end, "x", true) - x, 3), bbox.height);
    }
    ctx.restore();
  };

  const over = (data) => (u) => {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([]);
    for (const [at] of data.marks) {
      const x = u.valToPos(at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = colour("warn");
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    if (data.threshold) {
      const y = u.valToPos(data.threshold[0], "y", true);
      ctx.strokeStyle = colour("bad");
      ctx.setLineDash([5 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  };

  const line = (tag, ...texts) => {
    const element = document.createElement(tag);
    for (const text of texts) {
      const part = document.createElement(texts.length > 1 ? "b" : "i");
      part.textContent = text;
      element.append(texts.length > 1 ? part : text);
    }
    return element;
  };

  const tooltip = (data, write, when) => {
    const box = document.createElement("div");
    box.className = "tip";
    box.hidden = true;
    return {
      hooks: {
        init: (u) => u.over.append(box),
        setCursor: (u) => {
          const i = u.cursor.idx;
          box.hidden = i == null || u.cursor.left < 0 || data.lines.every((l) => l.v[i] == null);
          if (box.hidden) return;
          box.replaceChildren(line("strong", when.format(new Date(data.t[i] * 1000))));
          for (const each of data.lines) {
            if (each.v[i] == null) continue;
            box.append(line("span", each.label, write(each.v[i])));
          }
          const n = Math.max(...data.lines.map((l) => l.n[i]));
          box.append(line("em", `n ${plain(n)}`));
          for (const [start, end, label] of data.bands) {
            if (data.t[i] >= start && data.t[i] <= end) box.append(line("em", label));
          }
          const x = u.cursor.left > u.over.clientWidth / 2 ? u.cursor.left - box.offsetWidth - 14 : u.cursor.left + 14;
          box.style.transform = `translate(${Math.max(x, 0)}px, 8px)`;
        },
      },
    };
  };

  const options = (data, stage, made) => {
    const write = writer(data.unit);
    const long = data.t[data.t.length - 1] - data.t[0] > 2 * 86400;
    const day = dates(data.zone, { day: "2-digit", month: "2-digit" });
    const hour = dates(data.zone, { hour: "2-digit", minute: "2-digit" });
    const tick = (at, step) => (long && (step >= 86400 || hour.format(at) === "00:00") ? day : hour).format(at);
    const when = dates(data.zone, { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { font, stroke: () => colour("muted"), ticks: { show: false } };
    const widest = Math.max(...[data.bounds[0], data.bounds[1]].map((v) => write(v).length));
    return {
      width: stage.clientWidth,
      height: stage.clientHeight,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), data.zone),
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
      scales: { x: { time: true }, y: { range: () => data.bounds } },
      axes: [
        { ...axis, grid: { show: false }, space: 64, size: 34, values: (u, splits, axis, room, step) => splits.map((s) => tick(new Date(s * 1000), step)) },
        { ...axis, size: 20 + widest * 7.2, space: 42, grid: { stroke: () => colour("line"), width: 1 }, values: (u, splits) => splits.map(write) },
      ],
      series: made.list,
      bands: made.bands,
      hooks: { drawClear: [under(data)], draw: [over(data)] },
      plugins: [tooltip(data, write, when)],
    };
  };

  const draw = (figure) => {
    const source = figure.querySelector('script[type="application/json"]');
    const stage = figure.querySelector(".chart__stage");
    if (!source || !stage) return;
    const data = JSON.parse(source.textContent);
    data.t = data.lines[0].v.map((_, i) => data.from + i * data.step);
    const made = series(data);
    figure.classList.add("is-drawn");
    const chart = new uPlot(options(data, stage, made), made.columns, stage);
    chart.root.setAttribute("role", "img");
    chart.root.setAttribute("aria-labelledby", `${figure.dataset.chart}-summary`);
    charts.set(figure, chart);
  };

  const drawAll = () => {
    for (const [figure, chart] of charts) {
      if (!figure.isConnected) {
        chart.destroy();
        charts.delete(figure);
      }
    }
    for (const figure of document.querySelectorAll("[data-chart]")) {
      if (!charts.has(figure)) draw(figure);
    }
  };
  const resize = () => {
    for (const [figure, chart] of charts) {
      const stage = figure.querySelector(".chart__stage");
      chart.setSize({ width: stage.clientWidth, height: stage.clientHeight });
    }
  };
  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(resize, 120);
  });
  addEventListener("themechange", () => requestAnimationFrame(() => charts.forEach((chart) => chart.redraw(false, true))));
  addEventListener("contentchange", drawAll);
  drawAll();
})();
