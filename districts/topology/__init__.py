"""Computing with strangers' polygons: what runs in the sandboxed child. Knows neither Django nor the database.

archives → reading → encodings → placing → attributes → shapes → tiling → repairs; `examination` is the whole way.
"""
