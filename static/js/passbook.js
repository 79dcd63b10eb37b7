/* The little that only a script can do. Every page works without it. */
"use strict";

document.documentElement.classList.add("has-js");

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

/* A summary of errors takes the focus, as it does when a whole page opens. */
document.addEventListener("htmx:afterSettle", (event) => event.target.querySelector("#error-summary")?.focus());

/* Where a swap fails, the plain link or form goes its way, so that the person sees what is the matter. */
function goPlainly(event) {
  const { elt } = event.detail;
  if (elt.matches("a[href]")) location.assign(elt.href);
  else if (elt.matches("form")) HTMLFormElement.prototype.submit.call(elt);
}

document.addEventListener("htmx:sendError", goPlainly);
document.addEventListener("htmx:responseError", goPlainly);

/* What asks by itself whether something has changed waits while nobody looks. */
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-live]")) event.preventDefault();
});
