// Keeps a page current: takes regions from the live stream, ticks its clocks, and adds the number
// keys of the wrap-up form. Every page works without it.
(() => {
  "use strict";

  const body = document.body;
  let offsetMs = Number(body.dataset.now) - Date.now(); // service clock minus this machine's
  let connected = false;

  // --- clocks ---------------------------------------------------------------------------------

  const pad = (number) => String(number).padStart(2, "0");

  function lengthText(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    const tail = `${hours ? pad(minutes) : minutes}:${pad(seconds % 60)}`;
    return hours ? `${hours}:${tail}` : tail;
  }

  function zoneText(now, zone) {
    const part = { weekday: "short", day: "2-digit", month: "short" };
    const day = new Intl.DateTimeFormat("en-GB", { ...part, timeZone: zone }).formatToParts(now);
    const of = (type) => day.find((each) => each.type === type).value;
    const time = new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit", minute: "2-digit", timeZone: zone,
    }).format(now);
    return `${of("weekday")} ${of("day")} ${of("month")}, ${time}`;
  }

  function show(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function tick() {
    const now = Date.now() + offsetMs;
    for (const element of document.querySelectorAll("[data-since]")) {
      show(element, lengthText(now - Number(element.dataset.since)));
    }
    for (const element of document.querySelectorAll("[data-until]")) {
      show(element, lengthText(Number(element.dataset.until) - now));
    }
    for (const element of document.querySelectorAll("[data-clock]")) {
      show(element, `${new Date(now).toISOString().slice(0, 19).replace("T", " ")} UTC`);
    }
    for (const element of document.querySelectorAll("[data-clock-zone]")) {
      show(element, zoneText(new Date(now), element.dataset.clockZone));
    }
  }

  // --- regions --------------------------------------------------------------------------------

  function retitle() {
    const titled = document.querySelector("[data-title]");
    if (titled) document.title = titled.dataset.title;
  }

  function replace(region) {
    const place = document.querySelector(`[data-live="${region.name}"]`);
    if (!place || place.dataset.digest === region.digest) return;
    const typing = place.hasAttribute("data-keep") && place.dataset.key === region.key;
    if (typing) return;
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    place.innerHTML = region.html;
    place.dataset.digest = region.digest;
    place.dataset.key = region.key;
    if (focused) document.getElementById(focused)?.focus();
  }

  // --- the stream -----------------------------------------------------------------------------

  const connection = document.getElementById("connection");
  let lostTimer = 0;

  function say(text) {
    connection.textContent = text;
    connection.hidden = !text;
  }

  function opened() {
    connected = true;
    clearTimeout(lostTimer);
    lostTimer = 0;
    say("");
  }

  function lost() {
    connected = false;
    // A stream that ends and opens again at once is no news.
    lostTimer ||= setTimeout(() => say("Connection lost, reconnecting …"), 1500);
  }

  let source = null;

  function connect() {
    if (source) return;
    source = new EventSource(body.dataset.liveUrl);
    source.addEventListener("open", opened);
    source.addEventListener("regions", (event) => {
      const message = JSON.parse(event.data);
      offsetMs = message.now - Date.now();
      message.regions.forEach(replace);
      retitle();
      tick();
    });
    source.addEventListener("signed-out", () => {
      disconnect();
      say("Your session has ended. Sign in again to go on.");
    });
    source.addEventListener("error", () => {
      lost();
      // The browser gives up after an answer that is no stream, such as a proxy's error page.
      if (source?.readyState === EventSource.CLOSED) {
        disconnect();
        setTimeout(connect, 3000);
      }
    });
  }

  function disconnect() {
    connected = false;
    source?.close();
    source = null;
  }

  if (body.dataset.liveUrl) {
    connect();
    // Browsers allow few connections to one address: pages nobody looks at give theirs back.
    if (body.dataset.liveHidden !== "keep") {
      document.addEventListener("visibilitychange", () => {
        if (document.hidden) disconnect();
        else connect();
      });
    }
  }

  // --- forms ----------------------------------------------------------------------------------

  // A click that only changes the state is sent without leaving the page, so that nothing typed
  // elsewhere on it is lost; the stream then shows what came of it.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-quiet") || !connected) return;
    event.preventDefault();
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual",
      });
      if (answer.type === "opaqueredirect") say("");
      else if (answer.status === 503) say("The service is busy: nothing was done, try again.");
      else say("That was refused: nothing was done. Reload the page and try again.");
    } catch {
      say("The service could not be reached: nothing was done, try again.");
    }
  });

  document.addEventListener("change", (event) => {
    const limit = Number(event.target.dataset.limit);
    if (!limit) return;
    const file = event.target.files[0];
    const tooLarge = file && file.size > limit;
    event.target.setCustomValidity(
      tooLarge ? `This file is larger than ${limit / 1024 / 1024} MB: split it.` : "",
    );
    if (tooLarge) event.target.reportValidity();
  });

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.ctrlKey && event.key === "Enter") {
      target.closest("form[data-wrapup]")?.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
    if (target.matches("input:not([type=radio]), textarea, select")) return;
    const choice = document.querySelector(`[data-shortcut="${event.key}"]`);
    if (!choice) return;
    event.preventDefault();
    choice.click();
    choice.focus();
  });

  for (const element of document.querySelectorAll("time[datetime]")) {
    element.title = `${new Date(element.dateTime).toLocaleString()} on your clock`;
  }
  retitle();
  tick();
  setInterval(tick, 1000);
})();
