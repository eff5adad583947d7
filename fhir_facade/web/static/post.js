// Sends a form that leads to the log-in page of another site; without JavaScript the person presses Continue.
document.querySelector("form[data-send]").submit();
