"""Computing with strangers' polygons: what runs in the sandboxed child. Knows neither Django nor the database.

archives → reading → placing → fields, attributes → shapes → neighbours → repairs; `examination` is the whole way.
"""
