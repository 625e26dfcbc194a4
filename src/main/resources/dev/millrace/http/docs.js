// Shows the server's document, and that of each product of the catalogue. Nothing is loaded from elsewhere.
const show = (products) =>
  SwaggerUIBundle({
    dom_id: "#docs",
    urls: [
      { name: "all products", url: "/openapi.yaml" },
      ...products.map((each) => ({ name: `${each.domain}.${each.product}`, url: `${each.url}/openapi.yaml` })),
    ],
    deepLinking: true,
    docExpansion: "list",
    layout: "StandaloneLayout",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    queryConfigEnabled: true,
    validatorUrl: null,
  });

fetch("/v1/products")
  .then((answer) => (answer.ok ? answer.json() : { data: [] }))
  .then((catalogue) => show(catalogue.data), () => show([]));
