// The rows as they are seen, in the words of other tools. Each line runs as it is printed.
import { address, key } from "./api.js";
import { whole } from "./rows.js";

export function snippets({ base, it, given }) {
  const origin = new URL(".", location.href).href.replace(/\/$/, "");
  const at = (format) => `${origin}/${address(base + "/rows", whole(given, format))}`;
  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const python = JSON.stringify;
  const curlKey = key.get() ? "-H 'Authorization: Bearer YOUR_KEY' " : "";
  const options = key.get() ? `, storage_options={"Authorization": "Bearer YOUR_KEY"}` : "";
  const json = at("json").replace(/(limit=10000&)?format=json$/, "limit=100");
  const host = location.hostname;
  return [
    ["curl", `curl -g ${curlKey}${quote(json)}`],
    ["Python, pandas", `import pandas as pd\n\nframe = pd.read_csv(${python(at("csv"))}${options})\nprint(frame)`],
    ["Python, Polars", `import polars as pl\n\nframe = pl.read_csv(${python(at("csv"))}${options})\nprint(frame)`],
    ["Python, pyarrow over HTTP", `import urllib.request, pyarrow.ipc as ipc\n\nrequest = urllib.request.Request(${python(at("arrow"))}${key.get() ? `, headers={"Authorization": "Bearer YOUR_KEY"}` : ""})\ntable = ipc.open_stream(urllib.request.urlopen(request)).read_all()\nprint(table)`],
    ["Python, pyarrow Flight", `import pyarrow.flight as flight\n\nclient = flight.connect("grpc://${host}:8815")  # the Flight port of this server\ninfo = client.get_flight_info(flight.FlightDescriptor.for_path(${python(it.domain)}, ${python(it.product)}))\nprint(client.do_get(info.endpoints[0].ticket).read_all())`],
    ["Python, ADBC", `from adbc_driver_flightsql import dbapi  # pip install adbc-driver-flightsql pyarrow\n\nwith dbapi.connect("${location.protocol === "https:" ? "grpc+tls" : "grpc"}://${host}:8815"${key.get() ? `, db_kwargs={"adbc.flight.sql.authorization_header": "Bearer YOUR_KEY"}` : ""}) as connection:\n    with connection.cursor() as cursor:\n        cursor.execute('SELECT * FROM "${it.domain}"."${it.product}" LIMIT 100')\n        print(cursor.fetch_arrow_table())`],
    ["DuckDB", `INSTALL httpfs; LOAD httpfs;\nSELECT * FROM read_csv('${at("csv").replaceAll("'", "''")}');`],
    ["SQL", `SELECT * FROM "${it.domain}"."${it.product}" LIMIT 100`],
    ["JDBC", `jdbc:arrow-flight-sql://${host}:8815/?useEncryption=${location.protocol === "https:"}`],
    ["Live changes", `curl -N ${curlKey}-H 'Accept: text/event-stream' ${quote(`${origin}/${address(base + "/changes")}`)}`],
  ];
}
