// Swagger UI of our own contract; nothing is validated elsewhere.
addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", validatorUrl: null, docExpansion: "list", deepLinking: true });
});
