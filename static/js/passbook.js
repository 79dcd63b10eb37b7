/* The little that only a script can do. Every page works without it. */
"use strict";

document.documentElement.classList.add("has-js");

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
