"use strict";
// Zoom with the wheel or the buttons, pan by dragging, double click to see the whole; values follow the pointer.
(function () {
  const short = (v) => (v === null ? "no value" : Number(v).toPrecision(5).replace(/\.?0+($|e)/, "$1"));
  const along = (axis, f) => {
    const [a, b] = axis.limits;
    return axis.scale === "log" ? a * Math.pow(b / a, f) : a + f * (b - a);
  };
  const fraction = (axis, v) => {
    const [a, b] = axis.limits;
    return axis.scale === "log" ? Math.log(v / a) / Math.log(b / a) : (v - a) / (b - a);
  };
  const cell = (edges, v) => {
    for (let i = 0; i + 1 < edges.length; i++) {
      if ((edges[i] - v) * (edges[i + 1] - v) <= 0) return i;
    }
    return -1;
  };

  function reading(axes, fx, fy) {
    const x = along(axes.x, fx), y = along(axes.y, fy);
    const place = (axes.title ? axes.title + ":  " : "") + (axes.x.label || "x") + " = " + short(x);
    for (const map of axes.maps) {
      const i = cell(map.x, x), j = cell(map.y, y);
      if (i >= 0 && j >= 0) {
        return { text: place + ",  " + (axes.y.label || "y") + " = " + short(y) + ":  " + short(map.values[j][i]) };
      }
    }
    let best = null;
    for (const line of axes.lines) {
      for (let i = 0; i < line.x.length; i++) {
        const gx = fraction(axes.x, line.x[i]), gy = fraction(axes.y, line.y[i]);
        const far = (gx - fx) ** 2 + (gy - fy) ** 2;
        if (!best || far < best.far) best = { far, gx, gy, line, i };
      }
    }
    if (!best) return null;
    const { line, i, gx, gy } = best;
    const text = (axes.title ? axes.title + ":  " : "") + (line.label ? line.label + ":  " : "") +
      (axes.x.label || "x") + " = " + short(line.x[i]) + ",  " + (axes.y.label || "y") + " = " + short(line.y[i]);
    return { text, gx, gy };
  }

  function show(frame) {
    const image = frame.querySelector("img"), cross = frame.querySelector(".cross");
    const value = frame.parentNode.querySelector(".value");
    const axes = JSON.parse(frame.parentNode.querySelector("script[type='application/json']").textContent);
    const ratio = Number(frame.dataset.ratio);
    let scale = 1, left = 0, top = 0, held = null;

    const place = () => {
      const w = frame.clientWidth, h = w * ratio;
      frame.style.height = h + "px";
      left = Math.min(0, Math.max(left, w * (1 - scale)));
      top = Math.min(0, Math.max(top, h * (1 - scale)));
      Object.assign(image.style, { width: w * scale + "px", height: h * scale + "px", left: left + "px", top: top + "px" });
      cross.style.display = "none";
    };
    const zoom = (factor, px, py) => {
      const next = Math.min(40, Math.max(1, scale * factor));
      left = px - (px - left) * (next / scale);
      top = py - (py - top) * (next / scale);
      scale = next;
      place();
    };
    const at = (event) => {
      const box = frame.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const read = (px, py) => {
      const w = frame.clientWidth * scale, h = w * ratio;
      const fx = (px - left) / w, fy = (py - top) / h;
      for (const item of axes) {
        const [bx, by, bw, bh] = item.box;
        if (fx < bx || fx > bx + bw || fy < by || fy > by + bh) continue;
        const found = reading(item, (fx - bx) / bw, 1 - (fy - by) / bh);
        if (!found) continue;
        value.textContent = found.text;
        cross.style.display = "none";
        if (found.gx !== undefined && found.gx >= 0 && found.gx <= 1 && found.gy >= 0 && found.gy <= 1) {
          cross.style.left = left + w * (bx + bw * found.gx) + "px";
          cross.style.top = top + h * (by + bh * (1 - found.gy)) + "px";
          cross.style.display = "block";
        }
        return;
      }
      value.textContent = "";
      cross.style.display = "none";
    };

    frame.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), ...at(event));
    }, { passive: false });
    frame.addEventListener("pointerdown", (event) => {
      held = at(event);
      if (scale > 1) frame.setPointerCapture(event.pointerId);
      read(...held);
    });
    frame.addEventListener("pointermove", (event) => {
      const [px, py] = at(event);
      if (held && scale > 1) {
        left += px - held[0];
        top += py - held[1];
        held = [px, py];
        place();
      } else read(px, py);
    });
    for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, () => { held = null; });
    frame.addEventListener("dblclick", () => { scale = 1; left = top = 0; place(); });
    const buttons = frame.parentNode.querySelectorAll("button");
    const centre = () => [frame.clientWidth / 2, frame.clientHeight / 2];
    buttons[0].addEventListener("click", () => zoom(1.5, ...centre()));
    buttons[1].addEventListener("click", () => zoom(1 / 1.5, ...centre()));
    buttons[2].addEventListener("click", () => { scale = 1; left = top = 0; place(); });
    window.addEventListener("resize", place);
    place();
  }
  document.querySelectorAll(".figure").forEach(show);
})();
