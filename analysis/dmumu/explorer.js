// Explorer: D(R) and its slope at one point of the cube, live. Reads the JSON of #cube; draws into two SVGs.
"use strict";
(() => {
  const cube = JSON.parse(document.getElementById("cube").textContent);
  const bytes = Uint8Array.from(atob(cube.log10_d), (c) => c.charCodeAt(0));
  const logD = new Float32Array(bytes.buffer); // region, M_A, beta, L, rigidity; NaN: no value
  const axes = cube.axes; // [{name, label, values, texts}], the last is the rigidity
  const logR = axes[4].values.map(Math.log10);
  const nR = logR.length;
  const SVG = "http://www.w3.org/2000/svg";
  const W = 720, LEFT = 64, RIGHT = 12, TOP = 10;
  const byId = (id) => document.getElementById(id);
  const state = axes.map((axis) => axis.start);
  const kept = [];
  const COLOURS = ["#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

  const element = (parent, name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  };

  const curveAt = (index) => {
    let flat = 0;
    for (let i = 0; i < 4; i++) flat = flat * axes[i].values.length + index[i];
    return Array.from(logD.subarray(flat * nR, (flat + 1) * nR));
  };

  // d ln D/d ln R: central differences, one-sided beside a gap
  const slopeOf = (y) => y.map((here, i) => {
    let a = i > 0 && isFinite(y[i - 1]) ? i - 1 : i;
    let b = i + 1 < nR && isFinite(y[i + 1]) ? i + 1 : i;
    return a < b && isFinite(here) ? (y[b] - y[a]) / (logR[b] - logR[a]) : NaN;
  });

  const pathOf = (x, y, sx, sy) => {
    let d = "", pen = false;
    for (let i = 0; i < x.length; i++) {
      if (!isFinite(y[i])) { pen = false; continue; }
      d += (pen ? "L" : "M") + sx(x[i]).toFixed(1) + " " + sy(y[i]).toFixed(1);
      pen = true;
    }
    return d;
  };

  // A frame with its ticks; scales come back.
  const frame = (svg, height, yLow, yHigh, yTicks, yText, yLabel, xLabel) => {
    const bottom = xLabel ? 40 : 8;
    const x0 = logR[0], x1 = logR[nR - 1];
    const sx = (x) => LEFT + (x - x0) / (x1 - x0) * (W - LEFT - RIGHT);
    const sy = (y) => TOP + (yHigh - y) / (yHigh - yLow) * (height - TOP - bottom);
    for (let decade = Math.ceil(x0 - 1e-9); decade <= x1 + 1e-9; decade++) {
      element(svg, "line", {x1: sx(decade), x2: sx(decade), y1: TOP, y2: height - bottom, class: "grid"});
      if (xLabel) element(svg, "text", {x: sx(decade), y: height - bottom + 16, "text-anchor": "middle"}, power(decade));
    }
    for (const y of yTicks) {
      element(svg, "line", {x1: LEFT, x2: W - RIGHT, y1: sy(y), y2: sy(y), class: "grid"});
      element(svg, "text", {x: LEFT - 6, y: sy(y) + 4, "text-anchor": "end"}, yText(y));
    }
    element(svg, "rect", {x: LEFT, y: TOP, width: W - LEFT - RIGHT, height: height - TOP - bottom, class: "frame"});
    element(svg, "text", {x: 14, y: TOP + (height - TOP - bottom) / 2, class: "label", "text-anchor": "middle",
      transform: `rotate(-90 14 ${TOP + (height - TOP - bottom) / 2})`}, yLabel);
    if (xLabel) element(svg, "text", {x: (LEFT + W - RIGHT) / 2, y: height - 6, class: "label", "text-anchor": "middle"}, xLabel);
    return {sx, sy, clip: {x: LEFT, y: TOP, width: W - LEFT - RIGHT, height: height - TOP - bottom}};
  };

  const SUPER = {"-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"};
  const power = (n) => "10" + String(n).split("").map((c) => SUPER[c]).join("");
  const scientific = (x) => {
    const n = Math.floor(x), mantissa = 10 ** (x - n);
    return mantissa.toFixed(2) + "·" + power(n);
  };

  const checkedModels = () => cube.models.filter((_, i) => byId("model-" + i).checked);

  // Grey between the least and the largest of the published curves that are ticked, and each as a thin line.
  const drawModels = (svg, scales, key) => {
    const models = checkedModels();
    if (models.length === 0) return;
    const low = logR.map((_, i) => Math.min(...models.map((m) => m[key][i])));
    const high = logR.map((_, i) => Math.max(...models.map((m) => m[key][i])));
    const back = [...logR.keys()].reverse();
    const d = pathOf(logR, high, scales.sx, scales.sy) + "L" +
      pathOf(back.map((i) => logR[i]), back.map((i) => low[i]), scales.sx, scales.sy).slice(1) + "Z";
    element(svg, "path", {d, class: "band"});
    for (const model of models) {
      const line = element(svg, "path", {d: pathOf(logR, model[key], scales.sx, scales.sy), class: "model"});
      element(line, "title", {}, model.title);
    }
  };

  const drawAll = (svg, height, range, ticks, tickText, label, xLabel, key, values) => {
    svg.replaceChildren();
    const scales = frame(svg, height, range[0], range[1], ticks, tickText, label, xLabel);
    const clip = element(svg, "clipPath", {id: svg.id + "-clip"});
    element(clip, "rect", scales.clip);
    const inside = element(svg, "g", {"clip-path": `url(#${svg.id}-clip)`});
    drawModels(inside, scales, key);
    kept.forEach((index, i) => element(inside, "path",
      {d: pathOf(logR, values(curveAt(index)), scales.sx, scales.sy), class: "kept", stroke: COLOURS[i % COLOURS.length]}));
    const y = values(curveAt(state));
    element(inside, "path", {d: pathOf(logR, y, scales.sx, scales.sy), class: "curve", id: svg.id + "-curve"});
    const r = state[4];
    element(inside, "line", {x1: scales.sx(logR[r]), x2: scales.sx(logR[r]), y1: 0, y2: height, class: "cursor"});
    if (isFinite(y[r])) element(inside, "circle", {cx: scales.sx(logR[r]), cy: scales.sy(y[r]), r: 4, class: "dot"});
    return y[r];
  };

  const pointText = (index) => axes.slice(0, 4).map((axis, i) => axis.label + " " + axis.texts[index[i]]).join(", ");

  const draw = () => {
    const [low, high] = cube.range;
    const decades = [];
    for (let n = Math.ceil(low); n <= high; n++) decades.push(n);
    const logD1 = drawAll(byId("plot-d"), 380, [low, high], decades, power, "D  [cm² s⁻¹]", null, "log10_d", (y) => y);
    const slope = drawAll(byId("plot-slope"), 210, [-0.5, 1.5], [-0.5, 0, 0.5, 1, 1.5], (y) => y.toFixed(1).replace("-", "−"),
      "slope", "rigidity  [GV]", "slope", slopeOf);
    axes.forEach((axis, i) => {
      byId("value-" + i).textContent = axis.texts[state[i]];
      if (i > 0) byId("axis-" + i).setAttribute("aria-valuetext", axis.label + " " + axis.texts[state[i]]);
    });
    const has = isFinite(logD1);
    byId("readout").textContent = pointText(state) + ", R = " + axes[4].texts[state[4]] + ": " +
      (has ? "D = " + scientific(logD1) + " cm² s⁻¹, slope " + (isFinite(slope) ? slope.toFixed(3) : "–") : "no value (not confined, or failed)");
    byId("readout").dataset.log10d = has ? logD1.toFixed(6) : "nan";
    byId("readout").dataset.slope = isFinite(slope) ? slope.toFixed(6) : "nan";
    byId("kept").replaceChildren(...kept.map((index, i) => {
      const item = document.createElement("li");
      item.style.color = COLOURS[i % COLOURS.length];
      item.textContent = pointText(index);
      return item;
    }));
  };

  axes.forEach((axis, i) => {
    const input = byId("axis-" + i);
    input.addEventListener("input", () => { state[i] = Number(input.value); draw(); });
  });
  cube.models.forEach((_, i) => byId("model-" + i).addEventListener("change", draw));
  byId("keep").addEventListener("click", () => {
    kept.push([...state]);
    if (kept.length > COLOURS.length) kept.shift();
    draw();
  });
  byId("clear").addEventListener("click", () => { kept.length = 0; draw(); });
  draw();
  document.documentElement.dataset.ready = "yes";
})();
