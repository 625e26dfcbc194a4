/**
 * HTTP output ports: routes, parameters, negotiation. Imports rows 1 to 8.
 */
@NullMarked
package dev.millrace.http;

import org.jspecify.annotations.NullMarked;
