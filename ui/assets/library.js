// The documents: looked through some at a time, sent while the chat goes on, removed by whoever sent them.
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;
  let dialog = null;

  const words = (name, values = {}) => dialog.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const counted = (name, number) => {
    const forms = JSON.parse(dialog.dataset[name]);
    const kind = new Intl.PluralRules(dialog.dataset.language).select(number);
    return (forms[kind] ?? forms.other).replace("{n}", number.toLocaleString("en"));
  };
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.ceil(seconds % 60) % 60).padStart(2, "0")}`;

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
    bindSending();
  };

  // The list

  let asked = 0;
  const list = async (offset = 0) => {
    const turn = ++asked;
    const query = find("[type=search]", dialog).value;
    const address = new URLSearchParams({ query, offset: Number(offset) || 0, language: dialog.dataset.language });
    const response = await fetch(`library/rows?${address}`);
    if (!response.ok || turn !== asked) return;
    const items = [...find("ul", parsed(`<ul>${await response.text()}</ul>`)).children];
    const following = items.at(-1)?.dataset.following;
    const shelf = find(".shelf", dialog);
    if (!offset) shelf.replaceChildren();
    shelf.append(...items.filter((item) => !item.dataset.following));
    shelf.dataset.empty = shelf.children.length ? "" : dialog.dataset.none;
    const more = find("[data-more]", dialog);
    more.hidden = following === undefined;
    more.dataset.following = following ?? "";
  };

  // A second press removes; looking elsewhere takes the first one back.
  const remove = async (button) => {
    if (!button.dataset.sure) {
      const before = [button.textContent, button.getAttribute("aria-label")];
      button.dataset.sure = "yes";
      button.textContent = dialog.dataset.confirm;
      button.setAttribute("aria-label", `${dialog.dataset.confirm}: ${before[1]}`);
      button.addEventListener("blur", () => {
        delete button.dataset.sure;
        [button.textContent] = before;
        button.setAttribute("aria-label", before[1]);
      }, { once: true });
      return;
    }
    const response = await fetch(`documents/${button.dataset.remove}`, { method: "DELETE" });
    if (!response.ok && response.status !== 404) return;
    button.closest("li").remove();
    count((await response.json()).total);
    find("[type=search]", dialog).focus();
    changed();
  };

  const count = (total) => {
    if (total === undefined) return;
    const text = counted("total", total);
    for (const place of [find("[data-count]", dialog), ...document.querySelectorAll("button[data-documents]")])
      place.textContent = text;
  };

  // The chat shows nothing of what is gone, and offers the publishers of what is new.
  const changed = () => find("#changed")?.click();

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
      line.textContent = words(indexing.finished ? "indexed" : "indexing", {
        ...indexing,
        documents: counted("total", indexing.documents),
        left,
        unreadable: indexing.unreadable.length,
      });
      if (indexing.finished) return list();
      await pause(1.5);
    }
  };

  // Choosing

  // What lies in a folder is passed over as on the command line: hidden files, and kinds that are not read.
  const kinds = () => find("input[accept]", dialog).accept.split(",");
  const belongs = (path) =>
    !path.split("/").some((part) => part.startsWith(".")) && kinds().some((kind) => path.toLowerCase().endsWith(kind));

  const inFolder = async (folder) => {
    const reader = folder.createReader();
    const found = [];
    for (;;) {
      const entries = await new Promise((done) => reader.readEntries(done, () => done([])));
      if (!entries.length) return found;
      for (const entry of entries)
        if (entry.isDirectory) found.push(...(await inFolder(entry)));
        else if (belongs(entry.fullPath.slice(1))) found.push(await opened(entry, entry.fullPath.slice(1)));
    }
  };
  const opened = async (entry, name) => ({ file: await new Promise((done, fail) => entry.file(done, fail)), name });

  const dropped = async (transfer) => {
    // Items can be asked while the event lasts, not later.
    const some = [...transfer.items].map((item) => {
      const entry = item.webkitGetAsEntry?.();
      if (entry?.isDirectory) return inFolder(entry);
      const file = item.getAsFile();
      return file ? { file, name: file.name } : [];
    });
    return (await Promise.all(some)).flat();
  };

  const bindSending = () => {
    const drop = find(".drop", dialog);
    if (!drop) return;
    for (const input of drop.querySelectorAll("input"))
      input.addEventListener("change", () => {
        const chosen = [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
        send(input.webkitdirectory ? chosen.filter(({ name }) => belongs(name)) : chosen);
        input.value = "";
      });
    for (const name of ["dragover", "dragleave", "drop"])
      drop.addEventListener(name, async (event) => {
        event.preventDefault();
        drop.classList.toggle("over", name === "dragover");
        if (name === "drop") send(await dropped(event.dataTransfer));
      });
  };

  // Sending: small files together, so that many of them leave room for questions under the limit of requests.

  const TOGETHER = 10;
  const SMALL = 500_000;
  let waiting = [];
  let sending = false;
  let fates = {};

  const tell = (name, state, message, unreadable = []) => {
    fates[state] = (fates[state] ?? 0) + 1;
    const item = document.createElement("li");
    item.className = state;
    const title = document.createElement("bdi");
    title.textContent = name;
    const label = document.createElement("span");
    label.textContent = words(state);
    item.append(title, label);
    for (const text of [message, ...unreadable.map((part) => (part.path === name ? part.reason : `${part.path}: ${part.reason}`))].filter(Boolean)) {
      const line = document.createElement("p");
      line.dir = "auto";
      line.textContent = text;
      item.append(line);
    }
    find(".fates", dialog)[state === "failed" ? "prepend" : "append"](item);
  };

  const post = async (some) => {
    const form = new FormData();
    for (const { file, name } of some) form.append("files", file, name);
    for (;;) {
      const headers = { "accept-language": dialog.dataset.language };
      const response = await fetch("documents", { method: "POST", body: form, headers });
      if (response.status !== 429) return response.json();
      await pause(Number(response.headers.get("retry-after")) || 1);
    }
  };

  const sendSome = async (some) => {
    try {
      const told = await post(some);
      if (!told.files) throw new Error(told.error);
      told.files.forEach((one) => tell(one.file, one.state, one.message, one.unreadable));
      count(told.total);
    } catch (error) {
      some.forEach(({ name }) => tell(name, "failed", error instanceof TypeError ? dialog.dataset.notSent : error.message));
    }
  };

  const next = () => {
    const some = waiting.splice(0, 1);
    while (some[0].file.size < SMALL && some.length < TOGETHER && waiting[0]?.file.size < SMALL) some.push(waiting.shift());
    return some;
  };

  const weight = (some) => some.reduce((sum, { file }) => sum + file.size + 1_000, 0);

  const show = (done, of, share, seconds) => {
    const left = share ? clock((seconds / share) * (1 - share)) : "…";
    const counts = Object.entries(fates).map(([state, number]) => `${words(state)}: ${number}`);
    const bar = find(".going progress", dialog);
    find(".going", dialog).hidden = false;
    find(".going p", dialog).textContent = done < of ? words("sending", { done, of, left }) : counts.join(" · ");
    bar.hidden = done >= of;
    if (share) bar.value = share;
    else bar.removeAttribute("value");
    const button = find("#documents");
    if (button) button.dataset.going = done < of ? `${done}/${of}` : "";
  };

  const send = async (files) => {
    const most = Number(dialog.dataset.most);
    if (!sending) {
      fates = {};
      find(".fates", dialog).replaceChildren();
    }
    for (const { name } of files.filter(({ file }) => file.size > most)) tell(name, "failed", dialog.dataset.size);
    if (!files.length && !sending) {
      find(".going", dialog).hidden = false;
      find(".going progress", dialog).hidden = true;
      find(".going p", dialog).textContent = dialog.dataset.kind;
    }
    waiting.push(...files.filter(({ file }) => file.size <= most));
    if (sending || !waiting.length) return;
    sending = true;
    const started = performance.now();
    let done = 0;
    let sent = 0;
    while (waiting.length) {
      show(done, done + waiting.length, sent / (sent + weight(waiting)), (performance.now() - started) / 1000);
      const some = next();
      await sendSome(some);
      done += some.length;
      sent += weight(some);
    }
    show(done, done, 1, 0);
    sending = false;
    await list();
    changed();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#documents, button[data-documents]")) open();
  });
  addEventListener("beforeunload", (event) => sending && event.preventDefault());
})();
