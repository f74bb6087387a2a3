  // --- The tree: only rows in sight exist.
  const scroll = $("scroll"), body = $("tree").tBodies[0];
  let rows = [], current = 0, sortKey = "order", sortDown = false, wanted = "";
  const FIELDS = {
    order: (node) => node.order, name: (node) => node.name, params: (node) => Number(node.params),
    size: (node) => Number(node.size), state: (node) => STATES.indexOf(node.state), shape: (node) => (node.leaf ? `${node.dtype} ${node.shape}` : ""),
  };
  const sorted = (kids) => {
    if (sortKey === "order" && !sortDown) return kids;
    const field = FIELDS[sortKey], sign = sortDown ? -1 : 1;
    return [...kids].sort((a, b) => {
      const x = field(a), y = field(b);
      return (x < y ? -sign : x > y ? sign : a.order - b.order);
    });
  };
  const matches = (node) => [node.name, node.cls, node.path, node.key].some((text) => text && text.toLowerCase().includes(wanted));
  function rebuild() {
    let shown = null, hits = 0;
    if (wanted) {
      shown = new Set();
      const look = (node) => {
        if (!matches(node)) return;
        hits += 1;
        for (const at of path(node)) shown.add(at);
      };
      for (const group of groups) { look(group); group.kids.forEach((kid) => { if (kid.leaf) look(kid); }); }
    }
    rows = [];
    const stack = [[root, 1, 1, 1]];
    while (stack.length) {
      const [node, level, place, size] = stack.pop();
      const kids = shown ? node.kids.filter((kid) => shown.has(kid)) : node.kids;
      const open = kids.length > 0 && (shown ? true : node.open);
      rows.push({ node, level, place, size, open, parent: node.kids.length > 0 });
      if (open) {
        const list = sorted(kids);
        for (let i = list.length - 1; i >= 0; i -= 1) stack.push([list[i], level + 1, i + 1, list.length]);
      }
    }
    if (wanted && !hits) rows = [];
    current = Math.max(0, Math.min(current, rows.length - 1));
    $("tree").setAttribute("aria-rowcount", String(rows.length + 1));
    $("hits").textContent = wanted ? (hits === 1 ? "1 match" : `${exact(hits)} matches`) : "";
    paintRows();
  }
  function marked(text, into) {
    const at = wanted ? text.toLowerCase().indexOf(wanted) : -1;
    if (at < 0 || text.toLowerCase().length !== text.length) { into.append(text); return; }
    into.append(text.slice(0, at), make("mark", "", text.slice(at, at + wanted.length)), text.slice(at + wanted.length));
  }
  function rowOf(row, index) {
    const { node, level } = row;
    const tr = make("tr", index === current ? "at" : "");
    tr.setAttribute("role", "row");
    tr.setAttribute("aria-level", String(level));
    tr.setAttribute("aria-setsize", String(row.size));
    tr.setAttribute("aria-posinset", String(row.place));
    tr.setAttribute("aria-rowindex", String(index + 2));
    if (row.parent) tr.setAttribute("aria-expanded", String(row.open));
    tr.tabIndex = index === current ? 0 : -1;
    tr.dataset.index = String(index);
    const cell = (className, text) => {
      const td = make("td", className, text);
      td.setAttribute("role", "gridcell");
      tr.append(td);
      return td;
    };
    const name = cell(node.leaf ? "leaf" : "");
    const pad = make("span", "pad");
    pad.style.width = `${Math.min(level - 1, 24) * 18}px`;
    const twist = make("span", "twist", row.parent ? (row.open ? "▾" : "▸") : "");
    twist.setAttribute("aria-hidden", "true");
    name.append(pad, twist);
    const text = make("span");
    marked(node.name || "(no name)", text);
    name.append(text);
    if (node.cls) { const cls = make("span", "class"); marked(node.cls, cls); name.append(cls); }
    name.title = [node.name, node.cls, node.path && `path ${node.path}`, node.key && `key ${node.key}`].filter(Boolean).join("\n");
    cell("n", exact(node.params));
    const part = cell("");
    const bar = make("span", "bar"), fill = make("i");
    bar.setAttribute("aria-hidden", "true");
    fill.style.width = `${Number(total) ? 100 * Number(node.params) / Number(total) : 0}%`;
    if (Number(node.params)) bar.append(fill);
    part.append(bar, share(node.params, total));
    const state = cell("");
    if (node.state) { state.append(make("span", `dot ${node.state}`), STATE_TEXT[node.state]); }
    if (node.shared) state.append(node.state ? ", shared" : "shared");
    cell("", node.leaf ? `${node.dtype} ${node.shape}` : (node.vars === 1 ? "1 variable" : node.vars ? `${exact(node.vars)} variables` : ""));
    cell("n", bytes(node.size));
    if (withValues) cell("", node.values || "");
    return tr;
  }
  function paintRows(everything) {
    const first = everything ? 0 : Math.max(0, Math.floor(scroll.scrollTop / ROW) - 10);
    const last = everything ? rows.length : Math.min(rows.length, first + Math.ceil(scroll.clientHeight / ROW) + 20);
    const gap = (height) => {
      const tr = make("tr", "gap");
      tr.setAttribute("aria-hidden", "true");
      const td = make("td");
      td.colSpan = withValues ? 7 : 6;
      td.style.height = `${height}px`;
      tr.append(td);
      return tr;
    };
    const focused = body.contains(document.activeElement);
    const list = [gap(first * ROW)];
    for (let i = first; i < last; i += 1) list.push(rowOf(rows[i], i));
    list.push(gap((rows.length - last) * ROW));
    // The row with the focus stays reachable by keyboard even when it is out of sight.
    if (!everything && rows.length && (current < first || current >= last)) {
      const row = list[1];
      if (row) row.tabIndex = 0;
    }
    body.replaceChildren(...list);
    if (focused) body.querySelector('tr[tabindex="0"]')?.focus({ preventScroll: true });
  }
  function go(index, focus) {
    current = Math.max(0, Math.min(rows.length - 1, index));
    const top = current * ROW, head = $("tree").tHead.offsetHeight;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    if (top + ROW + head > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + ROW + head - scroll.clientHeight;
    paintRows();
    if (focus) body.querySelector(`tr[data-index="${current}"]`)?.focus({ preventScroll: true });
  }
  function toggle(index, open) {
    const row = rows[index];
    if (!row || !row.parent || wanted) return;
    row.node.open = open === undefined ? !row.open : open;
    current = index;
    rebuild();
  }
  function reveal(node) {
    if (wanted) return;
    for (let at = node; at; at = at.parent) at.open = true;
    rebuild();
    go(rows.findIndex((row) => row.node === node), false);
  }
  let waiting = false;
  scroll.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paintRows(); });
  });
  body.addEventListener("click", (event) => {
    const tr = event.target.closest("tr[data-index]");
    if (!tr) return;
    const index = Number(tr.dataset.index);
    current = index;
    if (rows[index].parent) toggle(index); else paintRows();
    go(index, true);
  });
  body.addEventListener("keydown", (event) => {
    const tr = event.target.closest("tr[data-index]");
    if (!tr) return;
    const index = Number(tr.dataset.index), row = rows[index];
    const page = Math.max(1, Math.floor(scroll.clientHeight / ROW) - 2);
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (move) go(index + move, true);
    else if (event.key === "ArrowRight" && row.parent && !row.open) { toggle(index, true); go(index, true); }
    else if (event.key === "ArrowRight" && row.open) go(index + 1, true);
    else if (event.key === "ArrowLeft" && row.open && !wanted) { toggle(index, false); go(index, true); }
    else if (event.key === "ArrowLeft") go(rows.findIndex((other) => other.node === row.node.parent), true);
    else if (event.key === " ") { toggle(index); go(index, true); }
    else if (event.key === "Enter") { zoomed = row.node.leaf ? row.node.parent : row.node; draw(); $("say").textContent = `Treemap shows ${describe(zoomed)}`; }
    else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("#tree th button")) {
    button.addEventListener("click", () => {
      const key = button.dataset.key, number = key === "params" || key === "size";
      // First click: the natural direction; second: the other; third: the model's own order.
      if (sortKey !== key) { sortKey = key; sortDown = number; }
      else if (sortDown === number) sortDown = !number;
      else { sortKey = "order"; sortDown = false; }
      for (const th of document.querySelectorAll("#tree th")) {
        const on = th.querySelector("button")?.dataset.key === sortKey;
        if (on) th.setAttribute("aria-sort", sortDown ? "descending" : "ascending"); else th.removeAttribute("aria-sort");
      }
      rebuild();
    });
  }
  let timer = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { wanted = $("search").value.trim().toLowerCase(); scroll.scrollTop = 0; current = 0; rebuild(); }, 60);
  });
  $("expand").addEventListener("click", () => { for (const group of groups) group.open = true; rebuild(); });
  $("collapse").addEventListener("click", () => { for (const group of groups) group.open = group === root; current = 0; scroll.scrollTop = 0; rebuild(); });
  new ResizeObserver(() => paintRows()).observe(scroll);

  // --- Theme: the system's, until the button is pressed.
  $("theme").addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  });

  // To start with: the root open, and its children too where they are few.
  root.open = true;
  if (root.kids.length <= 4) for (const kid of root.kids) kid.open = true;
  rebuild();
  draw();
  document.documentElement.dataset.ready = "true";
