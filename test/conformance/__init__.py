"""Conformance tables: how an HTTP/1.1 origin server must answer given octets, one case per row."""

from . import (chunked, conditionals, connection, encodings, fields, framing, host, limits, listings, methods, options,
               paths, ranges, representations, request_line)

ALL_CASES = [case
             for table in (request_line, host, fields, framing, chunked, connection, limits, methods, representations,
                           conditionals, ranges, encodings, listings, options, paths)
             for case in table.CASES]
