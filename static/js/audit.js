/* A slider says where it stands while it is moved; without a script it does so once the page has come. */
"use strict";

document.addEventListener("input", (event) => {
  const { shownBy } = event.target.dataset;
  const output = shownBy && document.getElementById(shownBy);
  if (output) output.value = Number(event.target.value).toLocaleString(document.documentElement.lang);
});
