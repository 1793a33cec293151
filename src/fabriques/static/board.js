// The board of a composition: each button sends its form, and the board as it became takes the
// place of the old one. Without this script, or when something fails, the page comes back whole.

const SHOWN = [200, 409, 422]; // done; somebody was quicker; refused: each comes with the board

class CompositionBoard extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => this.send(event));
  }

  async send(event) {
    const { target: form, submitter } = event;
    if (form.dataset.page !== undefined) return;
    event.preventDefault();
    if (this.ariaBusy === "true") return;
    this.ariaBusy = "true";
    try {
      const data = new URLSearchParams(new FormData(form, submitter));
      const get = form.method === "get";
      const address = get ? `${form.action.split(/[?#]/)[0]}?${data}` : form.action;
      const answer = await fetch(address, {
        method: form.method,
        body: get ? undefined : data,
        headers: { "X-Fragment": "board" },
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#tableau");
      if (!SHOWN.includes(answer.status) || !fresh) throw new Error(answer.status);
      if (get) history.replaceState(null, "", address);
      this.swap(fresh, submitter);
    } catch {
      form.dataset.page = "";
      form.requestSubmit(submitter);
    } finally {
      this.ariaBusy = "false";
    }
  }

  // The focus stays on the same button; where it is gone, on the row that took its place.
  swap(fresh, submitter) {
    const row = submitter?.closest("li[id]");
    const rows = row ? [...row.parentElement.children] : [];
    const after = rows[rows.indexOf(row) + 1] ?? rows[rows.indexOf(row) - 1];
    const section = submitter?.closest("section[id]");
    this.querySelector("#tableau").replaceWith(fresh);
    this.querySelector("[role=status]").textContent = fresh.dataset.said;
    const find = (id) => id && fresh.querySelector(`#${CSS.escape(id)}`);
    const target =
      fresh.querySelector(".board__problem") ??
      find(submitter?.id) ??
      find(after?.id)?.querySelector("button") ??
      find(section?.id)?.querySelector("h2");
    target?.focus();
  }
}

customElements.define("composition-board", CompositionBoard);
