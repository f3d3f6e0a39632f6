// The documents: looked through some at a time, sent while the chat goes on, removed by whoever sent them.
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
  let dialog = null;
  let waiting = [];
  let sending = false;
  let asked = 0;

  const words = (name, values = {}) => dialog.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;

  // The dialog

  const load = async () => {
    const language = document.documentElement.lang;
    if (dialog && (sending || dialog.dataset.language === language)) return;
    const response = await fetch(`library?language=${language}`);
    if (!response.ok) throw new Error(String(response.status));
    dialog?.remove();
    dialog = find("dialog", parsed(await response.text()));
    document.body.append(dialog);
    bind();
  };

  const open = async () => {
    await load();
    dialog.showModal();
    await Promise.all([list(), watch()]);
  };

  const bind = () => {
    let typing = 0;
    find("[type=search]", dialog).addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(list, 250);
    });
    dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (event.target === dialog || button?.matches("[data-shut]")) dialog.close();
      else if (button?.dataset.remove) remove(button);
      else if (button?.matches("[data-more]")) list(Number(button.dataset.following));
    });
    const drop = find(".drop", dialog);
    if (!drop) return;
    find("input", drop).addEventListener("change", (event) => {
      send([...event.target.files]);
      event.target.value = "";
    });
    for (const name of ["dragover", "dragleave", "drop"])
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", name === "dragover");
        if (name === "drop") send([...event.dataTransfer.files]);
      });
  };

  // The list

  const list = async (offset = 0) => {
    const turn = ++asked;
    const query = find("[type=search]", dialog).value;
    const address = new URLSearchParams({ query, offset, language: dialog.dataset.language });
    const response = await fetch(`library/rows?${address}`);
    if (!response.ok || turn !== asked) return;
    const items = [...parsed(`<ul>${await response.text()}</ul>`).firstChild.children];
    const following = items.at(-1)?.dataset.following;
    const shelf = find(".shelf", dialog);
    if (!offset) shelf.replaceChildren();
    shelf.append(...items.filter((item) => !item.dataset.following));
    shelf.dataset.empty = shelf.children.length ? "" : dialog.dataset.none;
    const more = find("[data-more]", dialog);
    more.hidden = following === undefined;
    more.dataset.following = following ?? "";
  };

  const remove = async (button) => {
    const item = button.closest("li");
    if (!confirm(words("confirm", { title: find("a", item).textContent }))) return;
    const response = await fetch(`documents/${button.dataset.remove}`, { method: "DELETE" });
    if (!response.ok && response.status !== 404) return;
    item.remove();
    count((await response.json()).total);
    find("[type=search]", dialog).focus();
  };

  const count = (total) => {
    if (total === undefined) return;
    find("[data-count]", dialog).textContent = words("total", { count: total });
    document.querySelectorAll("[data-documents]").forEach((button) => {
      button.textContent = words("total", { count: total });
    });
  };

  // What the operator has indexed while the chat is open

  const watch = async () => {
    while (dialog.open) {
      const response = await fetch("documents?limit=1");
      if (!response.ok) return;
      const { indexing, total } = await response.json();
      count(total);
      const line = find(".indexing", dialog);
      line.hidden = !indexing;
      if (!indexing) return;
      const left = indexing.seconds_left === null ? "…" : clock(indexing.seconds_left);
      const facts = { ...indexing, left, unreadable: indexing.unreadable.length };
      line.textContent = words(indexing.finished ? "indexed" : "indexing", facts);
      if (indexing.finished) return list();
      await pause(1.5);
    }
  };

  // Sending

  const fate = (name, state, message, unreadable = []) => {
    const item = document.createElement("li");
    item.className = state;
    const title = document.createElement("bdi");
    title.textContent = name;
    item.append(title, ` — ${words(state)}`);
    for (const text of [message, ...unreadable.map((part) => `${part.path}: ${part.reason}`)].filter(Boolean)) {
      const line = document.createElement("p");
      line.dir = "auto";
      line.textContent = text;
      item.append(line);
    }
    find(".fates", dialog).prepend(item);
  };

  const post = async (file) => {
    const form = new FormData();
    form.append("files", file, file.webkitRelativePath || file.name);
    for (;;) {
      const response = await fetch("documents", { method: "POST", body: form });
      if (response.status !== 429) return response;
      await pause(Number(response.headers.get("retry-after")) || 1);
    }
  };

  const sendOne = async (file) => {
    if (file.size > Number(dialog.dataset.most)) return fate(file.name, "failed", dialog.dataset.tooLarge);
    try {
      const told = await (await post(file)).json();
      if (!told.files) return fate(file.name, "failed", told.error);
      told.files.forEach((one) => fate(one.file, one.state, one.message, one.unreadable));
      count(told.total);
    } catch {
      fate(file.name, "failed", dialog.dataset.notSent);
    }
  };

  const show = (done, of, seconds, share) => {
    const facts = { done, of, left: share ? clock((seconds / share) * (1 - share)) : "…" };
    const text = words(done < of ? "sending" : "sent", facts);
    find(".going", dialog).hidden = false;
    find(".going p", dialog).textContent = text;
    find(".going progress", dialog).value = share;
    const button = find("#documents");
    if (button) button.dataset.going = done < of ? `${done}/${of}` : "";
  };

  const send = async (files) => {
    waiting.push(...files);
    if (sending || !waiting.length) return;
    sending = true;
    find(".fates", dialog).replaceChildren();
    const started = performance.now();
    let done = 0;
    let bytes = 0;
    while (waiting.length) {
      const of = done + waiting.length;
      const all = bytes + waiting.reduce((sum, file) => sum + file.size + 1, 0);
      show(done, of, (performance.now() - started) / 1000, bytes / all);
      const file = waiting.shift();
      await sendOne(file);
      done += 1;
      bytes += file.size + 1;
    }
    show(done, done, 0, 1);
    sending = false;
    await list();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#documents, [data-documents]")) open();
  });
  addEventListener("beforeunload", (event) => sending && event.preventDefault());
})();
