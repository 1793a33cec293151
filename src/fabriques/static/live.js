// Says when something changed on a page, or when rights ended. It never reloads by itself: what is
// being typed stays. Without this script the page is simply not live.

const PATIENCE = { first: 5_000, last: 300_000 }; // milliseconds before asking a closed door again

class LiveUpdates extends HTMLElement {
  connectedCallback() {
    this.address = this.getAttribute("src");
    this.life = new AbortController();
    const { signal } = this.life;
    this.others = new BroadcastChannel(`live:${this.address}`);
    this.others.addEventListener("message", ({ data }) => this.show(data), { signal });
    // A page kept aside by the browser holds no connection; it comes back with its own.
    addEventListener("pagehide", () => this.leave(), { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && this.join(), { signal });
    this.join();
  }

  disconnectedCallback() {
    this.leave();
    this.life.abort();
    this.others.close();
  }

  // Browsers allow six connections to a site over HTTP/1: one tab listens for all of them.
  join() {
    this.turn = new AbortController();
    const { signal } = this.turn;
    const listen = () =>
      new Promise((over) => {
        signal.addEventListener("abort", over);
        this.listen(PATIENCE.first);
      });
    if (!navigator.locks) listen(); // only where the page came over plain HTTP from afar
    else navigator.locks.request(`live:${this.address}`, { signal }, listen).catch(() => {});
  }

  leave() {
    this.turn?.abort();
    this.source?.close();
    clearTimeout(this.later);
  }

  listen(patience) {
    const since = this.getAttribute("since");
    this.source = new EventSource(since ? `${this.address}?depuis=${since}` : this.address);
    this.source.addEventListener("open", () => (patience = PATIENCE.first));
    for (const name of ["nouveau", "fini"]) this.source.addEventListener(name, () => this.tell(name));
    this.source.addEventListener("error", () => {
      if (this.source.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
      const wait = patience * (0.75 + Math.random() / 2);
      this.later = setTimeout(() => this.listen(Math.min(patience * 2, PATIENCE.last)), wait);
    });
  }

  tell(name) {
    this.others.postMessage(name);
    this.show(name);
  }

  show(name) {
    for (const part of this.querySelectorAll("[data-on]")) {
      if (part.dataset.on === name) part.hidden = false;
      else if (name === "fini") part.hidden = true;
    }
    if (name === "fini") this.disconnectedCallback();
  }
}

customElements.define("live-updates", LiveUpdates);
