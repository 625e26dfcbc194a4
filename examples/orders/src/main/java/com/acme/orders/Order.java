package com.acme.orders;

import com.fasterxml.jackson.annotation.JsonAlias;
import dev.millrace.contract.Mode;
import dev.millrace.contract.annotations.Classification;
import dev.millrace.contract.annotations.DataProduct;
import dev.millrace.contract.annotations.Description;
import dev.millrace.contract.annotations.Key;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Digits;
import jakarta.validation.constraints.Email;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An order as its customer placed it. */
@DataProduct(
        domain = "orders",
        name = "orders",
        topic = "orders.v1",
        version = "1.2.0",
        description = "Every order that was placed, as it stands now.",
        mode = Mode.UPSERT)
public record Order(
        @Key UUID orderId,
        @NotBlank @Size(max = 40) @JsonAlias("customer") String customerId,
        Instant placedAt,
        @Description("With taxes, in the order's currency.") @Digits(integer = 10, fraction = 2) @PositiveOrZero
                BigDecimal total,
        @Pattern(regexp = "[A-Z]{3}") String currency,
        Status status,
        @NotEmpty List<@Valid Line> lines,
        @Classification("restricted") @Nullable @Email String email) {}
