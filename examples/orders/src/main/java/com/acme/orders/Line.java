package com.acme.orders;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import java.util.Set;

/** One article of an order. */
public record Line(
        @Pattern(regexp = "[A-Z]{2}-\\d{4}") String article, @Positive @Max(999) int count, Set<String> labels) {}
