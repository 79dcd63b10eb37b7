// Swagger UI over this bank's own OpenAPI document.
"use strict";

const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  filter: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false, // a token stays in this page's memory and goes with it
  tryItOutEnabled: true,
  validatorUrl: null, // no badge from another host
  syntaxHighlight: { activated: true },
});
