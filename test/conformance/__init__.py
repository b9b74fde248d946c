"""Conformance tables: what an HTTP/1.1 origin server must answer to which octets, one case a row."""
