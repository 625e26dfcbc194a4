/**
 * What describes products: OpenAPI, AsyncAPI, the JSON Schema of rows, the catalogue, quality as JSON. It knows views and no
 * sockets: an output port serves what is made here. Imports rows 1 to 6.
 */
@NullMarked
package dev.millrace.documents;

import org.jspecify.annotations.NullMarked;
