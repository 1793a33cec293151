// Keeps what is typed in a declaration: on this device at once, on the site a moment later. Two
// people may write together: each field carries the digest of what was shown (`seen`), and the site
// writes over nothing that the other has changed. Without this script, the Save button does it all.

const QUIET = 1_200; // milliseconds after the last key
const PATIENCE = { first: 2_000, last: 60_000 }; // before trying again without a network
const form = document.querySelector("form[data-keep]");

class Declaration {
  constructor(form) {
    this.form = form;
    this.key = form.dataset.keep;
    const shown = Object.entries(JSON.parse(form.elements.seen.value || "{}"));
    this.seen = Object.fromEntries(shown.filter(([name]) => form.elements[name]));
    this.status = form.querySelector("[data-status]");
    this.patience = PATIENCE.first;
    this.waiting = new Set(); // fields that the site has not yet
    this.contested = new Set(); // of these, those of which two texts are shown
    this.recall();
    form.addEventListener("input", ({ target }) => this.typed(target.name));
    form.addEventListener("submit", () => clearTimeout(this.later));
    if (!form.dataset.autosave) return;
    addEventListener("online", () => this.soon(0));
    document.addEventListener("visibilitychange", () => document.hidden && this.soon(0));
  }

  controls(name) {
    const found = this.form.elements[name];
    return found instanceof RadioNodeList ? [...found] : [found];
  }

  value(name) {
    const boxes = this.controls(name);
    if (!["checkbox", "radio"].includes(boxes[0].type)) return boxes[0].value;
    return boxes.filter((box) => box.checked).map((box) => box.value).join("\n");
  }

  write(name, text) {
    const boxes = this.controls(name);
    if (!["checkbox", "radio"].includes(boxes[0].type)) boxes[0].value = text;
    else for (const box of boxes) box.checked = text.split("\n").includes(box.value);
  }

  // --- On this device, until the site has it.

  kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "{}");
    } catch {
      return {};
    }
  }

  keep(kept) {
    try {
      if (Object.keys(kept).length) localStorage.setItem(this.key, JSON.stringify(kept));
      else localStorage.removeItem(this.key);
    } catch {
      // No room, or none allowed: the site remains.
    }
  }

  recall() {
    const kept = this.kept();
    for (const [name, { text, seen }] of Object.entries(kept)) {
      if (!(name in this.seen) || this.value(name) === text) {
        delete kept[name];
        continue;
      }
      this.write(name, text);
      this.seen[name] = seen;
      this.waiting.add(name);
    }
    this.keep(kept);
    if (!this.waiting.size) return;
    this.carry();
    this.say("Ce que vous aviez tapé sans pouvoir l’enregistrer est revenu.");
    if (this.form.dataset.autosave) this.soon(QUIET);
  }

  // The button sends the same digests as the script.
  carry() {
    this.form.elements.seen.value = JSON.stringify(this.seen);
  }

  typed(name) {
    if (!(name in this.seen)) return; // the file
    this.waiting.add(name);
    this.keep({ ...this.kept(), [name]: { text: this.value(name), seen: this.seen[name] } });
    if (this.form.dataset.autosave) this.soon(QUIET);
  }

  // --- On the site.

  soon(wait) {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.save(), wait);
  }

  async save() {
    if (this.waiting.size === this.contested.size) return;
    if (this.saving) return this.soon(QUIET);
    this.saving = true;
    this.carry();
    const sent = Object.fromEntries(Object.keys(this.seen).map((name) => [name, this.value(name)]));
    const body = new FormData(this.form);
    body.delete("letter"); // files and boxes that act wait for the button
    body.delete("remove_letter");
    // A page that goes away may still send this much; browsers refuse more than 64 kB of it.
    const request = { method: "POST", body, redirect: "manual", keepalive: document.hidden };
    const answer = await fetch(this.form.dataset.autosave, request).catch(() => null);
    const told = answer?.ok || answer?.status === 409 ? await answer.json().catch(() => null) : null;
    this.saving = false;
    if (told?.refused) this.say(told.refused);
    else if (told) this.saved(told, sent);
    else if (answer?.status === 403 || answer?.type === "opaqueredirect") this.signedOut();
    else this.again(Number(answer?.headers.get("Retry-After")) * 1_000);
  }

  again(wait = 0) {
    this.say("Pas encore enregistré sur le site : c’est gardé sur cet appareil, nouvel essai bientôt.");
    this.soon(wait || this.patience);
    this.patience = Math.min(this.patience * 2, PATIENCE.last);
  }

  signedOut() {
    this.say("Votre session est terminée. Ce que vous avez tapé est gardé sur cet appareil : ");
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "se reconnecter";
    this.status.append(link);
  }

  saved({ at, seen, errors, merged, conflicts, progress }, sent) {
    this.patience = PATIENCE.first;
    const kept = this.kept();
    for (const name of Object.keys(seen)) {
      if (!(name in this.seen) || name in errors || name in conflicts) continue;
      const untouched = this.value(name) === sent[name];
      if (name in merged) {
        if (!untouched) continue; // typed since: the next save says that it differs
        this.write(name, merged[name]);
      }
      this.seen[name] = seen[name];
      if (this.value(name)) this.pardon(name);
      if (!this.waiting.has(name)) continue;
      if (untouched && this.waiting.delete(name)) delete kept[name];
      else if (kept[name]) kept[name].seen = seen[name];
    }
    this.keep(kept);
    this.carry();
    for (const name of Object.keys(conflicts)) this.contest(name, conflicts[name], seen[name]);
    this.form.querySelector("[data-progress]").textContent = progress;
    const left = [...Object.values(errors), ...[...this.contested].map((name) => this.label(name))];
    this.say(left.length ? `Enregistré à ${at}, sauf : ${left.join(" ; ")}.` : `Enregistré à ${at}.`);
  }

  // What the page said was missing is there now.
  pardon(name) {
    const field = this.field(name);
    if (!field?.querySelector("[id$='-desc-error']")) return;
    for (const part of field.querySelectorAll("[class*='--error']"))
      part.className = part.className.replace(/\S+--error/g, "");
    for (const said of field.querySelectorAll("[id$='-desc-error']")) said.remove();
    for (const control of field.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
    field.querySelector("fieldset")?.setAttribute("aria-labelledby", field.querySelector("legend").id);
    const summary = document.querySelector("#a-voir");
    summary?.querySelector(`[data-of="${name}"]`)?.remove();
    if (!summary?.querySelector("[data-of]")) summary?.remove();
  }

  // --- Two texts for one field.

  label(name) {
    return this.field(name).dataset.label;
  }

  field(name) {
    return this.form.querySelector(`[data-field="${name}"]`);
  }

  contest(name, theirs, seen) {
    this.contested.add(name);
    const box = document.createElement("div");
    box.className = "declaration__theirs fr-alert fr-alert--warning fr-alert--sm";
    box.setAttribute("role", "alert");
    const said = document.createElement("p");
    said.textContent = "Quelqu’un d’autre a écrit ici en même temps que vous. Son texte :";
    const quote = document.createElement("blockquote");
    quote.className = "note";
    quote.textContent = theirs || "(vide)";
    const choose = (label, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "fr-btn fr-btn--sm fr-btn--secondary";
      button.textContent = label;
      button.addEventListener("click", () => {
        this.contested.delete(name);
        this.seen[name] = seen;
        act();
        box.remove();
        this.typed(name);
        this.controls(name)[0].focus();
      });
      return button;
    };
    box.append(said, quote, choose("Garder mon texte", () => {}), " ", choose("Prendre le sien", () => this.write(name, theirs)));
    this.field(name).querySelector(".declaration__theirs")?.remove();
    this.field(name).append(box);
  }

  say(words) {
    this.status.textContent = words;
  }
}

if (form) new Declaration(form);
