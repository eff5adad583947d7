// Whoever presses twice logs in once: a second sending would be told that the log-in was used already.
const forms = document.querySelectorAll("form");
forms.forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
});
addEventListener("pageshow", () => forms.forEach((form) => delete form.dataset.sent));
