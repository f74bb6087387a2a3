  // The data of the page and the treemap. tree.js follows in the same function and uses both.
  // All text is set as text, never as mark-up. Columns of the data are named in the order in which
  // data.rs writes them.
  const data = JSON.parse(document.getElementById("data").textContent);
  const STATES = ["", "yes", "partly", "no", "frozen", "unknown", "maybe"];
  const STATE_TEXT = {
    "": "", yes: "trainable", partly: "in part", no: "not trainable", frozen: "frozen", unknown: "unknown",
    maybe: "maybe",
  };
  const ROW = 30;
  // Tiles of one group; the smallest beyond that share one. Tiles in all, nested ones included.
  const MAX_SIBLINGS = 1200, MAX_TILES = 1600;
  const HUES = 8;
  const $ = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // --- Numbers. Those beyond 2^53 come as text, so that they stay exact.
  const exact = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const scaled = (n, step, units) => {
    let value = Number(n), unit = 0;
    while (unit < units.length - 1 && value >= step - 0.5) { value /= step; unit += 1; }
    const shown = unit === 0 ? String(value) : value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
    return `${shown} ${units[unit]}`;
  };
  const bytes = (n) => scaled(n, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);
  const share = (part, whole) => {
    if (!Number(whole)) return "";
    const percent = 100 * Number(part) / Number(whole);
    if (percent > 0 && percent < 0.05) return "<0.1 %";
    if (percent >= 99.95 && String(part) !== String(whole)) return ">99.9 %";
    return `${percent.toFixed(1)} %`;
  };

  // --- Groups and variables as nodes of one tree.
  const groups = data.groups.map(([name, cls, kind, vars, params, size, state, shared, own, children], id) => ({
    id, name, cls: cls < 0 ? "" : data.classes[cls], kind: data.kinds[kind], vars, params, size,
    state: STATES[state], shared: !!shared, own, children, kids: [], parent: null, weight: 0, open: false, order: 0,
  }));
  const KEY_END = "/.ATTRIBUTES/VARIABLE_VALUE";
  const variables = data.variables.map(([name, dtype, shape, params, size, state, shared, path, key, values]) => {
    const way = path === 1 ? name.replace(/:\d+$/, "") : path || "";
    return {
      name, dtype: data.dtypes[dtype], shape: `[${shape.join(", ")}]`, params, size, state: STATES[state],
      shared: !!shared, path: way, key: key === 1 ? way + KEY_END : key || "", values: values || "", leaf: true,
    };
  });
  const withValues = variables.some((variable) => variable.values);
  const root = groups[0];
  const total = data.total;
  // Each variable gives its weight to the first group that holds it, so that areas add up.
  const given = new Set();
  for (const group of groups) {
    for (const id of group.children) {
      const child = groups[id];
      if (child && id > group.id && !child.parent) { child.parent = group; group.kids.push(child); }
    }
    for (const id of group.own) {
      const variable = variables[id];
      if (!variable) continue;
      const first = !given.has(id);
      given.add(id);
      group.kids.push({ ...variable, parent: group, kids: [], weight: first ? Number(variable.params) : 0 });
    }
    group.kids.forEach((kid, order) => { kid.order = order; });
  }
  for (let i = groups.length - 1; i >= 0; i -= 1) {
    groups[i].weight = groups[i].kids.reduce((sum, kid) => sum + kid.weight, 0);
  }
  const path = (node) => {
    const list = [];
    for (let at = node; at; at = at.parent) list.unshift(at);
    return list;
  };

  // --- Colours of the treemap: by class where there are any, else by branch of the root.
  const weights = new Map();
  const label = (node) => {
    const group = node.leaf ? node.parent : node;
    if (data.classes.length) return group.cls || "other";
    return (path(group)[1] || root).name;
  };
  (function weigh() {
    for (const group of groups) {
      for (const kid of group.kids) {
        if (kid.leaf && kid.weight) weights.set(label(kid), (weights.get(label(kid)) || 0) + kid.weight);
      }
    }
  })();
  const hues = new Map([...weights].sort((a, b) => b[1] - a[1]).slice(0, HUES).map(([name], i) => [name, i]));
  // A group has the colour of what most of it is.
  const mixes = groups.map(() => new Float64Array(HUES + 1));
  for (let i = groups.length - 1; i >= 0; i -= 1) {
    for (const kid of groups[i].kids) {
      if (kid.leaf) mixes[i][hues.get(label(kid)) ?? HUES] += kid.weight;
      else mixes[kid.id].forEach((weight, hue) => { mixes[i][hue] += weight; });
    }
  }
  const paint = (node) => {
    if ($("colour").value === "state") return `s-${node.state || "no"}`;
    if (node.merged) return "";
    const mix = mixes[(node.leaf ? node.parent : node).id];
    const hue = mix.indexOf(Math.max(...mix));
    return hue === HUES ? "" : `h${hue}`;
  };
  function legend() {
    const list = $("legend");
    list.replaceChildren();
    if (small) list.append(make("li", "", `${exact(small)} too small to draw`));
    const entry = (className, text) => {
      const item = make("li");
      item.append(make("i", className), text);
      list.append(item);
    };
    if ($("colour").value === "state") {
      for (const state of STATES.slice(1)) {
        if (variables.some((variable) => variable.state === state)) entry(`s-${state}`, STATE_TEXT[state]);
      }
      return;
    }
    for (const [name, hue] of hues) entry(`h${hue}`, `${name} ${share(weights.get(name), total)}`);
    if (weights.size > hues.size) entry("tile-other", "other");
  }

  // --- Treemap: squarified, nested as deep as there is room.
  const map = $("map");
  let zoomed = root;
  let tiles = [], small = 0;
  function sizes(parent) {
    const all = parent.kids.filter((node) => node.weight > 0).sort((a, b) => b.weight - a.weight);
    if (all.length <= MAX_SIBLINGS) return all;
    // The smallest share a tile, which opens like a group.
    const kids = all.slice(MAX_SIBLINGS - 1);
    const sum = (field) => kids.reduce((total, kid) => total + Number(kid[field]), 0);
    const merged = { name: `… ${exact(kids.length)} smaller`, cls: "", parent, kids, params: sum("params"), size: sum("size"), weight: sum("weight"), state: "", shared: false, merged: true };
    return [...all.slice(0, MAX_SIBLINGS - 1), merged].sort((a, b) => b.weight - a.weight);
  }
  function squarify(parent, x, y, w, h, place) {
    let rest = sizes(parent);
    let sum = rest.reduce((all, node) => all + node.weight, 0);
    while (rest.length && w > 0 && h > 0) {
      const side = Math.min(w, h);
      const scale = (w * h) / sum;
      let row = [], area = 0, worst = Infinity;
      for (const node of rest) {
        const next = area + node.weight * scale;
        const most = Math.max(...[rest[0], node].map((n) => {
          const a = n.weight * scale;
          return Math.max((side * side * a) / (next * next), (next * next) / (side * side * a));
        }));
        if (most > worst) break;
        row.push(node); area = next; worst = most;
      }
      const thick = area / side;
      let offset = 0;
      for (const node of row) {
        const length = (node.weight * scale) / thick;
        if (w >= h) place(node, x, y + offset, thick, length); else place(node, x + offset, y, length, thick);
        offset += length;
      }
      if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
      rest = rest.slice(row.length);
      sum = rest.reduce((all, node) => all + node.weight, 0);
    }
  }
  const describe = (node) => `${node.name || "(no name)"}${node.cls ? ` (${node.cls})` : ""}, ${exact(node.params)} parameters, ${share(node.params, total)}`;
  function draw() {
    tiles = [];
    small = 0;
    const fragment = document.createDocumentFragment();
    const width = map.clientWidth, height = map.clientHeight;
    const queue = [[zoomed, 0, 0, width, height, fragment, 0]];
    while (queue.length) {
      const [parent, x0, y0, w0, h0, into, depth] = queue.shift();
      squarify(parent, x0, y0, w0, h0, (node, x, y, w, h) => {
        if (tiles.length >= MAX_TILES || w < 2 || h < 2) { small += 1; return; }
        const nest = !node.leaf && node.kids.some((kid) => kid.weight) && w > 90 && h > 64 && depth < 6 && node.kids.length + tiles.length < MAX_TILES / 2;
        const tile = make("button", `tile ${nest && !node.kids.every((kid) => kid.leaf) ? "box" : paint(node)}`);
        const only = nest && node.kids.every((kid) => kid.leaf);
        tile.type = "button";
        tile.tabIndex = -1;
        tile.setAttribute("aria-label", describe(node) + (node.leaf ? "" : ", zoom in"));
        const gap = Math.min(w, h) < 16 ? 0.5 : 1;
        if (gap < 1) tile.classList.add("tiny");
        Object.assign(tile.style, { left: `${x + gap}px`, top: `${y + gap}px`, width: `${w - 2 * gap}px`, height: `${h - 2 * gap}px` });
        if (!node.leaf) tile.dataset.zoom = "1";
        if (w > 46 && h > 20) {
          const text = make("span", "", node.name || "(no name)");
          if (h > 36 || (nest && !only)) text.append(make("small", "", `${exact(node.params)} · ${share(node.params, total)}`));
          tile.append(text);
        }
        tile.node = node;
        tiles.push(tile);
        into.append(tile);
        if (nest && !only) queue.push([node, x + 4, y + 23, w - 8, h - 27, fragment, depth + 1]);
      });
    }
    map.replaceChildren(fragment);
    if (!tiles.length) map.append(make("p", "muted", "Nothing to draw: no counted parameters here."));
    if (tiles[0]) tiles[0].tabIndex = 0;
    const crumbs = $("crumbs");
    crumbs.replaceChildren();
    for (const node of path(zoomed)) {
      if (node !== root) crumbs.append(make("span", "muted", "›"));
      const button = make("button", "", node.name || "(no name)");
      button.type = "button";
      if (node === zoomed) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => zoom(node));
      crumbs.append(button);
    }
    legend();
  }
  function zoom(node, focus) {
    zoomed = node.leaf ? node.parent : node;
    draw();
    $("say").textContent = `Treemap shows ${describe(zoomed)}`;
    reveal(zoomed.merged ? zoomed.parent : zoomed);
    if (focus && tiles[0]) tiles[0].focus();
  }
  const tip = $("tip");
  function showTip(node, x, y) {
    tip.replaceChildren(make("b", "", node.name || "(no name)"));
    if (node.cls) tip.append(make("div", "muted", node.cls));
    tip.append(make("div", "", `${exact(node.params)} parameters · ${share(node.params, total)}`));
    tip.append(make("div", "", `${bytes(node.size)}${node.leaf ? ` · ${node.dtype} ${node.shape}` : ""} · ${STATE_TEXT[node.state] || "nothing to train"}${node.shared ? " · shared" : ""}`));
    tip.hidden = false;
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(4, y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 10 : y + 18)}px`;
  }
  map.addEventListener("pointermove", (event) => {
    const tile = event.target.closest(".tile");
    if (tile) showTip(tile.node, event.clientX, event.clientY); else tip.hidden = true;
  });
  map.addEventListener("pointerleave", () => { tip.hidden = true; });
  map.addEventListener("focusout", () => { tip.hidden = true; });
  map.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    tip.hidden = true;
    // One level at a time: the child of what is shown that holds this tile.
    const way = path(tile.node);
    const next = tile.node.parent === zoomed || zoomed.merged ? tile.node : way[way.indexOf(zoomed) + 1];
    zoom(next || tile.node, event.detail === 0);
  });
  map.addEventListener("keydown", (event) => {
    const at = tiles.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Backspace") {
      if (zoomed.parent) zoom(zoomed.parent, true);
    } else if (step && at >= 0) {
      const next = tiles[Math.max(0, Math.min(tiles.length - 1, at + step))];
      tiles[at].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      const box = next.getBoundingClientRect();
      showTip(next.node, box.left, box.bottom - 18);
    } else return;
    event.preventDefault();
  });
  $("colour").addEventListener("change", draw);
  if (!data.classes.length) $("colour").options[0].textContent = "branch";
  new ResizeObserver(draw).observe(map);

