"""Search in everything public, the same on SQLite and PostgreSQL.

Domains describe their objects as `index.Document`s and declare their kinds with `kinds.register`;
pages ask `query.find`. The database keeps an inverted index in plain tables and selects candidates;
`ranking` orders them in Python, so both databases give the same answer in the same order.
"""
