// What a visitor asked stays in their browser, an entry a turn: tabs that write at the same time overwrite nothing of
// each other's. Which conversation is open belongs to the tab.
(() => {
  const TURN = "dalil_turn_";
  const SAID = "dalil_said_";
  const OPEN = "dalil_open";
  const TURNS = 30; // of a conversation
  const CONVERSATIONS = 20;
  const BYTES = 400_000; // in all; they are sent along when the page is opened

  // A browser may refuse to keep anything: then the page works without memory.
  const attempt = (work, otherwise) => {
    try {
      return work();
    } catch {
      return otherwise;
    }
  };
  const value = (key) => attempt(() => JSON.parse(localStorage[key]), null);
  const ids = (prefix) =>
    attempt(() => Object.keys(localStorage), []).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const size = (turn) => new Blob([JSON.stringify(turn)]).size;

  // The turns that are kept, the oldest first.
  const turns = () =>
    ids(TURN)
      .map((id) => ({ ...value(TURN + id), id }))
      .sort((a, b) => (a.at ?? 0) - (b.at ?? 0) || (a.id < b.id ? -1 : 1));

  const drop = (some) => some.forEach(({ id }) => [TURN, SAID].forEach((prefix) => localStorage.removeItem(prefix + id)));

  // The latest turns of the latest conversations, as many as there is room for.
  const clear = (room = BYTES) => {
    const talks = new Map();
    for (const turn of turns().reverse()) talks.set(turn.conversation, [...(talks.get(turn.conversation) ?? []), turn]);
    let left = room;
    [...talks.values()].forEach((talk, n) => {
      drop(talk.filter((turn, age) => n >= CONVERSATIONS || age >= TURNS || (left -= size(turn)) < 0));
    });
  };

  const keep = (turn) => localStorage.setItem(TURN + turn.id, JSON.stringify({ at: Date.now(), ...turn }));

  window.dalilMemory = {
    read: () => {
      const kept = turns();
      const said = Object.fromEntries(ids(SAID).map((id) => [id, attempt(() => localStorage[SAID + id], "")]));
      return { open: attempt(() => sessionStorage[OPEN], "") ?? "", turns: kept, said };
    },
    // Takes any of: `open`, the conversation of this tab from now on; `keep`, turns; `forget`, a conversation;
    // `said`, what is thought of an answer, by its turn.
    write: ({ open, keep: some = [], forget, said = {} }) =>
      attempt(() => {
        if (open !== undefined) sessionStorage[OPEN] = open;
        some.forEach(keep);
        if (forget) drop(turns().filter((turn) => turn.conversation === forget));
        for (const [id, opinion] of Object.entries(said))
          if (opinion) localStorage[SAID + id] = opinion;
          else localStorage.removeItem(SAID + id);
        clear();
      }),
  };
})();
