"""Clients of Flight and Flight SQL at the demo: a line for each thing that is tried.

Usage: python interop/clients/sql.py FLIGHT_PORT; ends with 1 when something is not as it should be.
Needs: pip install adbc-driver-flightsql adbc-driver-manager pyarrow pandas polars duckdb
"""

import datetime
import decimal
import json
import sys
import threading
import time
import warnings

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.flight as flight

warnings.filterwarnings("ignore", message="Cannot disable autocommit")
PORT = sys.argv[1]
URL = f"grpc://localhost:{PORT}"
failed = False


def expect(client, what, expected, work):
    global failed
    try:
        got = work()
    except Exception as failure:  # each line stands for itself
        got = f"{type(failure).__name__}: {failure}"
    good = got == expected
    failed |= not good
    print(f"{client} | {what} | " + ("yes" if good else f"NO: {str(got)[:300]} for {expected}"), flush=True)


def fetch(cursor, sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetchall()


def refused(words, work):
    try:
        work()
    except Exception as failure:
        return words in str(failure)
    return False


def pyarrow_flight():
    client = flight.connect(URL)
    path = flight.FlightDescriptor.for_path("aviation", "flights", "select=origin,delay")
    info = client.get_flight_info(path)
    expect("pyarrow", "list", True, lambda: len(list(client.list_flights())) >= 3)
    expect("pyarrow", "schema", ["origin", "delay"], lambda: client.get_schema(path).schema.names)
    expect("pyarrow", "read", 200_000, lambda: client.do_get(info.endpoints[0].ticket).read_all().num_rows)
    command = {"product": "aviation.flights", "where": {"origin": "SFO"}, "sort": ["-delay"], "limit": 5}
    descriptor = flight.FlightDescriptor.for_command(json.dumps(command))
    expect("pyarrow", "query", 5, lambda: client.do_get(client.get_flight_info(descriptor).endpoints[0].ticket).read_all().num_rows)
    expect("DuckDB", "over a stream", [(200_000,)], lambda: over_stream(client.do_get(info.endpoints[0].ticket).to_reader()))
    expect("pandas", "from a flight", 200_000, lambda: len(client.do_get(info.endpoints[0].ticket).read_pandas()))
    expect("pyarrow", "error", True, lambda: refused("nothing", lambda: client.get_flight_info(flight.FlightDescriptor.for_path("aviation", "nothing"))))


def over_stream(stream):
    return duckdb.sql("SELECT count(*) FROM stream").fetchall()


def flight_sql():
    with adbc.connect(URL) as connection, connection.cursor() as cursor:
        expect("ADBC", "SELECT 1", [(1,)], lambda: fetch(cursor, "SELECT 1"))
        expect("ADBC", "catalogs", ["demo"], lambda: [each["catalog_name"] for each in connection.adbc_get_objects(depth="all").read_all().to_pylist()])
        expect("ADBC", "schema", 6, lambda: len(connection.adbc_get_table_schema("flights", db_schema_filter="aviation")))
        expect("ADBC", "info", "Millrace", lambda: connection.adbc_get_info()["vendor_name"])
        expect("ADBC", "read", 200_000, lambda: (cursor.execute("SELECT * FROM aviation.flights"), cursor.fetch_arrow_table().num_rows)[1])
        expect("ADBC", "join", 1, lambda: len(fetch(cursor, "SELECT a.city, count(*) FROM aviation.flights f JOIN aviation.airports a ON a.iata = f.origin GROUP BY 1 ORDER BY 2 DESC LIMIT 1")))
        expect("ADBC", "parameters ?", [("SFO",)], lambda: fetch(cursor, "SELECT DISTINCT origin FROM aviation.flights WHERE delay >= ? AND origin = ?", (60, "SFO")))
        expect("ADBC", "parameters $1", [("SFO", 60)], lambda: fetch(cursor, "SELECT $2::VARCHAR, $1::INT", (60, "SFO")))
        row = (datetime.date(1581, 2, 3), datetime.datetime(2001, 2, 3, 4, 5, 6, 7), decimal.Decimal("1.25"), True, b"\x00\xff'", 0.5, None)
        expect("ADBC", "parameters of each type", [row], lambda: fetch(cursor, "SELECT ?::DATE, ?::TIMESTAMP, ?::DECIMAL(10,2), ?::BOOLEAN, ?::BLOB, ?::DOUBLE, ?::VARCHAR", row))
        expect("ADBC", "prepare", 2, lambda: len(cursor.adbc_prepare("SELECT * FROM aviation.flights WHERE delay > ? AND origin = ?")))
        expect("ADBC", "schema of a query", ["origin"], lambda: cursor.adbc_execute_schema("SELECT origin FROM aviation.flights").names)
        airport = pa.table({"iata": ["QQQ"], "name": ["n"], "city": ["c"], "state": ["CA"], "country": ["USA"], "latitude": [1.5], "longitude": [2.5]})
        expect("ADBC", "ingest", 1, lambda: cursor.adbc_ingest("airports", airport, mode="append", db_schema_name="aviation"))
        expect("ADBC", "ingest of a new table is refused", True, lambda: refused("made by its contract", lambda: cursor.adbc_ingest("nothing", airport, mode="create")))
        expect("ADBC", "DELETE is refused", True, lambda: refused("SELECT", lambda: fetch(cursor, "DELETE FROM aviation.flights")))
        expect("ADBC", "error names the column", True, lambda: refused("nothing", lambda: fetch(cursor, "SELECT nothing FROM aviation.flights")))
        expect("ADBC", "cancel", True, lambda: cancelled(cursor))
        expect("ADBC", "after it", [(2,)], lambda: fetch(connection.cursor(), "SELECT 2"))
        expect("pandas", "read_sql", ["origin", "mean"], lambda: list(pandas.read_sql("SELECT origin, avg(delay) AS mean FROM aviation.flights GROUP BY origin", connection).columns))
        expect("Polars", "read_database", 200_000, lambda: polars.read_database("SELECT count(*) AS n FROM aviation.flights", connection)["n"][0])
        expect("DuckDB", "over a result", [(200_000,)], lambda: over_stream((cursor.execute("SELECT * FROM aviation.flights"), cursor.fetch_record_batch())[1]))


def cancelled(cursor):
    threading.Thread(target=lambda: (time.sleep(2), cursor.adbc_cancel())).start()
    began = time.monotonic()
    stopped = refused("ancel", lambda: fetch(cursor, "SELECT count(*) FROM range(100000000) a, range(100000) b"))
    return stopped and time.monotonic() - began < 25


pyarrow_flight()
flight_sql()
sys.exit(1 if failed else 0)
