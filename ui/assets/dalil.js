// The chat's own behaviour: chips open their evidence, answers are copied, the whole article loads where it is cited,
// the page follows the language of the interface. Everything is delegated from the document, since Gradio redraws.
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const wide = matchMedia("(min-width: 900px)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let opener = null;

  const scrollTo = (box, target, where = 0.25) => {
    if (!box || !target) return;
    const gap = target.getBoundingClientRect().top - box.getBoundingClientRect().top;
    box.scrollTo({ top: box.scrollTop + gap - box.clientHeight * where, behavior: calm.matches ? "auto" : "smooth" });
  };

  // From the title where the quotation fits under it, else from the quotation.
  const scrollToSource = (box, source, mark) => {
    const needed = mark ? mark.getBoundingClientRect().bottom - source.getBoundingClientRect().top : 0;
    if (needed < box.clientHeight - 110) scrollTo(box, source, 56 / box.clientHeight);
    else scrollTo(box, mark, 0.3);
  };

  // Evidence

  const showTurn = (turn) => {
    all(".panel .sources").forEach((sources) => sources.classList.toggle("shown", sources.dataset.turn === turn));
  };

  const open = (key, { focus = true } = {}) => {
    const source = document.getElementById(`source-${key}`);
    if (!source) return;
    showTurn(key.split("-")[0]);
    source.closest("details.others")?.setAttribute("open", "");
    all(".source.current").forEach((other) => other.classList.remove("current"));
    source.classList.add("current");
    all(".chip, .place").forEach((button) => button.setAttribute("aria-current", String(button.dataset.open === key)));
    document.body.classList.add("sheet");
    scrollToSource(find("#evidence"), source, find(".passage mark", source));
    if (focus) source.focus({ preventScroll: true });
  };

  const close = () => {
    document.body.classList.remove("sheet");
    opener?.isConnected && opener.focus();
  };

  const loadWhole = async (details) => {
    if (!details.open || details.dataset.state) return;
    details.dataset.state = "loading";
    const box = document.createElement("div");
    box.className = "text article";
    box.dir = "auto";
    box.tabIndex = 0;
    box.textContent = details.dataset.loading;
    details.append(box);
    try {
      const response = await fetch(details.dataset.load);
      if (!response.ok) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      box.replaceChildren(...find(".article", page).childNodes);
      find("mark", box)?.removeAttribute("id");
      scrollTo(box, find("mark", box), 0.35);
      scrollTo(find("#evidence"), details, 0.12);
    } catch {
      box.textContent = details.dataset.failed;
      delete details.dataset.state;
    }
  };

  // A chip's card stays inside the window.
  const placeTip = (chip) => {
    const tip = chip.nextElementSibling;
    const at = chip.getBoundingClientRect();
    const width = Math.min(340, innerWidth - 24);
    const left = Math.min(Math.max(12, at.left + at.width / 2 - width / 2), innerWidth - width - 12);
    const below = at.bottom + tip.offsetHeight + 14 < innerHeight;
    tip.style.cssText = `width:${width}px;left:${left}px;top:${below ? at.bottom + 8 : at.top - tip.offsetHeight - 8}px`;
  };

  // Clicks and keys

  // Over plain HTTP from another machine browsers offer no clipboard.
  const copyWithoutClipboard = (text) => {
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  };

  const copy = async (button) => {
    const words = button.textContent;
    if (navigator.clipboard) await navigator.clipboard.writeText(button.dataset.copy);
    else copyWithoutClipboard(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = words), 1600);
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-open], [data-copy], [data-close], #theme");
    if (!target) return;
    if (target.dataset.open) {
      opener = target;
      open(target.dataset.open);
    } else if (target.dataset.copy) copy(target);
    else if (target.id === "theme") changeTheme();
    else close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("sheet")) close();
  });
  document.addEventListener("toggle", (event) => event.target.matches?.("details.whole") && loadWhole(event.target), true);
  for (const name of ["pointerover", "focusin"])
    document.addEventListener(name, (event) => {
      const chip = event.target.closest?.(".chip");
      if (chip) placeTip(chip);
    });

  // Theme

  const applyTheme = () => document.body.classList.toggle("dark", document.documentElement.dataset.theme === "dark");
  const changeTheme = () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("dalil_theme", next);
    applyTheme();
  };

  // What Gradio redraws

  let answered = 0;
  const newTurn = () => {
    const turns = all("#conversation .turn");
    const last = turns.at(-1);
    document.body.classList.toggle("begun", turns.length > 0);
    if (!last) {
      answered = 0;
      return;
    }
    const sources = document.getElementById(`sources-${last.dataset.turn}`);
    if (!find(".panel .sources.shown") || (sources && answered !== turns.length)) showTurn(last.dataset.turn);
    if (sources && answered !== turns.length) {
      answered = turns.length;
      if (wide.matches) open(find(".source", sources).id.replace("source-", ""), { focus: false });
    }
    if (last.dataset.seen) return;
    last.dataset.seen = "yes";
    scrollTo(find("#scroll"), last, 0.03);
  };

  const language = () => {
    const brand = find(".brand[data-language]");
    if (!brand) return;
    const root = document.documentElement;
    root.lang = brand.dataset.language;
    root.dir = brand.dataset.direction;
    root.dataset.settled = "yes";
    all(".gradio-container .block[dir]").forEach((block) => (block.dir = root.dir));
    all("#question textarea, #filters input").forEach((box) => box.setAttribute("dir", "auto"));
    find("#narrowed")?.setAttribute("role", "status");
    find("#theme")?.setAttribute("aria-label", brand.dataset.theme);
    find("#theme")?.setAttribute("title", brand.dataset.theme);
    find("#question textarea")?.setAttribute("aria-label", brand.dataset.question);
  };

  const chooseLanguage = (event) => {
    if (!event.target.closest?.("#language")) return;
    const next = document.documentElement.lang === "ar" ? "en" : "ar";
    document.cookie = `dalil_language=${next}; path=/; max-age=31536000; samesite=strict`;
  };
  document.addEventListener("click", chooseLanguage, true);

  // The page is made in Arabic; a reader of English should not see it change.
  setTimeout(() => (document.documentElement.dataset.settled = "yes"), 4000);

  let planned = 0;
  const watch = new MutationObserver(() => {
    cancelAnimationFrame(planned);
    planned = requestAnimationFrame(() => {
      applyTheme();
      language();
      newTurn();
    });
  });
  watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  applyTheme();
})();
