/** The orders domain's own code: what it publishes is what {@link com.acme.orders.Order} says. */
@NullMarked
package com.acme.orders;

import org.jspecify.annotations.NullMarked;
