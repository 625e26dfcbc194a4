#!/usr/bin/env python3
"""Reads a data product of a Millrace server over Arrow Flight with pyarrow.

    flight_read.py grpc://localhost:8815                                    lists the products
    flight_read.py grpc://localhost:8815 aviation.flights                   shows its schema and first rows
    flight_read.py grpc://localhost:8815 aviation.flights --select a,b      only these columns
    flight_read.py grpc://localhost:8815 aviation.flights --as-of POSITION  as it was then
    flight_read.py grpc://localhost:8815 aviation.flights --json            the whole table as lines of JSON
"""

import argparse
import json
import sys

import pyarrow
import pyarrow.flight as flight


def read(client, product, options):
    """The product as a pyarrow.Table: one GetFlightInfo, then one DoGet per endpoint (there is one)."""
    info = client.get_flight_info(flight.FlightDescriptor.for_path(product, *options))
    if len(info.endpoints) != 1:
        raise ValueError(f"{len(info.endpoints)} endpoints, expected 1")
    table = client.do_get(info.endpoints[0].ticket).read_all()
    table.validate(full=True)
    return info, table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="for example grpc://localhost:8815")
    parser.add_argument("product", nargs="?", help="domain.product")
    parser.add_argument("--select", help="columns, with commas between")
    parser.add_argument("--as-of", help="a position, as millrace.position in a schema")
    parser.add_argument("--json", action="store_true", help="a first line about the table, then a line per row")
    arguments = parser.parse_args()

    with flight.connect(arguments.server) as client:
        if arguments.product is None:
            for info in client.list_flights():
                print(".".join(part.decode() for part in info.descriptor.path), info.total_records)
            return
        options = []
        if arguments.select:
            options.append("select=" + arguments.select)
        if arguments.as_of:
            options.append("as_of=" + arguments.as_of)
        try:
            info, table = read(client, arguments.product, options)
        except (flight.FlightError, pyarrow.ArrowException) as fault:
            sys.exit(f"{type(fault).__name__}: {fault}")
        metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
        if arguments.json:
            print(json.dumps({"rows": table.num_rows, "estimated": info.total_records, **metadata}))
            for row in table.to_pylist():
                print(json.dumps(row, default=str))
        else:
            print(table.schema.to_string(show_schema_metadata=True))
            print(table.slice(0, 5).to_pylist())
            print(table.num_rows, "rows at", metadata["millrace.position"])


if __name__ == "__main__":
    main()
