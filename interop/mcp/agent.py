"""The reference client of the Model Context Protocol (PyPI: mcp) at a running demo: runs every tool, in the revision of
2026-07-28 and with the earlier handshake, and plays an agent's task from nothing, with DuckDB on the source as its judge.

usage: python agent.py BASE FOLDER_OF_THE_DEMO'S_DATA; exit code 1 names what was not as it should be.
"""

import asyncio
import json
import sys
from datetime import datetime, timezone

import duckdb
from mcp import Client

BASE, DATA = sys.argv[1].rstrip("/"), sys.argv[2]
MAX_BYTES = 34 << 10
failures = []


def check(what, holds, *shown):
    print(("ok    " if holds else "FAILED ") + what, *shown)
    if not holds:
        failures.append(what)


async def ask(client, tool, fails=False, **arguments):
    result = await client.call_tool(tool, arguments)
    text = result.content[0].text
    check(f"{tool} answers {'what was wrong' if fails else 'within its bound'}", result.is_error == fails and len(text.encode()) <= MAX_BYTES, text[:90] if fails else "")
    return text if fails else json.loads(text)


def truth(statement):
    return duckdb.sql(statement.replace("FLIGHTS", f"read_parquet('{DATA}/flights-200k.parquet')")).fetchall()


async def task(client):
    """'Which origin was worst, and how fresh is that?', knowing nothing but the tools."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    check("every tool says that it reads only", all(tool.annotations.read_only_hint for tool in tools.values()), ", ".join(tools))
    found = (await ask(client, "list_products", q="delay origin"))["data"]
    name = found[0]["domain"] + "." + found[0]["product"]
    about = await ask(client, "describe_product", product=name)
    late = next(each["name"] for each in about["columns"] if "delay in minutes" in each.get("description", ""))
    at = next(each["name"] for each in about["columns"] if "airport of departure" in each.get("description", ""))
    worst = await ask(client, "group_rows", product=name, group=[at], agg=[f"avg({late})", "count"], sort=[f"-avg({late})"], limit=3)
    wanted = truth("SELECT origin, avg(delay), count(*) FROM FLIGHTS GROUP BY origin ORDER BY 2 DESC LIMIT 3")
    answered = [(row[at], row[f"avg({late})"], row["count"]) for row in worst["data"]]
    check("the worst origins are DuckDB's", [(a, round(b, 9), c) for a, b, c in answered] == [(a, round(b, 9), c) for a, b, c in wanted], answered[0])
    age = datetime.now(timezone.utc) - datetime.fromisoformat(about["freshness"]["newestRecord"])
    check("how fresh it is, is said", 0 <= age.total_seconds() < 86400 and worst["position"].count(":") == 1, f"{age.total_seconds():.0f} s")
    return name, at, late, answered[0][0]


async def everything(client, name, at, late, worst):
    rows, cursor = [], None
    for _ in range(20):
        page = await ask(client, "read_rows", product=name, select=["date", late, "destination"], where={at: worst, f"{late}[gte]": 0}, limit=4, **({"cursor": cursor} if cursor else {}))
        rows += page["data"]
        cursor = page["next"]
        if not cursor:
            break
    wanted = truth(f"SELECT count(*), sum(delay) FROM FLIGHTS WHERE origin = '{worst}' AND delay >= 0")[0]
    check("pages by cursor are all rows", (len(rows), sum(row[late] for row in rows)) == wanted, len(rows))
    large = await ask(client, "read_rows", product=name, limit=1000)
    check("a page that would be too large is a smaller one, and goes on", 0 < len(large["data"]) < 1000 and large["next"], len(large["data"]))
    sql = await ask(client, "run_sql", sql=f"SELECT a.name, avg(f.{late}) AS mean FROM {name} f JOIN aviation.airports a ON a.iata = f.{at} WHERE f.{at} = $1 GROUP BY 1", parameters=[worst])
    check("SQL joins products", len(sql["data"]) == 1 and "aviation.airports=" in sql["position"], sql["data"])
    whole = await ask(client, "run_sql", sql=f"SELECT * FROM {name}")
    check("an answer of SQL that is too large says so", whole["more"] and "OFFSET" in whole["note"], len(whole["data"]))
    since, changes, more = "beginning", 0, True
    while more and changes < 1000:
        page = await ask(client, "get_changes", product="seismology.earthquakes", **{"from": since}, select=["id"])
        since, more, changes = page["next"], page["more"], changes + len(page["changes"])
    check("changes go on where they ended", changes >= 1000, changes)
    check("now, nothing has changed since", (await ask(client, "get_changes", product=name, **{"from": "now"}))["changes"] == [])
    await ask(client, "get_quality", product=name)
    contracts = (await client.list_resources()).resources
    text = (await client.read_resource(next(each.uri for each in contracts if each.name == name))).contents[0].text
    check("contracts are resources", "apiVersion" in text and len(contracts) == 3, len(text))
    check("and have a template", len((await client.list_resource_templates()).resource_templates) == 1)
    await ask(client, "describe_product", fails=True, product="../../secret")
    await ask(client, "describe_product", fails=True, product="aviation.no\u202esuch<script>")
    await ask(client, "read_rows", fails=True, product=name, where={"nothing": 1})
    await ask(client, "read_rows", fails=True, product=name, colour="red")
    await ask(client, "run_sql", fails=True, sql="DROP TABLE aviation.flights")
    await ask(client, "run_sql", fails=True, sql="SELECT * FROM read_csv('/etc/passwd')")


async def main():
    for mode in ("2026-07-28", "auto", "legacy"):
        print("mode", mode)
        async with Client(BASE + "/mcp", mode=mode) as client:
            found = await task(client)
            if mode != "auto":
                await everything(client, *found)


asyncio.run(main())
if failures:
    print(f"{len(failures)} failed: " + "; ".join(failures))
    sys.exit(1)
