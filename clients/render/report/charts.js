"use strict";
// Draws every chart of the page from the data beside it; again when colours or widths change.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
  const shown = (value, unit) => (value === null || value === undefined ? "no flows" : number.format(value) + " " + unit);
  const escaped = echarts.format.encodeHTML;
  const printing = window.matchMedia("print");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn = [];

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    return { text: colour("text"), quiet: colour("quiet"), line: colour("line"), accent: colour("accent"),
      page: colour("page"), panel: colour("panel"), high: colour("high") };
  }

  function common(c) {
    return {
      animation: false, textStyle: { color: c.text, fontFamily: "system-ui, sans-serif" },
      tooltip: { trigger: "axis", confine: true, backgroundColor: c.page, borderColor: c.line,
        textStyle: { color: c.text } },
    };
  }

  const dayAxis = (c, days) => ({ type: "category", data: days, axisLine: { lineStyle: { color: c.line } },
    axisLabel: { color: c.quiet, hideOverlap: true, alignMinLabel: "left", alignMaxLabel: "right" } });
  const valueAxis = (c, name) => ({ type: "value", name: name, nameTextStyle: { color: c.quiet, align: "left" },
    axisLabel: { color: c.quiet, formatter: (value) => number.format(value) },
    splitLine: { lineStyle: { color: c.line, opacity: 0.5 } } });

  const options = {
    days(chart, c) {
      return { ...common(c), grid: { left: 8, right: 12, top: 34, bottom: 8, containLabel: true },
        tooltip: { ...common(c).tooltip, formatter: (points) =>
          escaped(points[0].axisValue) + "<br>" + shown(points[0].value, chart.unit) },
        xAxis: dayAxis(c, chart.days), yAxis: valueAxis(c, chart.unit),
        series: [{ type: "bar", data: chart.values, itemStyle: { color: c.accent }, barCategoryGap: "20%" }] };
    },
    ranks(chart, c, width) {
      return { ...common(c), grid: { left: 8, right: 56, top: 8, bottom: 8, containLabel: true },
        tooltip: { ...common(c).tooltip, trigger: "item", formatter: (point) => escaped(point.name) + "<br>" +
          shown(point.value, chart.unit) + ", " + number.format(100 * chart.shares[point.dataIndex]) + " % of all" },
        xAxis: { ...valueAxis(c, ""), splitNumber: width < 500 ? 2 : 5 },
        yAxis: { type: "category", inverse: true, data: chart.names, axisLine: { lineStyle: { color: c.line } },
          axisLabel: { color: c.text, width: Math.min(300, width * 0.45), overflow: "truncate" } },
        series: [{ type: "bar", data: chart.values, itemStyle: { color: c.accent },
          label: { show: true, position: "right", color: c.text,
            formatter: (point) => number.format(100 * chart.shares[point.dataIndex]) + " %" } }] };
    },
    heat(chart, c) {
      const highest = Math.max(...chart.cells.map((cell) => cell[2]), 1e-9);
      const lowest = Math.min(...chart.cells.map((cell) => cell[2]).filter((value) => value > 0), highest);
      const level = (value) => Math.log10(Math.max(value, lowest));
      return { ...common(c), grid: { left: 8, right: 12, top: 8, bottom: 56, containLabel: true },
        tooltip: { ...common(c).tooltip, trigger: "item", formatter: (point) => escaped(chart.names[point.value[1]]) +
          "<br>" + chart.days[point.value[0]] + "<br>" + shown(point.value[3], chart.unit) },
        xAxis: dayAxis(c, chart.days),
        yAxis: { type: "category", inverse: true, data: chart.names, axisLabel: { color: c.text } },
        visualMap: { min: level(lowest), max: level(highest) + 1e-6, dimension: 2, orient: "horizontal", left: 8,
          bottom: 4, calculable: false, itemHeight: 120, textStyle: { color: c.quiet },
          text: [number.format(highest) + " open at once", number.format(lowest)],
          inRange: { color: dark.matches && !printing.matches ? ["#1d2b3a", "#2f6fb0", "#ffd166"]
            : ["#e8f1fa", "#5a9bd4", "#0b3a6b"] } },
        series: [{ type: "heatmap", data: chart.cells.map(([x, y, value]) => [x, y, level(value), value]),
          itemStyle: { borderColor: c.page, borderWidth: 1 } }] };
    },
    finding(chart, c) {
      const mark = chart.days.indexOf(chart.mark);
      return { ...common(c), grid: { left: 4, right: 8, top: 30, bottom: 4, containLabel: true },
        tooltip: { ...common(c).tooltip, formatter: (points) =>
          escaped(points[0].axisValue) + "<br>" + shown(points[0].value, chart.unit) },
        xAxis: { ...dayAxis(c, chart.days), axisLabel: { color: c.quiet, hideOverlap: true,
          alignMinLabel: "left", alignMaxLabel: "right", interval: Math.max(0, Math.ceil(chart.days.length / 3) - 1) } },
        yAxis: { ...valueAxis(c, chart.unit), splitNumber: 2 },
        series: [{ type: chart.bars ? "bar" : "line", barMaxWidth: 12, data: chart.values, symbol: "circle", symbolSize: 4, showSymbol: true,
          lineStyle: { color: c.accent, width: 1.5 }, itemStyle: { color: c.accent },
          markPoint: mark < 0 || chart.values[mark] === null ? undefined : { symbol: "circle", symbolSize: 12,
            data: [{ coord: [mark, chart.values[mark]] }], label: { show: false },
            itemStyle: { color: "transparent", borderColor: c.high, borderWidth: 2 } },
          markLine: chart.usual === null ? undefined : { silent: true, symbol: "none", label: { show: false },
            data: [{ yAxis: chart.usual }], lineStyle: { color: c.quiet, type: "dashed" } } }] };
    },
  };

  function draw(isPrinted) {
    const c = colours();
    for (const place of document.querySelectorAll(".chart")) {
      const chart = data[place.id];
      let drawing = echarts.getInstanceByDom(place);
      if (!drawing) {
        drawing = echarts.init(place, null, { renderer: "svg" });
        drawn.push(drawing);
      }
      drawing.setOption(options[chart.kind](chart, c, place.clientWidth), true);
      if (!isPrinted) drawing.resize();
      // The printer scales the drawing: how wide the paper is, nobody tells before.
      const svg = place.querySelector("svg");
      svg.setAttribute("viewBox", "0 0 " + drawing.getWidth() + " " + drawing.getHeight());
    }
  }

  draw(false);
  let due = 0;
  window.addEventListener("resize", () => { clearTimeout(due); due = setTimeout(() => draw(printing.matches), 100); });
  dark.addEventListener("change", () => draw(false));
  printing.addEventListener("change", () => draw(printing.matches));
  document.documentElement.dataset.drawn = String(drawn.length);
})();
