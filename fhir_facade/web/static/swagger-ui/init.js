// Shows the OpenAPI document of this server; everything is loaded from here.
window.addEventListener("load", function () {
  window.ui = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: false,
    validatorUrl: null,
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
  // What the explorer leaves without a name or puts into one another is put right for those who do not see it.
  var tidy = function () {
    document.querySelectorAll("#servers").forEach(function (one) { one.setAttribute("aria-label", "Server"); });
    document.querySelectorAll(".opblock-summary-control .view-line-link, .opblock-summary-control [tabindex]").forEach(function (one) { one.removeAttribute("tabindex"); });
    document.querySelectorAll(".opblock-summary-control a").forEach(function (one) { one.removeAttribute("href"); one.removeAttribute("tabindex"); });
    document.querySelectorAll(".opblock-control-arrow").forEach(function (one) { one.setAttribute("aria-hidden", "true"); });
  };
  new MutationObserver(tidy).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
});
