"use strict";
(() => {
  const prefix = document.body.dataset.prefix;
  const perPage = 20;
  const byId = (id) => document.getElementById(id);
  const seeds = new Map(); // SeedID -> Seed, of the page shown
  let page = 0;
  let open = openFromPath(); // SeedID whose states are shown, or 0
  let states = [];
  let rows = new Map(); // SeedID -> <li>
  let live = false;

  // el makes an element; texts are always text, never HTML.
  function el(tag, cls, ...content) {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    e.append(...content.filter((c) => c !== null && c !== ""));
    return e;
  }

  function openFromPath() {
    const found = location.pathname.match(/\/web\/seed-details\/(\d+)$/);
    return found ? Number(found[1]) : 0;
  }

  async function get(path) {
    const answer = await fetch(prefix + "/api/" + path, { headers: { Accept: "application/json" } });
    const body = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error((body && body.Message) || "The service answered " + answer.status + ".");
    return body;
  }

  function problem(text) {
    byId("problem").textContent = text;
    byId("problem").hidden = !text;
  }

  function bytes(n) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let u = 0;
    while (n >= 1024 && u < units.length - 1) { n /= 1024; u++; }
    return (u && n < 100 ? n.toFixed(1) : Math.round(n)) + " " + units[u];
  }

  function span(seconds) {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
    return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  }

  const isSet = (t) => t && !t.startsWith("0001-");
  const when = (t) => (isSet(t) ? new Date(t).toLocaleString() : "");
  const ended = (s) => s.Status === "Completed" || s.Status === "Failed";
  const tone = { Scheduled: "wait", Running: "run", Completed: "good", Error: "bad", Failed: "bad", Aborting: "wait" };

  // amount shows what a stage counts: bytes, bytes of something, or other things.
  function amount(p, n) {
    if (!p.Unit) return bytes(n);
    return (p.Unit.endsWith("bytes") ? bytes(n) : String(n)) + " " + p.Unit;
  }

  function progress(s) {
    const p = s.Progress;
    const facts = el("div", "facts soft");
    if (!ended(s) && p.Bytes > 0) {
      facts.append(el("span", "", amount(p, p.Bytes) + (p.Total > 0 ? " of " + amount(p, p.Total) : "")));
      if (p.BytesPerSecond > 0) facts.append(el("span", "", amount(p, p.BytesPerSecond) + "/s"));
      if (p.ETASeconds >= 0) facts.append(el("span", "", span(p.ETASeconds) + " left of this stage"));
    }
    const e = s.Estimate;
    if (e) {
      const all = el("span", "", "about " + span(e.SecondsLeft) + " left in all (" + span(e.Low) + " to " + span(e.High) + ", how sure: " + e.Sure + ")");
      all.title = e.Parts.map((x) => x.Name + " " + span(x.Seconds) + " (" + x.From + ")").join(", ");
      facts.append(all);
    }
    if (!ended(s) && s.Bandwidth > 0) facts.append(el("span", "", "bounded to " + bytes(s.Bandwidth) + "/s"));
    if (!ended(s) && p.What) facts.append(el("span", "", p.What));
    if (!ended(s) && s.Stage === "ConnectSlave" && s.ReplicaLagSeconds >= 0)
      facts.append(el("span", "", "replica is " + span(s.ReplicaLagSeconds) + " behind"));
    const begun = new Date(s.StartTimestamp);
    const end = isSet(s.EndTimestamp) ? new Date(s.EndTimestamp) : new Date();
    facts.append(el("span", "", (isSet(s.EndTimestamp) ? "took " : "since ") + span((end - begun) / 1000)));
    const out = [facts];
    if (!ended(s) && p.Total > 0) {
      const bar = el("progress");
      bar.max = p.Total;
      bar.value = Math.min(p.Bytes, p.Total);
      bar.setAttribute("aria-label", s.Stage + " of seed " + s.SeedID);
      out.unshift(bar);
    }
    return out;
  }

  // sides says what each host is at, and what became of the target's old data.
  function sides(s) {
    const out = [];
    if (s.OldDataText) out.push(el("p", "note " + (s.OldData === "erased" ? "wait" : "soft"), s.OldDataText + "."));
    if (ended(s)) return out;
    for (const h of s.Hosts || []) {
      if (!h.StageStatus) continue;
      out.push(el("p", "note soft", h.Side.toLowerCase() + " " + h.Hostname + ": ",
        el("span", tone[h.StageStatus] || "", h.StageStatus), h.Details ? ", " + h.Details : ""));
    }
    return out;
  }

  function troubles(s) {
    const out = [];
    if (s.ErrorText) out.push(el("p", "error bad", s.ErrorText));
    if (s.Hint) out.push(el("p", "error soft", "What to do: " + s.Hint));
    if (s.Held) out.push(el("p", "error wait", "Kept as it is for a retry until " + when(s.HeldUntil) + "."));
    if (isSet(s.NotBefore) && s.Status === "Error") out.push(el("p", "error wait", "Will be tried again at " + when(s.NotBefore) + "."));
    for (const h of s.Hosts || []) {
      if (isSet(h.UnreachableSince) && !ended(s))
        out.push(el("p", "error wait", "The agent on " + h.Hostname + " has not answered since " + when(h.UnreachableSince) + "."));
      if (h.Release && h.Release !== "held")
        out.push(el("p", "error soft", h.Hostname + ": " + h.Release + (h.ReleaseError ? " (" + h.ReleaseError + ")" : "")));
    }
    return out;
  }

  function history() {
    const list = el("ul", "states");
    for (const st of states) {
      list.append(el("li", "",
        el("span", "soft", when(st.Timestamp)), el("span", "", st.Stage), el("span", tone[st.Status] || "", st.Status),
        el("span", "soft", st.Hostname), el("span", "details", st.Details + (st.Repeats > 1 ? " (" + st.Repeats + " times)" : ""))));
    }
    return list;
  }

  function card(s) {
    const link = el("a", "head", el("div", "top",
      el("span", "hosts", s.SourceHostname + " → " + s.TargetHostname),
      el("span", "soft", "seed " + s.SeedID + ", " + s.SeedMethod),
      el("span", "status " + (tone[s.Status] || ""), (s.Status === "Completed" ? "" : s.Stage + " ") + s.Status)));
    link.href = prefix + (open === s.SeedID ? "/web/seeds" : "/web/seed-details/" + s.SeedID);
    link.setAttribute("aria-expanded", String(open === s.SeedID));
    link.addEventListener("click", (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
      e.preventDefault();
      window.history.pushState(null, "", link.href);
      show(openFromPath());
    });
    const body = el("div", "body", ...progress(s), ...sides(s), ...troubles(s));
    if (open === s.SeedID) body.append(history());
    return el("li", "seed", link, body);
  }

  function draw() {
    const focused = [...rows].find(([, li]) => li.contains(document.activeElement));
    const sorted = [...seeds.values()].sort((a, b) => b.SeedID - a.SeedID);
    rows = new Map(sorted.map((s) => [s.SeedID, card(s)]));
    byId("seeds").replaceChildren(...rows.values());
    if (focused && rows.has(focused[0])) rows.get(focused[0]).querySelector("a").focus();
    byId("empty").hidden = seeds.size > 0 || page > 0;
    byId("pages").hidden = page === 0 && seeds.size < perPage;
    byId("page").textContent = "Page " + (page + 1);
    byId("newer").disabled = page === 0;
    byId("older").disabled = seeds.size < perPage;
  }

  let drawing = false;
  function drawSoon() {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => { drawing = false; draw(); });
  }

  let loads = 0; // an answer that a later look has overtaken is dropped
  async function load() {
    const mine = ++loads;
    try {
      const list = await get("seeds?page=" + page);
      if (open && !list.some((s) => s.SeedID === open)) list.push(await get("agent-seed-details/" + open));
      const rows = open ? await get("agent-seed-states/" + open) : [];
      if (mine !== loads) return;
      seeds.clear();
      for (const s of list) seeds.set(s.SeedID, s);
      states = rows;
      problem("");
    } catch (e) {
      if (mine !== loads) return;
      problem(e instanceof TypeError ? "The service can't be reached." : e.message);
    }
    draw();
  }

  // Lines come in bursts; one look after each burst is enough.
  let statesTimer = 0;
  function loadStatesSoon() {
    clearTimeout(statesTimer);
    statesTimer = setTimeout(async () => {
      const id = open;
      const list = id ? await get("agent-seed-states/" + id).catch(() => null) : null;
      if (list && id === open) { states = list; draw(); }
    }, 200);
  }

  function show(id) {
    open = id;
    states = [];
    draw();
    load();
  }

  function turn(by) {
    page = Math.max(0, page + by);
    load();
  }

  function say(text, isLive) {
    live = isLive;
    byId("connection").textContent = text;
  }

  function listen() {
    const source = new EventSource(prefix + "/api/events");
    source.onopen = () => { say("live", true); load(); };
    source.onerror = () => {
      say("asking every 5 seconds", false);
      // A stream that was refused for good is not opened again by the browser.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 30000);
    };
    source.addEventListener("seed", (e) => {
      const s = JSON.parse(e.data);
      const newest = Math.max(0, ...seeds.keys());
      if (seeds.has(s.SeedID)) { seeds.set(s.SeedID, s); drawSoon(); }
      else if (page === 0 && s.SeedID > newest) load();
    });
    source.addEventListener("seed-state", (e) => {
      if (JSON.parse(e.data).SeedID === open) loadStatesSoon();
    });
    source.addEventListener("resync", () => load());
  }

  window.addEventListener("popstate", () => show(openFromPath()));
  byId("newer").addEventListener("click", () => turn(-1));
  byId("older").addEventListener("click", () => turn(1));
  setInterval(() => { if (!live) load(); }, 5000);
  load();
  listen();
})();
