package com.acme.orders;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How far an order is. */
public enum Status {
    @JsonProperty("placed")
    PLACED,
    @JsonProperty("shipped")
    SHIPPED
}
