// Before anything is painted: an embedded page never shows the parts that it does without.
if (new URLSearchParams(location.search).get("embed") === "1") document.documentElement.dataset.embed = "";
