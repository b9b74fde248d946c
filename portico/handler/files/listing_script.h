// portico/handler/files/listing_script.h — the scripts of the pages that list folders.
//
// Room handler: see options.h.
// Threads:   none; literals.
//
// Each page names the scripts that it has by their hashes in Content-Security-Policy, so that no other script runs.
// test/e2e/test_uploads.py checks that the hashes are right. Without scripts, all files can still be reached, and sent
// by a form.
#pragma once

#include <string_view>

namespace portico::files {

// Shows only the rows whose name contains what is typed.
inline constexpr std::string_view filter_script = R"js("use strict";
const box = document.querySelector("#filter");
const rows = [...document.querySelectorAll("tbody tr:not(.parent)")];
const filter = () => {
  const wanted = box.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    const fits = row.cells[0].textContent.toLowerCase().includes(wanted);
    row.toggleAttribute("hidden", !fits);
    shown += fits ? 1 : 0;
  }
  document.querySelector("#found").textContent = wanted ? `${shown} of ${rows.length}` : "";
};
if (rows.length > 1) box.closest("p").removeAttribute("hidden");
box.addEventListener("input", filter);
box.addEventListener("keydown", event => { if (event.key === "Escape") { box.value = ""; filter(); } });
if (box.value) filter();
)js";
inline constexpr std::string_view filter_script_hash = "sha256-siGbiQDgznl2kzMqJhpF1UiaBb2DihRFdnvQ4le6BnE=";

// Sends files that are chosen or dropped, large ones in parts that can be sent again.
inline constexpr std::string_view upload_script = R"js("use strict";
const form = document.querySelector("#upload"), list = document.querySelector("#sent");
const part = 8 * 1024 * 1024, tries = 6;
const reasons = {401: "a password is needed", 403: "not allowed", 409: "there is a file with that name already",
                 413: "too large", 507: "the disk is full"};
const send = (file, range, content, progress) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open("PUT", encodeURIComponent(file.name) + (range ? "?modified=" + file.lastModified : ""));
  if (range) request.setRequestHeader("Content-Range", `bytes ${range}/${file.size}`);
  request.upload.onprogress = event => progress(event.loaded);
  request.onload = () => resolve(request);
  request.onerror = () => reject(new Error("the connection was lost"));
  request.send(content);
});
const offset = request => request.getResponseHeader("Upload-Offset");
const sendParts = async (file, progress) => {
  let at = null, failed = 0;
  for (;;) {
    try {
      const end = Math.min(at + part, file.size);
      const answer = at === null ? await send(file, "*", null, () => {})
                                 : await send(file, `${at}-${end - 1}`, file.slice(at, end), sent => progress(at + sent));
      if (answer.status === 503) throw new Error("the server is busy");
      if (offset(answer) === null) return answer;
      at = Number(offset(answer));
      progress(at);
      failed = 0;
    } catch (error) {
      if (++failed === tries) throw error;
      await new Promise(resolve => setTimeout(resolve, 500 * 2 ** failed));
      at = null;
    }
  }
};
const upload = async file => {
  const item = document.createElement("li"), name = document.createElement("bdi");
  const bar = document.createElement("progress"), state = document.createElement("span");
  name.textContent = file.name;
  bar.max = Math.max(file.size, 1);
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  item.append(name, bar, state);
  list.append(item);
  const progress = sent => { bar.value = sent; state.textContent = `${Math.floor(100 * sent / bar.max)} %`; };
  let ended;
  try {
    const answer = file.size > part ? await sendParts(file, progress) : await send(file, null, file, progress);
    ended = answer.status === 201 || answer.status === 204 ? "" : reasons[answer.status] || `error ${answer.status}`;
  } catch (error) {
    ended = error.message;
  }
  state.textContent = ended || "sent";
  item.className = ended ? "failed" : "done";
  if (!ended) bar.value = bar.max;
  return !ended;
};
const uploadAll = async files => {
  let sent = 0, all = 0;
  for (const file of [...files]) { ++all; sent += await upload(file) ? 1 : 0; }
  if (all > 0 && sent === all) location.reload();
};
form.addEventListener("submit", event => { event.preventDefault(); uploadAll(form.elements.file.files); });
for (const kind of ["dragover", "dragleave", "drop"]) addEventListener(kind, event => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  document.body.classList.toggle("over", kind === "dragover");
  if (kind === "drop") uploadAll(event.dataTransfer.files);
});
)js";
inline constexpr std::string_view upload_script_hash = "sha256-qJbt/dXVHK3KohqaKvyhEaWPIze7c42GcmicLALS9t0=";

}  // namespace portico::files
